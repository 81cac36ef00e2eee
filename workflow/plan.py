"""What the main process works out before any job: the batches, the blocks, what must be placed again, what to prune."""

from __future__ import annotations

import fcntl
import json
import os
import random
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import combinations_with_replacement
from pathlib import Path
from typing import IO

from icas_core.batches import Others, Plan, batch_name, plan_batches, read_ledger, scan
from icas_core.clustering.placing import placement_file
from icas_core.competition.scores_table import read_scores
from icas_core.competition.selection import refusals
from icas_core.errors import IcasError
from icas_core.segmentation.presegmenting import MAPS, stale_maps
from workflow.settings import Settings

# The folders that hold a file or folder for each batch or pair of blocks, and what of its name says which.
_OF_BATCHES = (
    *("split", "extract/*", "compare/*", "cluster", "place_batch", "batches", "represent", "compare_across/*"),
    "presegment/*",
    *("numbers", "logs/*", "benchmarks/*"),
)
_BATCH_OR_PAIR = re.compile(r"(?<![^.])(?:(\d{4,})|(\d\d)_(\d\d)_of_([1-9]\d*))(?![^.])")
# Snakemake holds times as floats.
_TELLABLE_NS = 2_000
# The temporary names of `written_atomically`, which a killed job leaves, in the folders where jobs write tables.
_HALF_WRITTEN = re.compile(r"\..+\.(parquet|arrow|csv|json|html)\.[a-z0-9_]{8}")
_OF_TABLES = ("split", "extract/*", "compare/*", "cluster", "place_batch", "represent", "compare_across/*")
_OF_TABLES += ("numbers", "merge", "place", "presegment/*")


def plan_run(settings: Settings, others: Others) -> Plan:
    """Scan the picture folder against the ledger; nothing is written. others: is told what `scan` tells it."""
    found = scan(settings.images, leave_out=[settings.output, settings.annotations], others=others)
    if not found:
        told = f" among {line}" if (line := endings(others)) else ""
        raise IcasError(
            f"config key 'images': {settings.images}: found no picture{told}; accepted: a folder of pictures"
        )
    folder = str(settings.images.resolve())
    ledger = read_ledger(settings.output / "ledger.parquet")
    return plan_batches(found, ledger, folder=folder, batch_size=settings.config["batch_size"])


def endings(others: Others, named: int = 5) -> str:
    """Files by their endings, each with an example, in words; '' for none."""
    kinds = others.counts.most_common(named)
    told = [f"{of:,} {ending or 'without one'} ({others.first[ending]!r})" for ending, of in kinds]
    if rest := others.counts.total() - sum(of for _, of in kinds):
        told.append(f"{rest:,} more")
    return f"{others.counts.total():,} files of other endings: {', '.join(told)}" if told else ""


def blocks_of(batches: Iterable[str], of_blocks: int) -> dict[str, list[str]]:
    """The batches of each block, a batch's block being its number modulo `of_blocks`.

    So blocks never shift when batches come and go.
    """
    blocks: dict[str, list[str]] = {}
    for batch in batches:
        blocks.setdefault(f"{int(batch) % of_blocks:02d}", []).append(batch)
    return dict(sorted(blocks.items()))


def block_pairs(batches: Iterable[str], of_blocks: int) -> list[tuple[str, str]]:
    """The pairs of blocks that have pairs of different batches to compare."""
    blocks = blocks_of(batches, of_blocks)
    return [(i, j) for i, j in combinations_with_replacement(blocks, 2) if i != j or len(blocks[i]) > 1]


def placement(receipt: Path, folder: Path) -> str:
    """A word that stays while `folder` is where it was placed, and changes when it was deleted.

    It is a parameter of the rule and kept by its job beside the receipt, so that a deleted result folder is placed
    again once, without the folder being an output that Snakemake would delete before the job can look at it. The job's
    own process, for which Snakemake has deleted the receipt, must find the same word.
    """
    kept = placement_file(receipt)
    try:
        return kept.read_text(encoding="utf-8") if folder.is_dir() else f"again after {kept.stat().st_mtime_ns}"
    except FileNotFoundError:
        return "first"


def stale_files(output: Path, batches: Iterable[str]) -> list[Path]:
    """Files and folders of batches that are gone, and of pairs of blocks that have nothing to compare any more.

    What other methods left, which join the batches to more or fewer blocks, stays for when they are used again.
    """
    names = set(batches)

    @cache
    def pairs(of_blocks: str) -> set[tuple[str, str]]:
        return set(block_pairs(sorted(names), int(of_blocks)))

    def is_stale(path: Path) -> bool:
        if not (found := _BATCH_OR_PAIR.search(path.name)):
            return False
        batch, i, j, of_blocks = found.groups()
        return batch not in names if batch else (i, j) not in pairs(of_blocks)

    folders = (folder for stage in _OF_BATCHES for folder in output.glob(stage) if folder.is_dir())
    return sorted(path for folder in folders for path in folder.iterdir() if is_stale(path))


