"""`python -m icas_core.painter FOLDER`: paint the pictures of a folder."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from icas_core.annotations.classes import Colour, read_classes
from icas_core.annotations.store import AnnotationStore
from icas_core.annotations.table import classes_to_paint, told_of
from icas_core.batches import scan
from icas_core.commands import typed_parameters
from icas_core.errors import IcasError
from icas_core.images import is_picture_name


def main(arguments: list[str] | None = None) -> int:
    """Run the program; gives its exit code."""
    given = vars(_parser().parse_args(arguments))
    try:
        print(f"icas: {paint(**_settled(given))}", file=sys.stderr)
    except IcasError as error:
        print(f"icas: {error}", file=sys.stderr)
        return 1
    return 0


def paint(
    folder: Path,
    *,
    annotations: Path | None = None,
    method: str = "consensus",
    classes: Mapping[str, Colour] | Path | None = None,
    picker: Path | None = None,
    templates: str = "",
    segments: str = "",
    attentions: str = "",
    masks: str = "",
    template_error: float | None = None,
    mask_name: str = "portable",
    parameters: dict[str, Any] | None = None,
    reduce: Any = None,
    presegmented: Any = None,
    sam: dict[str, Any] | None = None,
    record: Path | None = None,
    configured: bool = False,
) -> str:
    """Open the windows over a folder of pictures; gives the line that says what is done. Raises IcasError.

    configured: the configuration's keys are what a person sets, not the command's options.
    """
    from icas_core.painter.window import Windows, check_screen

    check_screen()
    annotations = annotations or Path(f"{os.path.normpath(folder)}_segmented")
    names = _names(folder, annotations)
    # A window first: all else is made ready while it opens.
    windows = Windows()
    from icas_core.images import read_rgb
    from icas_core.painter.options import Options
    from icas_core.painter.preparing import Method
    from icas_core.painter.program import Program
    from icas_core.painter.refused import refused_keys
    from icas_core.painter.session import Session
    from icas_core.painter.template_folders import read_templates
    from icas_core.segmentation.sam import embed, objects_or_all

    given = read_classes(classes) if isinstance(classes, Path) else classes or {}
    store, found = AnnotationStore(annotations), read_templates(templates, segments, attentions, masks, bad=_tell)
    table, refused = classes_to_paint(store, names, given), refused_keys(sam or {}, bool(found), configured=configured)
    if method.lower() == "sam" and "s" in refused:
        raise IcasError(refused["s"])
    note = told_of(store.read_classes(), given, table)
    if note:
        _tell(note)
    options = Options(
        folder=folder,
        names=names,
        annotations=annotations,
        method=Method(method.lower(), parameters or {}, reduce, presegmented),
        classes=table,
        mask_form=mask_name,
        templates=found,
        template_error=template_error,
        sam=partial(objects_or_all, parameters=sam),
        embed=partial(embed, parameters=sam),
        refused=refused,
        note=note,
    )
    session = Session(options)
    program = Program(session, windows, read_rgb(picker) if picker else None, record)
    try:
        program.run()
    finally:
        line = session.close()
        windows.close()
    return line


def _settled(given: dict[str, Any]) -> dict[str, Any]:
    """What was typed, with the parameters of the method and of Segment Anything as tables."""
    method = given["method"].lower()
    tables = typed_parameters(given.pop("parameter"), [method, "sam"], method)
    if given["checkpoint"]:
        tables["sam"]["checkpoint"] = given["checkpoint"]
    given.pop("checkpoint")
    return {**given, "parameters": tables[method], "sam": tables["sam"]}


def _names(folder: Path, annotations: Path) -> list[str]:
    if not folder.is_dir():
        raise IcasError(f"{folder}: no such folder; accepted: a folder of pictures")
    names = [picture.path for picture in scan(folder, leave_out=[annotations])]
    others = sorted(path.name for path in folder.iterdir() if path.is_file() and not is_picture_name(path.name))
    if others:
        shown = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")
        _tell(f"{len(others)} files that are no pictures were left out: {shown}")
    if not names:
        raise IcasError(f"{folder}: no picture in it; accepted: a folder of pictures")
    return names


def _tell(line: object) -> None:
    print(f"icas: {line}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m icas_core.painter", description="Paint the pictures of a folder.")
    parser.add_argument("folder", type=Path, help="the folder of pictures, searched with its subfolders")
    parser.add_argument("--method", default="consensus", help="how pictures are segmented (default: consensus)")
    parser.add_argument(
        "--parameter", action="append", default=[], help="name=value of the method, or sam.name=value; may be repeated"
    )
    parser.add_argument("--checkpoint", default="", help="the weights of Segment Anything, for the key s")
    parser.add_argument("--annotations", type=Path, help="where annotations are kept (default: FOLDER_segmented)")
    parser.add_argument("--classes", type=Path, help="a classes.yaml with names and colours")
    parser.add_argument("--picker", type=Path, help="a picture of your own to pick colours from")
    for name in ("templates", "segments", "attentions", "masks"):
        parser.add_argument(f"--{name}", default="", help=f"the folder of {name} for template painting")
    parser.add_argument("--template-error", type=float, help="paint all places up to this error, 0 to 1")
    parser.add_argument("--mask-name", default="portable", choices=("portable", "original"), help="form of mask names")
    parser.add_argument("--record", type=Path, help="write every event into this file")
    return parser
