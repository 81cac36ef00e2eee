"""Templates from four folders: the same name in each says what belongs together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from icas_core.errors import IcasError, RejectedPicture
from icas_core.images import is_picture_name, read_rgb
from icas_core.painter.template import Template, template_of


def read_templates(
    templates: Path | str,
    segments: Path | str,
    attentions: Path | str = "",
    masks: Path | str = "",
    bad: Callable[[IcasError], object] | None = None,
) -> list[Template]:
    """The templates of a folder in order of name, each with the pictures of its name (without ending) in the others.

    A template needs its segment; an attention or a mask that is not there is derived. An empty path is no folder. Where
    one cannot be used, its IcasError goes to `bad`, if given, and the rest are read. IcasError where a folder is not
    there.
    """
    if not templates:
        return []
    if not segments:
        raise IcasError("config key 'segments': found nothing, 'templates' needs it; accepted: the path of a folder")
    named = (("segments", segments), ("attentions", attentions), ("masks", masks))
    folders = {key: _pictures(key, Path(folder)) for key, folder in named if folder}
    found = []
    for name, paths in sorted(_pictures("templates", Path(templates)).items()):
        try:
            found.append(_read(name, paths, folders, Path(segments)))
        except IcasError as error:
            if bad is None:
                raise
            bad(error)
    return found


def _pictures(key: str, folder: Path) -> dict[str, list[Path]]:
    """The pictures of a folder by their names without ending."""
    if not folder.is_dir():
        raise IcasError(f"config key '{key}': {folder}: no such folder; accepted: the path of a folder of pictures")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if is_picture_name(path.name) and not path.name.startswith("."):
            found.setdefault(path.stem, []).append(path)
    return found


def _read(name: str, paths: list[Path], folders: dict[str, dict[str, list[Path]]], segments: Path) -> Template:
    if name not in folders["segments"]:
        raise IcasError(f"{paths[0]}: found no segment for it, expected a picture {name!r} in {segments}")
    pictures = {key: _one(of[name]) for key, of in folders.items() if name in of}
    picture = _one(paths)
    return template_of(str(paths[0]), picture, pictures["segments"], pictures.get("attentions"), pictures.get("masks"))


def _one(paths: list[Path]) -> np.ndarray:
    if len(paths) > 1:
        raise IcasError(f"{paths[0]}: found {paths[1].name} beside it, expected one picture of that name")
    try:
        return read_rgb(paths[0])
    except RejectedPicture as error:
        raise IcasError(f"{paths[0]}: {error}") from error
