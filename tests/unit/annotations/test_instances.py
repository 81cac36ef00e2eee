"""Which painted pixels are one object."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from annotations_of import random_annotation
from skimage.measure import label

from icas_core.annotations.annotation import unpainted
from icas_core.annotations.instances import Instance, instances_of


def painted(classes: list[str], instances: list[str] | None = None):
    shown = np.array([[int(pixel) for pixel in row] for row in classes])
    given = np.array([[int(pixel) for pixel in row] for row in instances]) if instances else np.zeros(shown.shape)
    blank = unpainted(np.ones(shown.shape, np.int32), "d")
    return replace(blank, classes=shown.astype(np.uint8), instances=given.astype(np.uint16))


def test_each_part_of_a_class_is_an_object_and_corners_connect() -> None:
    numbers, found = instances_of(painted(["1100", "0010", "2200", "0002", "0100"]))
    assert numbers.tolist() == [[1, 1, 0, 0], [0, 0, 1, 0], [3, 3, 0, 0], [0, 0, 0, 4], [0, 2, 0, 0]]
    assert found[0] == Instance(1, 1, 0, 3, (0, 0, 3, 2))
    assert [(each.class_id, each.area) for each in found] == [(1, 3), (1, 1), (2, 2), (2, 1)]


def test_numbers_keep_touching_objects_apart_and_hold_parts_together() -> None:
    numbers, found = instances_of(painted(["111101", "111101"], ["112203", "112203"]))
    assert numbers.tolist() == [[1, 1, 2, 2, 0, 3]] * 2
    numbers, found = instances_of(painted(["110011", "110022"], ["550055", "550055"]))
    assert numbers.tolist() == [[1, 1, 0, 0, 1, 1], [1, 1, 0, 0, 2, 2]]
    assert found == [Instance(1, 1, 5, 6, (0, 0, 6, 2)), Instance(2, 2, 5, 2, (4, 1, 2, 1))]


def test_a_number_where_nothing_is_painted_means_nothing() -> None:
    assert instances_of(painted(["0000"], ["1100"]))[1] == []


@pytest.mark.parametrize("seed", range(8))
def test_every_painted_pixel_is_in_one_object_of_its_class(seed: int) -> None:
    annotation = random_annotation(seed, 60, 70)
    numbers, found = instances_of(annotation)
    assert np.array_equal(numbers > 0, annotation.classes > 0)
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    free = np.where(annotation.instances == 0, annotation.classes, 0).astype(int)
    assert sum(not each.given for each in found) == label(free, background=0, connectivity=2).max()
    for each in found:
        mask = numbers == each.number
        rows, columns = np.nonzero(mask)
        assert set(annotation.classes[mask]) == {each.class_id}
        assert set(annotation.instances[mask]) == {each.given}
        assert each.area == mask.sum()
        left, top = columns.min(), rows.min()
        assert each.box == (left, top, columns.max() - left + 1, rows.max() - top + 1)
