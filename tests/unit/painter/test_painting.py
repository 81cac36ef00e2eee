"""Paintings, annotations and label maps."""

from __future__ import annotations

import numpy as np

from icas_core.annotations.annotation import Annotation
from icas_core.painter.boxes import Box
from icas_core.painter.painting import annotation_of, painting_of, unpainted
from icas_core.painter.segments import SegmentMap
from tests.unit.painter.paintings import blocks, check_sound, drag, keys, looks, press, state_of


def test_a_painting_comes_back_from_its_annotation():
    state = press(press(state_of(), "left", 1, 1), "left", 9, 1)
    state = drag(keys(state, "b"), "left", (20, 20), (25, 20))
    annotation = annotation_of(state.painting, "0" * 64, done=True, segmentation={"method": "graph", "level": 2})
    back = painting_of(annotation)
    check_sound(back)
    assert all(np.array_equal(a, b) for a, b in zip(looks(back), looks(state.painting), strict=True))
    assert annotation.done
    assert back.level == 2


def test_what_another_program_painted_across_segments_becomes_segments():
    classes = np.zeros((24, 32), np.uint8)
    classes[4:12, 4:12] = 5
    instances = np.where(classes > 0, 7, 0).astype(np.uint16)
    painting = painting_of(Annotation(blocks(), classes, instances, "0" * 64))
    check_sound(painting)
    segments, found = looks(painting)
    assert np.array_equal(found, classes)
    assert np.array_equal(painting.instances[segments], instances)
    assert len(np.unique(segments)) == 12 + 4


def test_edges_go_to_the_nearest_segment():
    labels = blocks()
    labels[7:9] = 0
    painting = unpainted(labels)
    check_sound(painting)
    assert np.array_equal(painting.segments.whole()[0], labels[0])
    check_sound(unpainted(np.zeros((3, 4), np.int32)))
    check_sound(painting_of(Annotation(np.zeros((3, 4), np.int32), *_nothing((3, 4)), "0" * 64)))


def test_a_label_map_in_bands_is_the_array_it_was_made_from():
    random = np.random.default_rng(0)
    for height, width in ((1, 1), (1, 500), (63, 7), (64, 9), (65, 9), (300, 40)):
        array = random.integers(1, 1000, (height, width)).astype(np.int32)
        segments = SegmentMap.of(array)
        assert np.array_equal(segments.whole(), array)
        rows, columns = np.sort(random.integers(0, height, 50)), random.integers(0, width, 70)
        assert np.array_equal(segments.sampled(rows, columns), array[rows][:, columns])
        assert np.array_equal(segments.of_pixels(rows, columns[:50]), array[rows, columns[:50]])
        for _ in range(20):
            left, right = sorted(random.integers(0, width + 1, 2))
            top, bottom = sorted(random.integers(0, height + 1, 2))
            if left == right or top == bottom:
                continue
            box = Box(left, top, right, bottom)
            assert np.array_equal(segments.window(box), array[box.slices])
            new = array.copy()
            new[box.slices] = random.integers(1, 1000, (box.height, box.width))
            changed = segments.with_window(box, new[box.slices])
            assert np.array_equal(changed.whole(), new)
            assert np.array_equal(segments.whole(), array)
            assert segments.at(left, top) == array[top, left]


def _nothing(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(shape, np.uint8), np.zeros(shape, np.uint16)
