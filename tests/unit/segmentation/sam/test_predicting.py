"""Prompts and the generator, through segment_anything's own code with a tiny model of random weights."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.ndimage import label
from segment_anything import SamAutomaticMaskGenerator, SamPredictor
from skimage.measure import label as connected_label

from icas_core.errors import IcasError
from icas_core.segmentation.prompts import Box, Point, Prompts
from icas_core.segmentation.sam import SEGMENTER, objects
from icas_core.segmentation.sam.embeddings import Embeddings
from icas_core.segmentation.sam.masks import regions_of, segments_of
from icas_core.segmentation.sam.predicting import as_seen, embed, generate, predict
from icas_core.segmentation.segmenting import segment

LEFT, RIGHT = Box(5, 5, 60, 60), Box(55, 20, 118, 85)


class Counting:
    """Counts how often a model's encoder runs."""

    def __init__(self, model, monkeypatch) -> None:
        self.runs = 0
        forward = model.sam.image_encoder.forward

        def counted(pixels):
            self.runs += 1
            return forward(pixels)

        monkeypatch.setattr(model.sam.image_encoder, "forward", counted)


def test_every_box_is_asked_with_its_own_points_and_the_best_mask_kept(model, picture) -> None:
    prompts = Prompts((LEFT, RIGHT), (Point(30, 30), Point(40, 10, False), Point(3, 88)))
    found = predict(model, picture, prompts)
    oracle = SamPredictor(model.sam)
    oracle.set_image(picture)
    asked = [
        {"box": np.array(LEFT), "point_coords": np.array([[30, 30], [40, 10]]), "point_labels": np.array([1, 0])},
        {"box": np.array(RIGHT)},
        {"point_coords": np.array([[3, 88]]), "point_labels": np.array([1])},
    ]
    assert len(found) == 3
    for mask, question in zip(found, asked, strict=True):
        masks, scores, _ = oracle.predict(**question)
        assert mask.score == pytest.approx(scores.max())
        assert np.array_equal(mask.pixels, masks[scores.argmax()])


def test_prompts_without_an_object_are_refused(model, picture) -> None:
    with pytest.raises(IcasError, match="no box and no foreground point"):
        predict(model, picture, Prompts(points=(Point(1, 1, False),)))
    with pytest.raises(IcasError, match="holds no pixel of the picture of 120 × 90"):
        predict(model, picture, Prompts((Box(200, 0, 300, 20),)))


def test_the_second_call_finds_the_embedding_on_disk(model, picture, tmp_path: Path, monkeypatch) -> None:
    cache, encoder = Embeddings(tmp_path, 10), Counting(model, monkeypatch)
    first = predict(model, picture, Prompts((LEFT,)), cache)
    assert encoder.runs == 1
    again = predict(model, picture, Prompts((LEFT,)), Embeddings(tmp_path, 10))
    assert encoder.runs == 1
    assert np.array_equal(first[0].pixels, again[0].pixels)
    predict(model, picture[::-1], Prompts((LEFT,)), cache)
    assert encoder.runs == 2


def test_an_embedding_made_ahead_serves_prompts_and_the_generator(model, tmp_path: Path, monkeypatch) -> None:
    large = np.random.default_rng(1).integers(0, 256, (300, 500, 3), dtype=np.uint8)
    cache, encoder = Embeddings(tmp_path, 10), Counting(model, monkeypatch)
    embed(model, large, cache)
    predict(model, large, Prompts((LEFT,)), cache)
    generate(model, as_seen(model, large), cache, points=2, quality=0, stability=0)
    assert encoder.runs == 1


def test_the_generator_is_segment_anythings_own(model, picture, tmp_path: Path) -> None:
    for cache in (None, Embeddings(tmp_path, 10), Embeddings(tmp_path, 10)):
        found = generate(model, picture, cache, points=4, quality=0, stability=0)
        oracle = SamAutomaticMaskGenerator(
            model.sam, points_per_side=4, points_per_batch=16, pred_iou_thresh=0, stability_score_thresh=0
        ).generate(picture)
        wanted = [one["segmentation"] for one in oracle if one["segmentation"].any()]
        assert len(found) == len(wanted) > 0
        assert all(np.array_equal(mask.pixels, one) for mask, one in zip(found, wanted, strict=True))


