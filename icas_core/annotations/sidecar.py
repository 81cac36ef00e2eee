"""The JSON file beside a picture's arrays: what they are, and which of them belong together."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from icas_core.annotations.annotation import Annotation, State
from icas_core.annotations.classes import Class, ClassTable
from icas_core.annotations.instances import instances_of
from icas_core.errors import IcasError

FORMAT = "icas annotation"
VERSION = 1


@dataclass(frozen=True)
class Sidecar:
    """What a picture's JSON says.

    picture: its path below the picture folder; size: (width, height); digest: of its file. files: array name → SHA-256
    of its PNG; instances without numbers have no file. generation: a word that is new at every writing; slot: which of
    two hidden names (files.py). classes: those that are painted here, as the table was then.
    """

    picture: str
    size: tuple[int, int]
    digest: str
    state: State
    generation: str
    slot: int
    files: dict[str, str]
    classes: tuple[Class, ...]
    segmentation: dict[str, Any]


def sidecar_json(
    picture: str, annotation: Annotation, table: ClassTable, *, files: dict[str, str], generation: str, slot: int
) -> bytes:
    """The JSON of an annotation, its instances listed for other programs."""
    width, height = annotation.size
    instances = instances_of(annotation)[1]
    used = {each.class_id for each in instances}
    content = {
        "format": FORMAT,
        "version": VERSION,
        "picture": {"path": picture, "width": width, "height": height, "sha256": annotation.digest},
        "state": str(annotation.state),
        "generation": generation,
        "slot": slot,
        "files": files,
        "classes": [asdict(each) for each in table if each.id in used],
        "instances": [asdict(each) for each in instances],
        "segmentation": dict(annotation.segmentation),
    }
    return (json.dumps(content, ensure_ascii=False) + "\n").encode()


def read_sidecar(path: Path) -> Sidecar | None:
    """Read a picture's JSON, None where there is none; IcasError when it is older, newer, foreign or damaged."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IcasError(f"{path}: cannot be read ({error.strerror}), expected an annotation") from error
    except ValueError:
        raise _refused(path, "no JSON") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _refused(path, "JSON of another program")
    if content.get("version") != VERSION:
        raise _refused(path, f"version {content.get('version')!r}")
    try:
        return _parsed(content)
    except (KeyError, TypeError, ValueError) as error:
        raise _refused(path, f"damaged content ({type(error).__name__}: {error})") from error


def _parsed(content: dict[str, Any]) -> Sidecar:
    picture = content["picture"]
    classes = (Class(row["id"], row["name"], tuple(row["colour"])) for row in content["classes"])
    return Sidecar(
        picture=str(picture["path"]),
        size=(int(picture["width"]), int(picture["height"])),
        digest=str(picture["sha256"]),
        state=State(content["state"]),
        generation=str(content["generation"]),
        slot=int(content["slot"]),
        files={str(name): str(digest) for name, digest in content["files"].items()},
        classes=tuple(classes),
        segmentation=dict(content["segmentation"]),
    )


def _refused(path: Path, found: str) -> IcasError:
    return IcasError(
        f"{path}: found {found}, expected an annotation of icas (version {VERSION}); it is left as it is: "
        "move it away, or choose another folder with the key 'annotations'"
    )
