"""Parse the command, measure everything, write the page."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from icas_core.bench.rows import Row
from icas_core.errors import IcasError
from icas_core.tables import written_atomically

_PHOTOS = Path(__file__).parents[2] / "tests" / "data" / "photos"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    given = _parser().parse_args(arguments)
    try:
        if given.task:
            from icas_core.bench.children import run

            print(json.dumps(run(given.task, given.pictures, quick=given.quick)))
        else:
            _measure(given)
    except IcasError as error:
        print(f"icas: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m icas_core.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the same rows from fewer measurements")
    parser.add_argument("--pictures", type=Path, default=_PHOTOS, help="a folder of photographs")
    parser.add_argument("--end-to-end", type=Path, metavar="FOLDER", help="also whole runs over these pictures")
    parser.add_argument("--environments", type=Path, help="keep the other tools' environments here, for a next time")
    parser.add_argument("--json", type=Path, default=Path("docs/benchmarks.json"))
    parser.add_argument("--page", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--task", help=argparse.SUPPRESS)
    return parser


def _measure(given: argparse.Namespace) -> None:
    from icas_core.bench.children import in_child
    from icas_core.bench.machine import description
    from icas_core.bench.page import page_of
    from icas_core.bench.plot import plot_growth

    machine = description()
    rows = _rows(given)
    _say("growth")
    points = in_child("growth", given.pictures, quick=given.quick)
    rates = {row.name.split()[0].lower(): row.theirs for row in rows if row.section == "kernels" and row.theirs}
    rates["ssim"] = next(row.theirs for row in rows if row.name.startswith("SSIM 24") and row.theirs)
    images = given.page.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    plot_growth(points, {name: rate for name, rate in rates.items() if rate}, images / "growth.png")
    notes = Path(__file__).with_name("notes.md").read_text(encoding="utf-8")
    _write(given.page, page_of(rows, points, machine, notes, quick=given.quick))
    run = "quick" if given.quick else "full"
    content = [{**row.content(), "run": run, "machine": machine} for row in rows]
    _write(given.json, json.dumps(content, indent=1) + "\n")


def _rows(given: argparse.Namespace) -> list[Row]:
    from icas_core.bench.children import group_rows, rows_in_child
    from icas_core.bench.figures import GROUPS

    rows: list[Row] = []
    for key, group in GROUPS.items():
        _say(group.title)
        rows += group_rows(key, given.pictures, quick=given.quick)
    for task in ("threads", "extraction", *(f"errors:{key}" for key in GROUPS)):
        _say(task)
        rows += rows_in_child(task, given.pictures, quick=given.quick)
    if given.end_to_end:
        from icas_core.bench.end_to_end import whole_runs

        _say("end to end")
        rows += whole_runs(given.end_to_end, given.environments)
    return rows


def _say(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_atomically(path, "w", encoding="utf-8") as file:
        file.write(text)
