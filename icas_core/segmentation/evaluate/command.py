"""What the command line of icas_core.segmentation.evaluate takes and prints."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from icas_core.commands import Parser, number_or_text, run, typed_parameters, write_json
from icas_core.errors import IcasError
from icas_core.segmentation.evaluate.benchmark import (
    LEVELS,
    measure_people,
    measure_picture,
    summary,
    summary_of_people,
)
from icas_core.segmentation.evaluate.groundtruth import Marked, read_index
from icas_core.segmentation.evaluate.prompting import PROMPTED, measure_prompts, summary_of_prompts
from icas_core.segmentation.reducing import scale_of
from icas_core.segmentation.registry import SEGMENTERS, segmenter_of

PEOPLE = "human"
# What stands in place of numbers where there are no weights to measure.
_NO_CHECKPOINT = {"note": "no checkpoint"}
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
_PROMPT_COLUMNS = (
    ("IoU box", "iou_box", ".3f"),
    ("+1", "iou_1", ".3f"),
    ("+2", "iou_2", ".3f"),
    ("to 85%", "clicks_85", ".1f"),
    ("missed", "unreached_85", "d"),
    ("to 90%", "clicks_90", ".1f"),
    ("missed", "unreached_90", "d"),
    ("CPU-s", "seconds_box", ".3f"),
    ("each +", "seconds_correction", ".3f"),
    ("handing", "seconds_whole", ".3f"),
)


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0, or 2 after one line that tells what was wrong."""
    return run("evaluate", _command, arguments)


def _command(arguments: Sequence[str]) -> int:
    given = _parser().parse_args(arguments)
    methods = _methods(given.method, given.parameter, given.prompts)
    pictures = read_index(given.folder, "mask" if given.prompts else "npz")
    columns = _PROMPT_COLUMNS if given.prompts else _COLUMNS
    print(f"{given.folder}: {len(pictures)} pictures\n{'':<16}" + "".join(f"{head:>9}" for head, _, _ in columns))
    rows: list[dict[str, Any]] = []
    rejected: dict[str, str] = {}
    if given.levels < 0:
        raise IcasError(f"levels: found {given.levels}; accepted: a whole number from 0")
    levels = range(-given.levels, given.levels + 1)
    measured = _prompted if given.prompts else partial(_measured, levels=levels)
    for row, values in measured(methods, given.reduce or ["default"], pictures, rejected):
        rows.append({**row, **values})
        print(_line(rows[-1], columns), flush=True)
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
        "--prompts", action="store_true", help="grabcut and sam by prompts; the index's columns are image, mask"
    )
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
    parser.add_argument(
        "--levels", type=int, default=max(LEVELS), help="how many coarser and finer levels to try for ODS and OIS"
    )
    parser.add_argument("--json", help="write the numbers to this file")
    return parser


def _methods(names: Sequence[str], parameters: Sequence[str], prompts: bool) -> dict[str, dict[str, Any]]:
    """The methods that were asked for, each with its own parameters."""
    able = list(PROMPTED) if prompts else [PEOPLE, *(name for name, one in SEGMENTERS.items() if not one.prompted)]
    names = [name.lower() for name in names] or able
    odd = next((name for name in names if name not in able), None)
    if odd is not None:
        raise IcasError(f"method: found {odd!r}; accepted: {', '.join(able)}")
    given = typed_parameters(parameters, names, names[0] if len(names) == 1 else "")
    for name in names:
        if name != PEOPLE:
            given[name] = segmenter_of(name).settled(given[name])
    return given


def _measured(
    methods: dict[str, dict[str, Any]],
    reduces: Sequence[float | str],
    pictures: Sequence[Marked],
    rejected: dict[str, str],
    levels: Sequence[int],
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for name, parameters in methods.items():
        if name == PEOPLE:
            people = _of_each(measure_people, pictures, rejected)
            yield {"method": name}, summary_of_people([one for one in people if one])
            continue
        segmenter = segmenter_of(name)
        for reduce in reduces:
            scale_of((1, 1), segmenter, reduce)  # a scale that is none is told before any picture is read
            if parameters.get("checkpoint") == "":
                yield {"method": name}, dict(_NO_CHECKPOINT)
                break
            of = partial(measure_picture, segmenter=segmenter, parameters=parameters, reduce=reduce, levels=levels)
            row = {"method": name, "parameters": parameters, "reduce": reduce}
            yield row, summary(_of_each(of, pictures, rejected))


def _prompted(
    methods: dict[str, dict[str, Any]],
    reduces: Sequence[float | str],
    pictures: Sequence[Marked],
    rejected: dict[str, str],
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for name, parameters in methods.items():
        for reduce in reduces:
            scale_of((1, 1), segmenter_of(name), reduce)
            if parameters.get("checkpoint") == "":
                yield {"method": name}, dict(_NO_CHECKPOINT)
                break
            of = partial(measure_prompts, method=PROMPTED[name](parameters, reduce))
            row = {"method": name, "parameters": parameters, "reduce": reduce}
            yield row, summary_of_prompts(_of_each(of, pictures, rejected))


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


def _line(row: dict[str, Any], columns: Sequence[tuple[str, str, str]]) -> str:
    name = row["method"] + (f" at {row['reduce']:g}" if isinstance(row.get("reduce"), int | float) else "")
    cells = (format(row[key], shown) if key in row else "" for _, key, shown in columns)
    return f"{name:<16}" + (row.get("note") or "".join(f"{cell:>9}" for cell in cells))
