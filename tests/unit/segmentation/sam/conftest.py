"""A Segment Anything model so small that a test makes its checkpoint: segment_anything's code, random weights."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from icas_core.segmentation.sam.model import Model, Sizes, load_model

TINY = Sizes(
    image=128,
    patch=16,
    width=64,
    depth=2,
    heads=2,
    global_attention=(1,),
    window=4,
    prompt_width=32,
    decoder_depth=2,
    decoder_heads=2,
    decoder_width=64,
    score_width=32,
)


def write_checkpoint(path: Path, seed: int = 0) -> Path:
    """Random weights of a TINY model, as torch.save writes them, and its sizes beside them."""
    import torch

    from icas_core.segmentation.sam.model import _built

    torch.manual_seed(seed)
    torch.save(_built(TINY).state_dict(), path)
    path.with_name(path.name + ".json").write_text(json.dumps(asdict(TINY)))
    return path


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("sam") / "tiny.pth")


@pytest.fixture
def model(checkpoint: Path) -> Model:
    return load_model(checkpoint, "described", "cpu")


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """(90, 120, 3) uint8 RGB: discs of several colours with a little noise."""
    rows, columns = np.mgrid[:90, :120]
    drawn = np.full((90, 120, 3), (60, 140, 70), float)
    for x, y, radius, colour in ((30, 30, 20, (200, 60, 40)), (85, 50, 28, (40, 60, 210)), (85, 50, 9, (250, 240, 90))):
        drawn[(rows - y) ** 2 + (columns - x) ** 2 <= radius**2] = colour
    return np.clip(drawn + np.random.default_rng(3).normal(0, 6, drawn.shape), 0, 255).astype(np.uint8)
