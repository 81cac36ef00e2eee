"""Train a model to rebuild pictures, epoch after epoch; a killed training goes on from its last epoch."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from icas_core.deep.dataset import Dataset
from icas_core.deep.losses import Loss
from icas_core.deep.warping import warped
from icas_core.errors import IcasError
from icas_core.tables import written_atomically
from icas_core.weights import read_checkpoint

LOG = logging.getLogger(__name__)
_STEPS = 1200
_LEAST_EPOCHS, _MOST_EPOCHS = 10, 100
_RISE = 0.25  # of the epochs, until the learning rate is highest
_VALIDATION = 1_000_003  # the lots of the pictures to judge by are the same in every epoch


@dataclass(frozen=True)
class Schedule:
    """How a model learns: what decides the result beside the model, the pictures and the loss.

    patience: epochs without a better validation loss after which it ends early. learning_rate: the highest of one
    cycle (OneCycleLR), reached after a quarter of the epochs. batch: pictures a step. warp: see `warped`.
    """

    epochs: int
    patience: int
    learning_rate: float
    batch: int
    warp: float
    seed: int


@dataclass
class Progressed:
    """How far a training is: the epochs' (training, validation) losses, and the best epoch's weights."""

    losses: list[tuple[float, float]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)

    @property
    def best_epoch(self) -> int:
        """The epoch of the least validation loss, from 1 on; 0 where no loss is a number."""
        finite = [(loss, epoch) for epoch, (_, loss) in enumerate(self.losses, start=1) if math.isfinite(loss)]
        return min(finite, default=(0.0, 0))[1]


class Training:
    """One model, its optimizer and how far they are; `run` carries them to the end."""

    def __init__(self, model: nn.Module, loss: Loss, schedule: Schedule, device: torch.device) -> None:
        self.model, self.loss, self.schedule, self.device = model.to(device), loss, schedule, device
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=schedule.learning_rate, weight_decay=0.01)
        self.scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")
        self.progressed = Progressed()

    def run(self, dataset: Dataset, state: Path, recipe: Mapping[str, Any], progress: Any = None) -> Progressed:
        """Train to the end, or until `patience` epochs brought nothing better; the model then has its best weights.

        state: where each epoch's state is kept, atomically; with the same `recipe` a training goes on from there.
        progress: an object with .advance(n), told of pictures. IcasError where the loss never is a number.
        """
        self._resume(state, recipe)
        if progress is not None:
            progress.advance(len(dataset.training) * len(self.progressed.losses))
        cycle = self._cycle(math.ceil(len(dataset.training) / self.schedule.batch))
        while not self._ended():
            epoch = len(self.progressed.losses) + 1
            learnt = self._learn(dataset.training, epoch, cycle, progress)
            judged = self._judge(dataset.validation)
            self.progressed.losses.append((learnt, judged))
            LOG.info("epoch %d: training loss %.5g, validation loss %.5g", epoch, learnt, judged)
            if self.progressed.best_epoch == epoch:
                self.progressed.best = {name: value.cpu().clone() for name, value in self.model.state_dict().items()}
            self._keep(state, recipe)
        if not self.progressed.best:
            raise IcasError(
                f"deep.learning_rate: found {self.schedule.learning_rate}, with which the loss is no number; "
                "accepted: a lower one"
            )
        self.model.load_state_dict(self.progressed.best)
        return self.progressed

    def _cycle(self, steps: int) -> OneCycleLR:
        """The learning rate's cycle over all epochs, at the place where the training is."""
        highest = self.schedule.learning_rate
        total = max(8, steps * self.schedule.epochs)
        done = steps * len(self.progressed.losses)
        for group in self.optimizer.param_groups:
            group.setdefault("initial_lr", highest)
        return OneCycleLR(self.optimizer, highest, total_steps=total, pct_start=_RISE, last_epoch=done - 1)

    def _ended(self) -> bool:
        done = len(self.progressed.losses)
        return done >= self.schedule.epochs or done - self.progressed.best_epoch >= self.schedule.patience

    def _learn(self, pictures: torch.Tensor, epoch: int, cycle: OneCycleLR, progress: Any) -> float:
        """One epoch; its lots depend on the seed and the epoch only, so that going on later changes nothing."""
        seed = self.schedule.seed * _VALIDATION + epoch
        torch.manual_seed(seed)
        lots = torch.Generator().manual_seed(seed)
        self.model.train()
        total = 0.0
        for rows in batches_of(torch.randperm(len(pictures), generator=lots), self.schedule.batch):
            with torch.autocast(self.device.type, enabled=self.device.type == "cuda"):
                loss = self._loss(pictures[rows], lots)
            self.optimizer.zero_grad(set_to_none=True)
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimizer)
            self.scaler.update()
            cycle.step()
            total += float(loss.detach()) * len(rows)
            if progress is not None:
                progress.advance(len(rows))
        return total / len(pictures)

    @torch.no_grad()
    def _judge(self, pictures: torch.Tensor) -> float:
        lots = torch.Generator().manual_seed(_VALIDATION)
        self.model.eval()
        rows = batches_of(torch.arange(len(pictures)), self.schedule.batch)
        return sum(float(self._loss(pictures[some], lots)) * len(some) for some in rows) / len(pictures)

    def _loss(self, pictures: torch.Tensor, lots: torch.Generator) -> torch.Tensor:
        original = pictures.to(self.device).float() / 255
        rebuilt = self.model(warped(original, self.schedule.warp, lots))
        if getattr(rebuilt, "shape", None) != original.shape:
            shape = tuple(getattr(rebuilt, "shape", ())) or type(rebuilt).__name__
            raise IcasError(f"deep.model: forward gave {shape}; accepted: what it was given, {tuple(original.shape)}")
        return self.loss(rebuilt, original)

    def _keep(self, state: Path, recipe: Mapping[str, Any]) -> None:
        parts = {name: getattr(self, name).state_dict() for name in ("model", "optimizer", "scaler")}
        kept = {"recipe": dict(recipe), "losses": self.progressed.losses, "best": self.progressed.best, **parts}
        with written_atomically(state) as file:
            torch.save(kept, file)

    def _resume(self, state: Path, recipe: Mapping[str, Any]) -> None:
        if not state.exists():
            return
        kept = read_checkpoint(state, "train")
        if kept.get("recipe") != dict(recipe):
            LOG.info("%s: of a training with other settings; starting anew", state)
            return
        for name in ("model", "optimizer", "scaler"):
            getattr(self, name).load_state_dict(copy.deepcopy(kept[name]))
        self.progressed = Progressed([tuple(pair) for pair in kept["losses"]], kept["best"])
        LOG.info("going on after epoch %d of an earlier run", len(self.progressed.losses))


def usual_epochs(pictures: int, batch: int) -> int:
    """How many epochs to learn for: many of few pictures, few of many, so that the steps are enough."""
    return min(_MOST_EPOCHS, max(_LEAST_EPOCHS, math.ceil(_STEPS * batch / max(1, pictures))))


def batches_of(rows: torch.Tensor, size: int) -> Iterator[torch.Tensor]:
    """The rows in batches of nearly one size, `size` at most: never one of a single row among larger ones."""
    return iter(torch.tensor_split(rows, max(1, math.ceil(len(rows) / size))))
