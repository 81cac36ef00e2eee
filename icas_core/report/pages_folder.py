"""The folder of the gallery's further pages: written aside, swapped in whole, never mixed with another result's."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from icas_core.errors import IcasError

_PAGE_NAME = re.compile(r"page_\d{4,}\.html")


def page_name(number: int) -> str:
    """The file name of a further page, such as page_0002.html."""
    return f"page_{number:04d}.html"


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write pages into; on leaving it takes the place of `folder`, or both go when it is empty.

    After an error `folder` is as it was. IcasError when `folder` holds anything but pages of a gallery.
    """
    _refuse_foreign(folder)
    aside, before = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    # What a killed run left behind: nobody else writes here, Snakemake locks the output folder.
    for remains in (aside, before):
        shutil.rmtree(remains, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        if folder.exists():
            os.replace(folder, before)
        if any(aside.iterdir()):
            os.replace(aside, folder)
    finally:
        for remains in (aside, before):
            shutil.rmtree(remains, ignore_errors=True)


def _refuse_foreign(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise IcasError(
            f"{folder}: is a file, but the gallery's further pages go into a folder of this name; move it away"
        )
    foreign = sorted(entry.name for entry in folder.iterdir() if not _PAGE_NAME.fullmatch(entry.name))
    if foreign:
        raise IcasError(f"{folder}: holds {foreign[0]!r}, expected only page_NNNN.html; move it away and run again")
