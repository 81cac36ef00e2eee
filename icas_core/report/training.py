"""Show how a training went: its losses over the epochs, and pictures beside what the model makes of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from icas_core.tables import written_atomically

_COLUMNS = 6  # pairs a row of the sheet
_SIDE = 96  # of a picture on the sheet, at least
_GAP = 8


def write_losses(losses: Sequence[tuple[float, float]], path: Path | str) -> None:
    """Write a CSV of epoch (from 1 on), training and validation loss."""
    with written_atomically(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["epoch", "training", "validation"])
        rows.writerows((epoch, *pair) for epoch, pair in enumerate(losses, start=1))


def plot_losses(losses: Sequence[tuple[float, float]], best_epoch: int, path: Path | str, *, name: str) -> None:
    """Draw both losses over the epochs as a PNG, the epoch marked whose weights are kept."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    epochs = range(1, len(losses) + 1)
    for label, values in zip(("training", "validation"), zip(*losses, strict=True), strict=True):
        axes.plot(epochs, values, marker="o", markersize=3, label=label)
    axes.axvline(best_epoch, color="grey", linestyle=":", label=f"kept: epoch {best_epoch}")
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"{name} loss")
    if all(value > 0 for pair in losses for value in pair):
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    with written_atomically(path) as file:
        figure.savefig(file, format="png", dpi=120)


def draw_reconstructions(originals: np.ndarray, rebuilt: np.ndarray, path: Path | str) -> None:
    """Write a sheet of pairs as a PNG: each original with the picture that was rebuilt from its code to its right.

    originals, rebuilt: (n, height, width, 3) uint8 RGB. Small pictures are enlarged by whole factors.
    """
    from PIL import Image

    count, height, width, _ = originals.shape
    factor = max(1, -(-_SIDE // max(height, width)))
    high, wide = height * factor, 2 * width * factor
    rows = -(-count // _COLUMNS)
    columns = min(count, _COLUMNS)
    sheet = np.full((rows * (high + _GAP) + _GAP, columns * (wide + _GAP) + _GAP, 3), 255, np.uint8)
    for number, pair in enumerate(zip(originals, rebuilt, strict=True)):
        row, column = divmod(number, _COLUMNS)
        top, left = _GAP + row * (high + _GAP), _GAP + column * (wide + _GAP)
        both = np.concatenate(pair, axis=1)
        sheet[top : top + high, left : left + wide] = both.repeat(factor, axis=0).repeat(factor, axis=1)
    with written_atomically(path) as file:
        Image.fromarray(sheet).save(file, format="PNG")
