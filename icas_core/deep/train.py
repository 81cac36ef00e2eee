"""Make the checkpoint of a model that learns from the user's own pictures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from icas_core.deep.autoencoder import Autoencoder
from icas_core.deep.choices import Choice, choice_of
from icas_core.deep.dataset import Dataset, chosen, read_dataset, usual_size
from icas_core.deep.losses import loss_of
from icas_core.deep.own import own_module
from icas_core.deep.training import Schedule, Training, usual_epochs
from icas_core.errors import IcasError
from icas_core.logs import progress
from icas_core.tables import written_atomically
from icas_core.weights import device_of

LOG = logging.getLogger(__name__)
_SHOWN = 24


@dataclass(frozen=True)
class Trained:
    """What came of a training.

    losses: each epoch's (training, validation) loss. best_epoch: the one whose weights are kept, from 1 on.
    originals, rebuilt: (n, height, width, 3) uint8 RGB of some pictures that were not learnt from.
    checkpoint: what load_network takes.
    """

    losses: list[tuple[float, float]]
    best_epoch: int
    originals: np.ndarray
    rebuilt: np.ndarray
    checkpoint: dict[str, Any]

    def write(self, path: Path | str) -> None:
        """Write the checkpoint, atomically."""
        with written_atomically(path) as file:
            torch.save(self.checkpoint, file)


def train_model(
    root: Path | str,
    paths: Sequence[str],
    *,
    state: Path | str,
    model: str,
    size: object,
    code: int,
    loss: str,
    loss_model: str,
    loss_checkpoint: str,
    pictures: int,
    validation: float,
    epochs: int | str,
    device: str = "auto",
    threads: int = 1,
    **schedule: Any,
) -> Trained:
    """Train `model` on the pictures `paths` below `root`; with the files of a killed run in `state` it goes on.

    The arguments are those of the config section `deep`; size: "default" (32 or 64 pixels a side, as the pictures are
    small or not) or (width, height); epochs: "default" or a number. Raises IcasError for what does not fit together.
    """
    torch.set_num_threads(max(1, threads))
    choice, there = choice_of(model), device_of(device)
    some = chosen(paths, pictures)
    settled = usual_size(root, some) if size == "default" else (int(size[0]), int(size[1]))  # type: ignore[index]
    with progress(len(some), "read pictures to learn from") as bar:
        dataset = read_dataset(root, some, size=settled, validation=validation, threads=threads, progress=bar)
    count = usual_epochs(len(dataset.training), schedule["batch"]) if epochs == "default" else int(epochs)
    plan = Schedule(epochs=count, **schedule)
    torch.manual_seed(plan.seed)
    network = _network(choice, settled, code)
    measure = loss_of(loss, model=loss_model, checkpoint=loss_checkpoint, device=there)
    recipe = {"model": model, "size": settled, "code": code, "loss": loss, "loss_model": loss_model}
    # The epochs as they were asked for: a few more pictures must not end what was begun.
    recipe |= {"loss_checkpoint": loss_checkpoint, **vars(plan), "epochs": epochs}
    training = Training(network, measure, plan, there)
    with progress(plan.epochs * len(dataset.training), f"train {choice.name}") as bar:
        done = training.run(dataset, Path(state), recipe, bar)
    LOG.info("the weights of epoch %d are kept", done.best_epoch)
    originals, rebuilt = _rebuilt(network, dataset, there)
    checkpoint = {"icas": 1, "model": choice.name, "size": settled, "code": code, "state": done.best}
    return Trained(done.losses, done.best_epoch, originals, rebuilt, checkpoint)


def _network(choice: Choice, size: tuple[int, int], code: int) -> nn.Module:
    if choice.file is not None:
        network = own_module(choice.file, choice.name, methods=("forward", "embed"), key="deep.model")
        if not any(weights.requires_grad for weights in network.parameters()):
            raise IcasError(f"deep.train: {choice.name} has nothing to learn; accepted: never")
        return network
    return Autoencoder(size, code)


@torch.no_grad()
def _rebuilt(network: nn.Module, dataset: Dataset, device: torch.device) -> tuple[np.ndarray, np.ndarray]:
    shown = dataset.validation[:_SHOWN]
    made = network.eval()(shown.to(device).float() / 255).float().clamp(0, 1).cpu()
    return _as_pictures(shown), _as_pictures((made * 255).round().byte())


def _as_pictures(tensor: torch.Tensor) -> np.ndarray:
    return tensor.permute(0, 2, 3, 1).contiguous().numpy()
