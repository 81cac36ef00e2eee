"""Polygons give the mask back, holes, thin lines and single pixels included."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from masks_of import ALL
from PIL import Image, ImageDraw
from pycocotools import mask as coco

from icas_core.export.polygons import centre_polygons, outline_polygons


def by_opencv(polygons: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    filled = np.zeros(shape, np.uint8)
    for polygon in polygons:
        cv2.fillPoly(filled, [polygon], 1)
    return filled > 0


def by_pillow(polygons: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    filled = Image.new("1", shape[::-1])
    for polygon in polygons:
        ImageDraw.Draw(filled).polygon([tuple(point) for point in polygon.tolist()], fill=1, outline=1)
    return np.asarray(filled)


def by_pycocotools(polygons: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    runs = coco.frPyObjects([polygon.ravel().astype(float).tolist() for polygon in polygons], *shape)
    return coco.decode(coco.merge(runs)) > 0


FILLED = {"cv2": (centre_polygons, by_opencv), "Pillow": (centre_polygons, by_pillow)}
FILLED["pycocotools"] = (outline_polygons, by_pycocotools)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("library", FILLED)
def test_a_filled_polygon_is_the_mask(name: str, library: str) -> None:
    polygons_of, filled = FILLED[library]
    polygons = polygons_of(ALL[name])
    assert all(len(polygon) >= 3 for polygon in polygons)
    assert len(polygons) == cv2.connectedComponents(ALL[name].astype(np.uint8), connectivity=8)[0] - 1
    assert np.array_equal(filled(polygons, ALL[name].shape), ALL[name])


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(sorted(FILLED)), st.integers(1, 12), st.integers(1, 12))
def test_any_mask_comes_back(data: st.DataObject, library: str, height: int, width: int) -> None:
    mask = data.draw(arrays(bool, (height, width)))
    polygons_of, filled = FILLED[library]
    if mask.any():
        assert np.array_equal(filled(polygons_of(mask), mask.shape), mask)
    else:
        assert polygons_of(mask) == []


@pytest.mark.parametrize("name", ALL)
def test_outlines_filled_in_another_way_stay_within_a_pixel_of_the_edge(name: str) -> None:
    mask = ALL[name].astype(np.uint8)
    filled = by_opencv(outline_polygons(ALL[name]), mask.shape)
    near = np.ones((3, 3), np.uint8)
    assert not (filled & (cv2.dilate(mask, near) == 0)).any()
    assert not (~filled & (cv2.erode(mask, near, borderValue=0) > 0)).any()
