"""Small warps, which a model learns to undo: two views of one thing then get nearly one code."""

from __future__ import annotations

import torch
from torch import nn


def warped(pictures: torch.Tensor, amount: float, lots: torch.Generator) -> torch.Tensor:
    """(n, 3, height, width) pictures, each turned, stretched, sheared and moved a little by lot.

    amount: the most that a picture is moved, as a share of half its side, and the most that it is stretched; it is
    turned by twice as many radians at most. The border is continued outwards.
    """
    if not amount:
        return pictures
    by_lot = torch.rand(6, len(pictures), generator=lots) * 2 - 1
    angle, shear = by_lot[0] * 2 * amount, by_lot[1] * 2 * amount
    wide, tall = torch.exp(by_lot[2:4] * amount)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    rows = [torch.stack([cosine * wide, shear - sine * wide, by_lot[4] * amount], 1)]
    rows.append(torch.stack([sine * tall, cosine * tall, by_lot[5] * amount], 1))
    maps = torch.stack(rows, 1).to(pictures.device)
    grid = nn.functional.affine_grid(maps, list(pictures.shape), align_corners=False)
    return nn.functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