def test_smaller_masks_lie_on_top() -> None:
    large, small, other = np.zeros((3, 6, 8), bool)
    large[:5, :6], small[1:3, 1:3], other[4:, 5:] = True, True, True
    for masks in ([large, small, other], [small, other, large]):
        labels, inside = segments_of(masks, (6, 8))
        assert labels[1, 1] != labels[0, 0]
        assert len(np.unique(labels[small])) == 1
        assert len(np.unique(labels[other])) == 1
        assert np.array_equal(inside, large | small | other)
    assert regions_of([large, small, other], (6, 8))[1, 1] == 2


masks = st.integers(0, 2**32).map(lambda seed: np.random.default_rng(seed).random((4, 7, 9)) < 0.3)


@given(masks)
def test_segments_of_any_masks_are_connected_and_wholly_in_or_out(four: np.ndarray) -> None:
    labels, inside = segments_of(list(four), four.shape[1:])
    assert np.array_equal(inside, four.any(axis=0))
    for number in range(1, int(labels.max()) + 1):
        assert label(labels == number)[1] == 1
        assert len(np.unique(inside[labels == number])) == 1


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([(1, 1), (1, 40), (40, 1), (1, 700), (300, 2), (20, 30), (200, 150)]),
    st.sampled_from([0, 3, 4]),
    st.sampled_from(["noise", "constant"]),
)
def test_any_picture_gives_a_dense_connected_label_map(checkpoint: Path, shape, channels, kind) -> None:
    shape = shape + ((channels,) if channels else ())
    rng = np.random.default_rng(5)
    given = rng.integers(0, 256, shape, dtype=np.uint8) if kind == "noise" else np.full(shape, 77, np.uint8)
    parameters = {"checkpoint": str(checkpoint), "model": "described", "device": "cpu", "points": 3}
    parameters |= {"quality": 0.0, "stability": 0.0, "smallest": 5, "cache_megabytes": 0}
    labels = segment(given, "sam", parameters)
    assert labels.shape == given.shape[:2]
    assert labels.dtype == np.int32
    assert set(np.unique(labels)) == set(range(1, int(labels.max()) + 1))
    assert all(label(labels == number)[1] == 1 for number in range(1, int(labels.max()) + 1))
    assert np.array_equal(segment(given, "sam", parameters), labels)


def test_prompted_objects_are_segments_and_the_rest_is_none(checkpoint: Path, model, picture) -> None:
    prompts = Prompts((LEFT, RIGHT))
    parameters = {"checkpoint": str(checkpoint), "model": "described", "device": "cpu", "cache_megabytes": 0}
    labels = objects(picture, prompts, parameters)
    masks = [mask.pixels for mask in predict(model, picture, prompts)]
    assert labels.dtype == np.int32
    assert np.array_equal(labels > 0, np.any(masks, axis=0))
    assert all(label(labels == number)[1] == 1 for number in range(1, int(labels.max()) + 1))


def test_thresholds_that_no_mask_passes_leave_one_segment(checkpoint: Path, picture) -> None:
    parameters = {"checkpoint": str(checkpoint), "model": "described", "points": 3, "quality": 1.0, "stability": 1.0}
    assert segment(picture, "sam", parameters | {"cache_megabytes": 0}).max() == 1


def test_where_things_are_kept_decides_no_label() -> None:
    deciding = SEGMENTER.deciding(SEGMENTER.settled())
    assert sorted(deciding) == ["checkpoint", "model", "points", "quality", "smallest", "stability"]


def test_rgb_order_reaches_the_model(model, picture) -> None:
    swapped = predict(model, np.ascontiguousarray(picture[:, :, ::-1]), Prompts((LEFT,)))
    assert swapped[0].score != predict(model, picture, Prompts((LEFT,)))[0].score


@pytest.mark.slow
def test_a_picture_of_16_megapixels_is_segmented(checkpoint: Path, picture) -> None:
    large = cv2.resize(picture, (4619, 3464), interpolation=cv2.INTER_CUBIC)
    parameters = {"checkpoint": str(checkpoint), "model": "described", "device": "cpu", "points": 3}
    labels = segment(large, "sam", parameters | {"quality": 0.0, "stability": 0.0, "cache_megabytes": 0})
    assert (labels.shape, labels.dtype, labels.min()) == ((3464, 4619), np.int32, 1)
    assert connected_label(labels, background=0, connectivity=1).max() == labels.max()