def half_written(output: Path) -> list[Path]:
    """Files that a killed job had not finished; only for when no job is running."""
    folders = [output, *(folder for stage in _OF_TABLES for folder in output.glob(stage))]
    return [path for folder in folders for path in folder.glob(".*") if _HALF_WRITTEN.fullmatch(path.name)]


def prune(output: Path, batches: Iterable[str]) -> list[Path]:
    """Remove what `stale_files` and `half_written` find; returns it."""
    stale = stale_files(output, batches) + half_written(output)
    for path in stale:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return stale


def prune_maps(output: Path, plan: Plan) -> None:
    """Remove the label maps, of every method, of pictures that are gone, and what a killed job had not finished."""
    paths = {picture.path for batch in plan.batches.values() for picture in batch}
    for folder in output.glob(f"presegment/*/{MAPS}"):
        for path in stale_maps(folder, paths):
            path.unlink()


def date_back(output: Path) -> int:
    """Date the files that jobs wrote in the future, before a clock was set back, to now; returns how many there were.

    Snakemake fails a job whose output is older than its input. The files stay in the order in which they were written.
    """
    now = time.time_ns()
    folders = [output, *(folder for stage in (*_OF_TABLES, "train") for folder in output.glob(stage))]
    times = {path: path.stat().st_mtime_ns for folder in folders for path in folder.glob("*") if path.is_file()}
    late = sorted((path for path, at in times.items() if at > now), key=times.__getitem__)
    for place, path in enumerate(late, start=1 - len(late)):
        at = now + place * _TELLABLE_NS
        os.utime(path, ns=(at, at))
    return len(late)


def remarks(output: Path) -> list[str]:
    """What a person should know of the placing beside its result, in lines."""
    receipt = output / "place/receipt.json"
    if not receipt.exists():
        return []
    placed = json.loads(receipt.read_text(encoding="utf-8"))
    lines = []
    if count := placed["copied_instead_of_linked"]:
        lines.append(f"{count} pictures were copied: hard links to them cannot be made in {output}")
    if vanished := placed["vanished"]:
        lines.append(f"{len(vanished)} pictures vanished before they were placed, e.g. {vanished[0]!r}; run again")
    return lines


def unclustered(output: Path) -> str:
    """A line where none of the competing clustering models made clusters that can be used; '' otherwise."""
    table = output / "model_scores.csv"
    if not table.exists():
        return ""
    rows = read_scores(table)
    if any(row["chosen"] == "1" for row in rows):
        return ""
    refused = refusals(row["refused"] for row in rows)
    return f"no clustering model made acceptable clusters ({refused}); see {table}"


def sample_of(plan: Plan, runs: int = 48, length: int = 8, seed: int = 20_260) -> list[str]:
    """Paths of neighbours in path order, in `runs` runs from all over the folder, in random order.

    What is measured on a part of them is then measured on pictures from all over the folder too.
    """
    paths = [picture.path for batch in plan.batches.values() for picture in batch]
    starts = range(0, max(1, len(paths) - length + 1), length)
    chosen = random.Random(seed).sample(starts, min(runs, len(starts)))  # noqa: S311 (no secret)
    return [path for start in chosen for path in paths[start : start + length]]


@contextmanager
def writing(output: Path) -> Iterator[None]:
    """Tell in one line what the disk refuses meanwhile."""
    try:
        yield
    except OSError as error:
        raise IcasError(f"output: {output}: {error.strerror}; make room or allow access, then run again") from None


def hold(output: Path) -> IO[str]:
    """Hold the output folder for this run; IcasError while another run has it.

    The kernel lets go when the process ends, however it ends, so that a killed run leaves no lock behind.
    """
    output.mkdir(parents=True, exist_ok=True)
    file = open(output / ".lock", "a", encoding="utf-8")  # noqa: SIM115 (open for as long as the run lasts)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise IcasError(f"output: {output} is in use by another run; wait for it, or choose another output") from None
    except OSError:
        # Some network file systems have no locks: then the run goes on without one.
        pass
    return file


def names(plan: Plan) -> list[str]:
    """The names of a plan's batches."""
    return [batch_name(number) for number in plan.batches]


def make_importable(root: Path) -> None:
    """Let the jobs' scripts, which are processes of their own, import icas_core from `root`."""
    paths = [str(root), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))


def ledger_time(output: Path) -> int | None:
    """When the ledger was last written, in ns; None where there is none."""
    try:
        return os.stat(output / "ledger.parquet").st_mtime_ns
    except FileNotFoundError:
        return None
