"""Networks of torch as embedders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from icas_core.deep.autoencoder import Autoencoder
from icas_core.deep.backbones import EfficientNetLite0, Torchvision
from icas_core.deep.choices import Choice
from icas_core.deep.embedders import Embedder
from icas_core.deep.own import own_module
from icas_core.errors import IcasError
from icas_core.weights import device_of, fit, read_checkpoint


def load_network(choice: Choice, *, checkpoint: Path | str | None, device: str, threads: int) -> Embedder:
    """The embedder of a network; its pictures are (n, 3, height, width) float32 RGB in 0..1."""
    torch.set_num_threads(max(1, threads))
    content = read_checkpoint(checkpoint) if checkpoint else {}
    ours = content.keys() >= {"icas", "model", "size", "code", "state"}
    if ours and content["model"] != choice.name:
        raise IcasError(f"deep.checkpoint: {checkpoint}: of the model {content['model']}; deep.model is {choice.name}")
    network = _network(choice, content if ours else {}, checkpoint)
    if content:
        fit(network, content["state"] if ours else content, checkpoint or "")
    size = tuple(content["size"]) if ours else getattr(network, "size", None)
    size_of = (lambda own: size) if size else choice.size_of
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

    return Embedder(embed, size_of, only=choice.kind == "autoencoder")


def _network(choice: Choice, ours: Mapping[str, Any], checkpoint: Path | str | None) -> nn.Module:
    if choice.kind == "efficientnet_lite0":
        return EfficientNetLite0()
    if choice.kind == "torchvision":
        return Torchvision(choice.name)
    if choice.file is not None:
        return own_module(choice.file, choice.name, methods=("forward", "embed"), key="deep.model")
    if not ours:
        found = f"{checkpoint}: not written by the rule train" if checkpoint else "found none"
        raise IcasError(f"deep.checkpoint: {found}; the autoencoder needs one that train has written")
    return Autoencoder(tuple(ours["size"]), ours["code"])
