"""Networks of torch as embedders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from icas_core.deep.backbones import EfficientNetLite0, Torchvision
from icas_core.deep.choices import Choice
from icas_core.deep.embedders import Embedder
from icas_core.deep.own import own_module
from icas_core.deep.weights import device_of, fit, read_checkpoint
from icas_core.errors import IcasError


def load_network(choice: Choice, *, checkpoint: Path | str | None, device: str, threads: int) -> Embedder:
    """The embedder of a network; its pictures are (n, 3, height, width) float32 RGB in 0..1."""
    torch.set_num_threads(max(1, threads))
    size_of = choice.size_of
    if choice.kind == "efficientnet_lite0":
        network: nn.Module = EfficientNetLite0()
    elif choice.kind == "torchvision":
        network = Torchvision(choice.name)
        side = network.side
        size_of = lambda own: (side, side)  # noqa: E731
    elif choice.file is not None:
        network = own_module(choice.file, choice.name, methods=("forward", "embed"), key="deep.model")
    else:
        raise IcasError(f"deep.model: {choice.name} is not there yet")
    if checkpoint:
        fit(network, read_checkpoint(checkpoint), checkpoint)
    there = device_of(device)
    network = network.eval().to(there)

    def embed(pictures: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            batch = torch.from_numpy(pictures).to(there).permute(0, 3, 1, 2).float() / 255
            rows: Any = network.embed(batch)  # type: ignore[operator]
            if not isinstance(rows, torch.Tensor) or rows.ndim != 2 or len(rows) != len(pictures):
                shape = tuple(getattr(rows, "shape", ())) or type(rows).__name__
                raise IcasError(
                    f"deep.model: embed gave {shape} for {len(pictures)} pictures; accepted: one row for each"
                )
            return rows.float().cpu().numpy()

    return Embedder(embed, size_of)
