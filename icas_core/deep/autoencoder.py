"""A compact autoencoder: all that the decoder sees of a picture is its code."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

_SMALLEST = 4  # the side of the smallest feature map, about
_WIDTH = 32  # channels of the first and largest map; each smaller one has twice as many, up to
_WIDEST = 128


class Autoencoder(nn.Module):
    """Convolutions down to a code, transposed convolutions back up.

    Pictures are (n, 3, height, width) float32 RGB in 0..1, of the one `size` = (width, height); codes are (n, code).
    No pooling indices and no skip connections: a picture can be rebuilt from its code alone.
    """

    def __init__(self, size: tuple[int, int], code: int) -> None:
        super().__init__()
        width, height = size
        maps = [(height, width)]
        while min(maps[-1]) > _SMALLEST * 3 // 2:
            maps.append((-(-maps[-1][0] // 2), -(-maps[-1][1] // 2)))
        channels = [3, *(min(_WIDTH * 2**level, _WIDEST) for level in range(len(maps) - 1))]
        self.shape = (channels[-1], *maps[-1])
        inner = channels[-1] * maps[-1][0] * maps[-1][1]
        pairs = list(pairwise(channels))
        self.encoder = nn.Sequential(*(_down(*pair) for pair in pairs), nn.Flatten(), nn.Linear(inner, code))
        self.widening = nn.Sequential(nn.Linear(code, inner), nn.GELU())
        steps = list(zip(reversed(pairs), reversed(maps[:-1]), reversed(maps[1:]), strict=True))
        self.decoder = nn.Sequential(*(_up(b, a, small, large) for (a, b), large, small in steps))

    def encode(self, pictures: torch.Tensor) -> torch.Tensor:
        """The codes of pictures."""
        return self.encoder(pictures - 0.5)

    def embed(self, pictures: torch.Tensor) -> torch.Tensor:
        """The codes of pictures, each of length 1: how strongly a picture shows something has no part in what it is."""
        return nn.functional.normalize(self.encode(pictures))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """The pictures, rebuilt from their codes."""
        return self.rebuild(self.encode(pictures))

    def rebuild(self, codes: torch.Tensor) -> torch.Tensor:
        """Pictures from codes."""
        return torch.sigmoid(self.decoder(self.widening(codes).unflatten(1, self.shape)))


def _down(before: int, after: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.GELU())


def _up(before: int, after: int, small: tuple[int, int], large: tuple[int, int]) -> nn.Module:
    """To twice the size; where the larger map has an odd side, one row or column less."""
    odd = (2 * small[0] - large[0], 2 * small[1] - large[1])
    # A transposed convolution of 4 x 4 gives 2 a + 2 - 2 padding + output_padding rows of a.
    rows = nn.ConvTranspose2d(
        before, after, 4, stride=2, padding=(1 + odd[0], 1 + odd[1]), output_padding=odd, bias=after == 3
    )
    return rows if after == 3 else nn.Sequential(rows, nn.BatchNorm2d(after), nn.GELU())
