"""labelme's JSON: the objects of one picture as polygons, the parts of an object held together by a group."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from icas_core.annotations.classes import ClassTable
from icas_core.annotations.instances import Instance
from icas_core.export.polygons import centre_polygons

# The version whose form this is; labelme reads it in later ones too.
_VERSION = "6.3.1"


def labelme_json(
    numbers: np.ndarray, instances: Iterable[Instance], classes: ClassTable, picture: str
) -> dict[str, Any]:
    """The content of a labelme file; picture: where the picture lies, from the file's own folder, with `/`.

    Polygons run through the centres of the outermost pixels, as labelme fills them. The parts of an object in several
    parts share a group_id.
    """
    shapes = []
    for each in instances:
        left, top, width, height = each.box
        inside = numbers[top : top + height, left : left + width] == each.number
        polygons = centre_polygons(inside, at=(left, top))
        named = classes.with_id(each.class_id)
        for polygon in polygons:
            shapes.append(
                {
                    "label": named.name if named else str(each.class_id),
                    "points": polygon.astype(float).tolist(),
                    "group_id": each.number if len(polygons) > 1 else None,
                    "description": "",
                    "shape_type": "polygon",
                    "flags": {},
                    "mask": None,
                }
            )
    height, width = numbers.shape
    return {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": picture,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
