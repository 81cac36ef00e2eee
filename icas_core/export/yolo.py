"""YOLO's text for segmenting: a polygon a line, its points as shares of the picture's width and height."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np

from icas_core.annotations.classes import ClassTable
from icas_core.annotations.instances import Instance
from icas_core.export.polygons import centre_polygons


def yolo_lines(numbers: np.ndarray, instances: Iterable[Instance], classes: ClassTable) -> list[str]:
    """The lines of one picture: the class's place in the table from 0, then x and y of each point, from 0 to 1.

    The format has no way to say that two polygons are one object: each part of an object is a line.
    """
    height, width = numbers.shape
    places = {each.id: place for place, each in enumerate(classes)}
    lines = []
    for each in instances:
        left, top, columns, rows = each.box
        inside = numbers[top : top + rows, left : left + columns] == each.number
        for polygon in centre_polygons(inside, at=(left, top)):
            shares = polygon / (width, height)
            # Seven places are less than a hundredth of a pixel in the largest picture that a JPEG can hold.
            points = " ".join(f"{share:.7f}" for share in shares.ravel())
            lines.append(f"{places[each.class_id]} {points}")
    return lines


def yolo_table(classes: ClassTable) -> str:
    """The data.yaml that names the classes and says where pictures and labels lie."""
    names = [f"  {place}: {json.dumps(each.name, ensure_ascii=False)}\n" for place, each in enumerate(classes)]
    return "path: .\ntrain: images\nval: images\n" + ("names:\n" + "".join(names) if names else "names: {}\n")
