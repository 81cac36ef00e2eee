"""The autoencoder: any size of pictures, and nothing but the code between its halves."""

from __future__ import annotations

import pytest
import torch

from icas_core.deep.autoencoder import Autoencoder


@pytest.mark.parametrize("size", [(16, 16), (32, 32), (64, 64), (48, 32), (33, 47), (100, 17), (96, 130)])
def test_pictures_come_back_at_their_size(size: tuple[int, int]) -> None:
    model = Autoencoder(size, code=10).eval()
    pictures = torch.rand(2, 3, size[1], size[0])
    assert model.embed(pictures).shape == (2, 10)
    assert model(pictures).shape == pictures.shape


def test_a_picture_is_rebuilt_from_its_code_alone() -> None:
    model = Autoencoder((32, 32), code=16).eval()
    pictures = torch.rand(4, 3, 32, 32)
    rebuilt = model(pictures)
    codes = model.encode(pictures).clone()
    model.encode(torch.rand(4, 3, 32, 32))  # would leave other indices behind, if there were any
    torch.testing.assert_close(model.rebuild(codes), rebuilt)
    assert codes.numel() < pictures.numel() / 100


def test_it_is_compact() -> None:
    assert sum(weights.numel() for weights in Autoencoder((64, 64), code=64).parameters()) < 1_500_000
