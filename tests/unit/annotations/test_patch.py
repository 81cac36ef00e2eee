"""A patch leads from one annotation to the next, and back, and survives being packed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icas_core.annotations.annotation import ARRAYS, Annotation, State, unpainted
from icas_core.annotations.patch import packed, patch_between, patched, unpacked


def annotation(seed: int, height: int = 12, width: int = 17) -> Annotation:
    random = np.random.default_rng(seed)
    shape = (height, width)
    return Annotation(
        random.integers(1, 2**31 - 1, shape, np.int32),
        random.integers(0, 256, shape).astype(np.uint8),
        random.integers(0, 2**16, shape).astype(np.uint16),
        "d",
        bool(random.integers(2)),
    )


def same(a: Annotation, b: Annotation) -> bool:
    return a.done == b.done and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ARRAYS)


@given(
    st.integers(0, 2**32),
    st.tuples(st.integers(-20, 20), st.integers(-20, 20), st.integers(0, 30), st.integers(0, 30)),
    st.sets(st.sampled_from(list(ARRAYS))),
)
def test_a_step_leads_there_and_back_inside_its_rectangle(seed, box, changed) -> None:
    before, other = annotation(seed), annotation(seed + 1)
    left, top, width, height = box
    inside = np.zeros(before.segments.shape, bool)
    inside[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = True
    arrays = {name: np.where(inside, getattr(other, name), getattr(before, name)) for name in changed}
    after = replace(before, done=other.done, **arrays)
    step, back = patch_between(before, after, box), patch_between(after, before, box)
    assert same(patched(before, unpacked(packed(step))), after)
    assert same(patched(after, unpacked(packed(back))), before)
    assert set(step.arrays) <= changed


def test_without_a_rectangle_the_whole_picture_is_compared() -> None:
    assert same(patched(annotation(1), patch_between(annotation(1), annotation(2))), annotation(2))


def test_a_fill_of_a_segment_takes_less_than_a_kilobyte() -> None:
    rows, columns = np.mgrid[:1080, :1920]
    disc = (rows - 500) ** 2 + (columns - 900) ** 2 < 60**2
    before = unpainted(np.where(disc, 2, 1).astype(np.int32), "d")
    after = replace(before, classes=disc.astype(np.uint8))
    assert len(packed(patch_between(before, after, (830, 430, 140, 140)))) < 1000


@pytest.mark.parametrize("data", [b"", b"x", packed(patch_between(annotation(1), annotation(2)))[:-9]])
def test_what_is_no_patch_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        unpacked(data)


def test_an_annotation_is_read_only_and_checks_its_arrays() -> None:
    one = annotation(3)
    with pytest.raises(ValueError):
        one.classes[0, 0] = 1
    with pytest.raises(ValueError, match="classes: found int64"):
        replace(one, classes=one.classes.astype(np.int64))
    with pytest.raises(ValueError, match="instances"):
        replace(one, instances=one.instances[1:])


def test_nothing_painted_is_unfinished_until_a_person_says_that_it_is_done() -> None:
    one = unpainted(np.ones((3, 4), np.int32), "d")
    assert (one.size, one.state) == ((4, 3), State.UNFINISHED)
    assert replace(one, done=True).state is State.EMPTY
    assert replace(one, done=True, classes=np.eye(3, 4, dtype=np.uint8)).state is State.DONE
