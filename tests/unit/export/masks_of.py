"""Masks that polygons have always had trouble with."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def drawn(*rows: str) -> np.ndarray:
    return np.array([[pixel == "#" for pixel in row] for row in rows])


NAMED = {
    "a pixel": drawn("...", ".#.", "..."),
    "the whole picture": np.ones((5, 7), bool),
    "a line": drawn("#######"),
    "a column": drawn("#", "#", "#"),
    "corners that touch": drawn("##..", "##..", "..##", "..##"),
    "a hole": drawn("#####", "#...#", "#...#", "#####"),
    "a hole of a pixel at a thin wall": drawn("###", "#.#", "###"),
    "a hole that touches the outside at a corner": drawn("#####", "#..##", "#..##", "###..", "##..."),
    "holes above one another": drawn("#####", "##.##", "#####", "##.##", "#####", "#...#", "#####"),
    "holes that touch at corners": drawn("#####", "#.###", "##.##", "###.#", "#####"),
    "a ring in a ring": drawn("#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"),
    "parts": drawn("##..##", "##..##", "......", "##..##"),
    "a comb": drawn("#######", "#.#.#.#", "#.#.#.#"),
    "a diagonal": np.eye(9, dtype=bool),
    "a chessboard": np.indices((9, 10)).sum(axis=0) % 2 == 0,
}


def blobs(seed: int, height: int = 60, width: int = 80) -> np.ndarray:
    """Parts with ragged edges and holes of all sizes."""
    random = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(random.random((height, width)), random.uniform(0.4, 3))
    return noise > np.quantile(noise, random.uniform(0.1, 0.9))


ALL = {**NAMED, **{f"blobs {seed}": blobs(seed) for seed in range(12)}}
