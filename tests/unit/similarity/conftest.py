"""Pictures that every method is tried on: photographs, and the awkward ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image


def _photographs() -> dict[str, np.ndarray]:
    names = ("astronaut", "chelsea", "coffee", "rocket")
    photos = {name: np.ascontiguousarray(getattr(skimage.data, name)()[..., :3]) for name in names}
    rng = np.random.default_rng(5)
    chelsea = photos["chelsea"].astype(np.int16)
    photos["chelsea_noisy"] = np.clip(chelsea + rng.normal(0, 8, chelsea.shape), 0, 255).astype(np.uint8)
    photos["chelsea_bright"] = np.clip(chelsea * 1.2, 0, 255).astype(np.uint8)
    photos["coffee_crop"] = np.ascontiguousarray(photos["coffee"][30:-30, 40:-40])
    photos["rocket_mirrored"] = np.ascontiguousarray(photos["rocket"][:, ::-1])
    return photos


def _awkward() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(6)
    step = np.zeros((60, 80, 3), np.uint8)
    step[:, 40:] = 255
    return {
        "black": np.zeros((60, 80, 3), np.uint8),
        "white": np.full((60, 80, 3), 255, np.uint8),
        "grey": np.full((60, 80, 3), 90, np.uint8),
        "step": step,
        "noise": rng.integers(0, 256, (60, 80, 3), dtype=np.uint8),
        "dark_noise": rng.integers(0, 3, (60, 80, 3), dtype=np.uint8),
    }


@pytest.fixture(scope="session")
def pictures() -> dict[str, np.ndarray]:
    """(h, w, 3) uint8 RGB pictures by name."""
    return {**_photographs(), **_awkward()}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, pictures: dict[str, np.ndarray]) -> Path:
    """The same pictures as PNG files."""
    root = tmp_path_factory.mktemp("pictures")
    for name, picture in pictures.items():
        Image.fromarray(picture).save(root / f"{name}.png")
    return root


@pytest.fixture(scope="session")
def names(pictures: dict[str, np.ndarray]) -> list[str]:
    """The files in `folder`, sorted."""
    return sorted(f"{name}.png" for name in pictures)
