"""What the command line of icas_core.segmentation.evaluate takes and prints."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from icas_core.commands import Parser, number_or_text, run, write_json
from icas_core.errors import IcasError
from icas_core.segmentation.evaluate.benchmark import (
    measure_people,
    measure_picture,
    summary,
    summary_of_people,
)
from icas_core.segmentation.evaluate.groundtruth import Marked, read_index
from icas_core.segmentation.registry import SEGMENTERS, segmenter_of
from icas_core.segmentation.segmenting import scale_of

PEOPLE = "human"
_Result = TypeVar("_Result")
# The columns that are printed: their heading, the value, how it is shown.
_COLUMNS = (
    ("F", "f", ".3f"),
    ("ODS", "ods_f", ".3f"),
    ("OIS", "ois_f", ".3f"),
    ("cover", "covering", ".3f"),
    ("ODS", "ods_covering", ".3f"),
    ("VI", "variation_of_information", ".2f"),
    ("UE Ach.", "undersegmentation_achanta", ".3f"),
    ("UE corr.", "undersegmentation_corrected", ".3f"),
    ("rec 2px", "recall_2px", ".3f"),
    ("rec tol.", "recall_tolerance", ".3f"),
    ("segments", "segments", ".0f"),
    ("CPU-s", "seconds", ".3f"),
)


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0, or 2 after one line that tells what was wrong."""
    return run("evaluate", _command, arguments)


def _command(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    methods = _methods(given.method, given.parameter)
    pictures = read_index(given.folder, "npz")
    print(f"{given.folder}: {len(pictures)} pictures\n{'':<16}" + "".join(f"{head:>9}" for head, _, _ in _COLUMNS))
    rows: list[dict[str, Any]] = []
    rejected: dict[str, str] = {}
    for row, measured in _measured(methods, given.reduce or ["default"], pictures, rejected):
        rows.append({**row, **measured})
        print(_line(rows[-1]), flush=True)
    for name, reason in rejected.items():
        print(f"rejected: {name}: {reason}")
    if given.json:
        content = {"folder": str(given.folder), "pictures": len(pictures), "rejected": rejected, "rows": rows}
        write_json(given.json, content)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m icas_core.segmentation.evaluate",
        description="Measure segmenters against segmentations that people drew.",
    )
    parser.add_argument("folder", type=Path, help="pictures, npz files, and an index.csv with the columns image, npz")
    parser.add_argument(
        "--method", action="append", default=[], help=f"a segmenter, or {PEOPLE}; may be repeated; default: all"
    )
    parser.add_argument("--parameter", action="append", default=[], help="name=value, or method.name=value")
    parser.add_argument(
        "--reduce",
        action="append",
        type=number_or_text,
        default=[],
        help="default, or a scale up to 1; may be repeated",
    )
    parser.add_argument("--json", help="write the numbers to this file")
    return parser


def _methods(names: Sequence[str], parameters: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The methods that were asked for, each with its own parameters."""
    names = [name.lower() for name in names] or [PEOPLE, *SEGMENTERS]
    given: dict[str, dict[str, Any]] = {name: {} for name in names}
    for text in parameters:
        key, equals, value = text.partition("=")
        name, _, parameter = key.rpartition(".")
        name = name or (names[0] if len(names) == 1 else "")
        if not equals or name not in given:
            raise IcasError(f"parameter: found {text!r}; accepted: name=value, with several methods method.name=value")
        given[name][parameter] = number_or_text(value)
    for name in names:
        if name != PEOPLE:
            given[name] = segmenter_of(name).settled(given[name])
    return given


def _measured(
    methods: dict[str, dict[str, Any]],
    reduces: Sequence[float | str],
    pictures: Sequence[Marked],
    rejected: dict[str, str],
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for name, parameters in methods.items():
        if name == PEOPLE:
            people = _of_each(measure_people, pictures, rejected)
            yield {"method": name}, summary_of_people([one for one in people if one])
            continue
        segmenter = segmenter_of(name)
        for reduce in reduces:
            scale_of((1, 1), segmenter, reduce)  # a scale that is none is told before any picture is read
            of = partial(measure_picture, segmenter=segmenter, parameters=parameters, reduce=reduce)
            row = {"method": name, "parameters": parameters, "reduce": reduce}
            yield row, summary(_of_each(of, pictures, rejected))


def _of_each(of: Callable[[Marked], _Result], pictures: Sequence[Marked], rejected: dict[str, str]) -> list[_Result]:
    """What `of` gives for each picture; those that cannot be read are named in `rejected`."""
    found = []
    for marked in pictures:
        try:
            found.append(of(marked))
        except IcasError as error:
            rejected[marked.name] = str(error)
    if not found:
        raise IcasError(f"no picture could be measured: {next(iter(rejected.values()))}")
    return found


def _line(row: dict[str, Any]) -> str:
    name = row["method"] + (f" at {row['reduce']:g}" if isinstance(row.get("reduce"), int | float) else "")
    cells = (format(row[key], shown) if key in row else "" for _, key, shown in _COLUMNS)
    return f"{name:<16}" + "".join(f"{cell:>9}" for cell in cells)
