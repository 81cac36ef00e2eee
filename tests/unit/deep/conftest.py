"""What the tests of deep models share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.workflow.runs import add_pictures

OWN = Path(__file__).parent / "own_models.py"


@pytest.fixture(autouse=True)
def _one_thread():
    """The same numbers on every machine, and no more cores than one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def small_pictures(tmp_path_factory) -> tuple[Path, list[str]]:
    """A folder of 30 pictures of 32 pixels a side, and their names."""
    folder = tmp_path_factory.mktemp("small")
    return folder, add_pictures(folder, scenes=10, copies=3, side=32)


@pytest.fixture
def tensors() -> torch.Tensor:
    """(24, 3, 16, 16) uint8 pictures of a bright square somewhere."""
    rng = np.random.default_rng(3)
    pictures = np.zeros((24, 3, 16, 16), np.uint8)
    for picture in pictures:
        row, column = rng.integers(0, 10, 2)
        picture[:, row : row + 6, column : column + 6] = rng.integers(100, 256, (3, 1, 1))
    return torch.from_numpy(pictures)
