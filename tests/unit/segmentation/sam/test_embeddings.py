"""The cache of embeddings on disk."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from icas_core.segmentation.sam.embeddings import Embeddings

MEGABYTE = np.zeros(1 << 18, np.float32)


def test_an_embedding_comes_back_bit_for_bit(tmp_path: Path) -> None:
    kept = np.random.default_rng(0).normal(size=(1, 32, 8, 8)).astype(np.float32)
    Embeddings(tmp_path / "new" / "folder", 10).write("a", kept)
    found = Embeddings(tmp_path / "new" / "folder", 10).read("a")
    assert found.dtype == np.float32
    assert np.array_equal(found, kept)
    assert Embeddings(tmp_path, 10).read("other") is None


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    cache = Embeddings(tmp_path, 4)
    for number, name in enumerate("abc"):
        cache.write(name, MEGABYTE)
        os.utime(tmp_path / f"{name}.npy", ns=(0, number))
    cache.read("a")
    cache.write("d", MEGABYTE)
    assert cache.read("b") is None
    assert all(cache.read(name) is not None for name in "acd")
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 4 << 20


def test_what_is_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    Embeddings(tmp_path / "cache", 0).write("a", MEGABYTE)
    assert not (tmp_path / "cache").exists()


def test_a_damaged_embedding_is_made_anew(tmp_path: Path) -> None:
    cache = Embeddings(tmp_path, 10)
    for damage in (b"", b"\x93NUMPY\x01\x00", np.array([{}], object).dumps()):
        (tmp_path / "a.npy").write_bytes(damage)
        assert cache.read("a") is None
        assert not (tmp_path / "a.npy").exists()


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = Embeddings(tmp_path / "file" / "cache", 10)
    cache.write("a", MEGABYTE)
    assert cache.read("a") is None


@given(st.integers(0, 255), st.sampled_from(["one", "other"]))
def test_each_picture_and_model_has_its_own_name(value: int, model: str) -> None:
    pixels = np.full((3, 4, 3), value, np.uint8)
    key = Embeddings.key(pixels, model)
    assert key == Embeddings.key(pixels.copy(), model)
    assert key != Embeddings.key(pixels.reshape(4, 3, 3), model)
    assert key != Embeddings.key(pixels ^ np.uint8(1), model)
    assert key != Embeddings.key(pixels, model + "s")
