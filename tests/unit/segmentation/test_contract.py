"""What every segmenter promises, whatever the picture."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from icas_core.segmentation.registry import SEGMENTERS
from icas_core.segmentation.segmenting import segment

# Segment Anything is held to the same in sam/test_predicting.py, with a checkpoint of its own.
METHODS = [name for name, segmenter in SEGMENTERS.items() if not segmenter.prompted and name != "sam"]
every_method = pytest.mark.parametrize("method", METHODS)
some_pictures = settings(max_examples=12, deadline=None)


def picture_of(kind: str, height: int, width: int, seed: int) -> np.ndarray:
    """(h, w, 3) uint8: `constant`, `noise`, `ramp` or `blots` (smooth blots of colour with a little noise)."""
    rng = np.random.default_rng(seed)
    if kind == "constant":
        return np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if kind == "ramp":
        return np.broadcast_to(np.linspace(0, 255, width)[None, :, None], (height, width, 3)).astype(np.uint8)
    if kind == "blots":
        blots = cv2.GaussianBlur(noise.astype(np.float32), (0, 0), max(1.0, min(height, width) / 12))
        blots = (blots - blots.min()) / max(np.ptp(blots), 1e-6) * 240
        return (np.rint(blots / 40) * 40 + rng.integers(0, 6, blots.shape)).astype(np.uint8)
    return noise


pictures = st.builds(
    picture_of,
    st.sampled_from(["constant", "noise", "ramp", "blots"]),
    st.integers(1, 90),
    st.integers(1, 90),
    st.integers(0, 10**6),
)


def check(labels: np.ndarray, shape: tuple[int, ...], edges: bool = False) -> None:
    """Assert the contract of a label map: shape, dtype, dense numbers, connected segments, edges only where allowed."""
    assert labels.shape == shape[:2]
    assert labels.dtype == np.int32
    assert labels.min() >= (0 if edges else 1)
    count = int(labels.max())
    assert count >= 1
    assert (np.bincount(labels.ravel(), minlength=count + 1)[1:] > 0).all()
    # Cut where numbers differ, there are as many connected parts as numbers: each number is one part.
    grown = np.zeros((2 * labels.shape[0] - 1, 2 * labels.shape[1] - 1), bool)
    grown[::2, ::2] = labels > 0
    grown[::2, 1::2] = (labels[:, :-1] == labels[:, 1:]) & (labels[:, 1:] > 0)
    grown[1::2, ::2] = (labels[:-1] == labels[1:]) & (labels[1:] > 0)
    assert label(grown)[1] == count


@every_method
@some_pictures
@given(picture=pictures, reduce=st.sampled_from([1, 0.5, 0.13]))
@example(picture=picture_of("noise", 1, 1, 0), reduce=1)
@example(picture=picture_of("noise", 1, 1, 0), reduce=0.1)
@example(picture=picture_of("noise", 1, 50, 0), reduce=1)
@example(picture=picture_of("noise", 50, 1, 0), reduce=0.5)
@example(picture=picture_of("constant", 2, 2, 0), reduce=1)
@example(picture=picture_of("noise", 80, 80, 0), reduce=1)
@example(picture=picture_of("noise", 3, 90, 0), reduce=0.5)
def test_segments_are_dense_and_connected_and_cover_the_picture(
    method: str, picture: np.ndarray, reduce: float
) -> None:
    check(segment(picture, method, reduce=reduce), picture.shape)


@every_method
@some_pictures
@given(picture=pictures)
def test_a_picture_gives_the_same_labels_every_time_and_is_left_as_it_was(method: str, picture: np.ndarray) -> None:
    before = picture.copy()
    first = segment(picture, method)
    cv2.setRNGSeed(7)
    np.random.seed(7)
    assert np.array_equal(segment(picture, method), first)
    assert np.array_equal(picture, before)


@every_method
def test_a_constant_picture_is_one_segment_but_for_superpixels(method: str) -> None:
    labels = segment(picture_of("constant", 60, 80, 3), method)
    assert labels.max() == 1 or method in ("superpixel", "kmeans", "slickmeans", "quickshift")


@every_method
def test_grey_and_opaque_pictures_are_segmented_as_their_rgb_forms(method: str) -> None:
    grey = picture_of("blots", 60, 80, 5)[:, :, 0]
    rgb = np.repeat(grey[:, :, None], 3, axis=2)
    wanted = segment(rgb, method)
    opaque = np.dstack([rgb, np.full_like(grey, 255)])
    for form in (grey, grey[:, :, None], opaque, np.asfortranarray(rgb), rgb[::-1][::-1]):
        assert np.array_equal(segment(form, method), wanted)


@every_method
def test_the_labels_do_not_depend_on_the_number_of_threads(method: str) -> None:
    code = (
        "import sys, cv2, numpy as np; cv2.setNumThreads(int(sys.argv[1]));"
        "from icas_core.segmentation.segmenting import segment;"
        "rng = np.random.default_rng(1); small = rng.integers(0, 256, (15, 20, 3), dtype=np.uint8);"
        "large = cv2.resize(small, (400, 300), interpolation=cv2.INTER_CUBIC) // 2;"
        "picture = large + rng.integers(0, 30, (300, 400, 1), dtype=np.uint8);"
        f"print(__import__('hashlib').sha256(segment(picture, {method!r}).tobytes()).hexdigest())"
    )
    digests = set()
    for threads in (1, 4):
        environment = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
        run = subprocess.run(
            [sys.executable, "-c", code, str(threads)], capture_output=True, text=True, check=True, env=environment
        )
        digests.add(run.stdout)
    assert len(digests) == 1


@every_method
def test_coarser_levels_give_fewer_segments_and_finer_ones_more(method: str) -> None:
    picture = picture_of("blots", 240, 320, 11)
    counts = [int(segment(picture, method, level=level).max()) for level in (-2, 0, 2)]
    assert counts[0] > counts[1] > counts[2]


@every_method
def test_a_picture_twice_as_large_has_about_as_many_segments(method: str) -> None:
    picture = picture_of("blots", 240, 320, 11)
    larger = cv2.resize(picture, (640, 480), interpolation=cv2.INTER_CUBIC)
    counts = [int(segment(each, method, reduce=1).max()) for each in (picture, larger)]
    assert 0.5 <= counts[1] / counts[0] <= 2


@pytest.mark.slow
@every_method
def test_a_picture_of_16_megapixels_is_segmented(method: str) -> None:
    picture = cv2.resize(picture_of("blots", 300, 400, 2), (4619, 3464), interpolation=cv2.INTER_CUBIC)
    check(segment(picture, method), picture.shape)
