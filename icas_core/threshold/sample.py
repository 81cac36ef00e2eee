"""Which pictures the curve is drawn from: the same ones every time."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path

from icas_core.errors import IcasError
from icas_core.tables import written_atomically

RUN = 8  # neighbours in path order that are taken together: near copies are often neighbours
_SEED = 20_260


def sampled(paths: Sequence[str], count: int, kept: Sequence[str] = ()) -> list[int]:
    """Places in `paths` (sorted) of `count` pictures, ascending, in runs of neighbours drawn from all over.

    kept: a list of before. It stays while it has the right number of pictures and all of them are there, so that the
    same pictures are shown although others came.
    """
    count = min(count, len(paths))
    place = {path: number for number, path in enumerate(paths)}
    if len(set(kept)) == count and all(path in place for path in kept):
        return sorted(place[path] for path in kept)
    starts = range(0, len(paths), RUN)
    drawn = random.Random(_SEED).sample(starts, len(starts))  # noqa: S311 (no secret)
    chosen = [number for start in drawn for number in range(start, min(start + RUN, len(paths)))]
    return sorted(chosen[:count])


def read_sample(file: Path) -> list[str]:
    """The paths of a list that `write_sample` wrote; [] where there is none. IcasError where it is no such list."""
    try:
        with open(file, encoding="utf-8", newline="") as lines:
            return [row["path"] for row in csv.DictReader(lines)]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise IcasError(f"{file}: not a list of paths ({type(error).__name__}); delete it and run again") from error


def write_sample(paths: Sequence[str], file: Path) -> None:
    """Keep the list of pictures for people and for the next time."""
    with written_atomically(file, "w", encoding="utf-8", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(["path"])
        rows.writerows([path] for path in paths)
