from __future__ import annotations

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from icas_core.similarity import hashing

SHAPES = [(100, 100), (60, 80), (200, 50), (31, 240), (64, 64), (40, 90), (300, 7), (1, 1), (2, 500)]


def library(picture: np.ndarray, hash_size: int, highfreq_factor: int) -> np.ndarray:
    return imagehash.phash(Image.fromarray(picture), hash_size=hash_size, highfreq_factor=highfreq_factor).hash


def awkward(rng: np.random.Generator, height: int, width: int) -> list[np.ndarray]:
    """Noise, and pictures whose coefficients are zero or equal to one another."""
    noise = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    step = np.zeros_like(noise)
    step[: height // 2] = 255
    ramp = np.broadcast_to(np.linspace(0, 255, width).astype(np.uint8)[:, None], noise.shape)
    mirrored = np.maximum(noise, noise[:, ::-1])
    grey = np.full_like(noise, int(rng.integers(256)))
    return [
        noise,
        (noise > 127).astype(np.uint8) * 255,
        step,
        ramp,
        mirrored,
        np.maximum(mirrored, mirrored[::-1]),
        grey,
    ]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("hash_size", "highfreq_factor"), [(10, 4), (16, 4), (8, 8), (2, 1), (7, 3)])
def test_the_bits_are_those_of_imagehash_whatever_the_shape(shape, hash_size, highfreq_factor, monkeypatch):
    monkeypatch.setattr(hashing, "_ORDERS", {})
    rng = np.random.default_rng(hash_size)
    for _ in range(3):
        for picture in awkward(rng, *shape):
            found = hashing.hash_bits(np.ascontiguousarray(picture), hash_size, highfreq_factor)
            np.testing.assert_array_equal(found, library(np.ascontiguousarray(picture), hash_size, highfreq_factor))


def test_the_bits_are_those_of_imagehash_on_photographs(pictures):
    for picture in pictures.values():
        for hash_size in (8, 10, 16, 33):
            for _ in range(2):
                np.testing.assert_array_equal(hashing.hash_bits(picture, hash_size, 4), library(picture, hash_size, 4))


@settings(max_examples=60, deadline=None)
@given(small=arrays(np.uint8, (32, 32), elements=st.sampled_from([0, 1, 128, 254, 255])))
def test_coefficients_that_tie_are_decided_as_the_library_decides_them(small):
    from scipy.fftpack import dct

    low = dct(dct(small, axis=0), axis=1)[:8, :8]
    np.testing.assert_array_equal(hashing.bits_of(small, 8), low > np.median(low))


def test_the_resize_of_a_shape_is_ours_once_a_picture_has_shown_that_both_agree(monkeypatch):
    monkeypatch.setattr(hashing, "_ORDERS", {})
    rng = np.random.default_rng(3)
    for shape in ((90, 120, 3), (400, 60, 3)):
        hashing.hash_bits(rng.integers(0, 256, shape, dtype=np.uint8), 10, 4)
        assert hashing._ORDERS[(*shape[:2], 40)] in ("across", "down")


def test_a_library_that_resizes_otherwise_is_used_itself(monkeypatch):
    monkeypatch.setattr(hashing, "_ORDERS", {})
    monkeypatch.setattr(hashing, "_resized", lambda grey, side, order: np.zeros((side, side), np.uint8))
    rng = np.random.default_rng(4)
    for _ in range(2):
        picture = rng.integers(0, 256, (90, 120, 3), dtype=np.uint8)
        np.testing.assert_array_equal(hashing.hash_bits(picture, 10, 4), library(picture, 10, 4))
    assert set(hashing._ORDERS.values()) == {"library"}
