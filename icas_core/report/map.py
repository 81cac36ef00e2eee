"""Draw a map of pictures: near one another where they are alike, framed in the colour of their cluster."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from icas_core.errors import RejectedPicture
from icas_core.tables import OUTLIER, written_atomically
from icas_core.thumbnails import thumbnail

_SIDE = 64  # pixels of a thumbnail's longer side
_APART = 0.045  # thumbnails' least distance, as a share of the map
_SHOWN = 250
_GREY = "#9a9a9a"


def draw_map(
    places: np.ndarray,
    numbers: Sequence[int],
    paths: Sequence[str],
    root: Path | str,
    path: Path | str,
    *,
    axes_of: str,
) -> None:
    """Write a map as a PNG: a dot for each picture and, where there is room, the picture itself.

    places: (n, 2). numbers: each picture's cluster, −1 for outliers, which are grey. paths: below `root`. axes_of: what
    the two directions are, for the caption.
    """
    from matplotlib.figure import Figure
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage
    from PIL import Image

    clusters = np.asarray(numbers, np.int64)
    figure = Figure(figsize=(11, 11), layout="constrained")
    axes = figure.subplots()
    colours = [_colour(number) for number in clusters]
    axes.scatter(places[:, 0], places[:, 1], s=9, c=colours, linewidths=0, alpha=0.8)
    for row in _spread(places, clusters):
        try:
            picture = Image.open(io.BytesIO(thumbnail(Path(root) / paths[row], _SIDE)))
        except RejectedPicture:
            continue
        box = OffsetImage(np.asarray(picture.convert("RGB")), zoom=0.5)
        frame = {"edgecolor": colours[row], "linewidth": 1.6, "boxstyle": "square,pad=0.05"}
        axes.add_artist(AnnotationBbox(box, places[row], frameon=True, bboxprops=frame, pad=0.1))
    shown = [number for number in np.unique(clusters) if number != OUTLIER][:20]
    for number in shown:
        axes.scatter([], [], s=30, color=_colour(number), label=f"cluster {number}")
    if (clusters == OUTLIER).any():
        axes.scatter([], [], s=30, color=_GREY, label="outliers")
    axes.legend(fontsize=8, ncols=2, framealpha=0.8)
    axes.set_xlabel(axes_of)
    axes.set_xticks([])
    axes.set_yticks([])
    with written_atomically(path) as file:
        figure.savefig(file, format="png", dpi=100)


def _colour(number: int) -> str:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return _GREY if number == OUTLIER else to_hex(colormaps["tab20"](_ORDER[(int(number) - 1) % 20]))


# The strong colours of the map first, then their pale neighbours.
_ORDER = (*(0, 2, 4, 6, 8, 10, 12, 16, 18), *(1, 3, 5, 7, 9, 11, 13, 17, 19), 14, 15)


def _spread(places: np.ndarray, clusters: np.ndarray) -> list[int]:
    """The rows of pictures that do not cover one another, each cluster's in turn."""
    if not len(places):
        return []
    extent = np.ptp(places, axis=0)
    scaled = (places - places.min(axis=0)) / np.where(extent > 0, extent, 1)
    order = np.random.default_rng(0).permutation(len(places))
    turn = np.zeros(len(places), np.int64)
    for number in np.unique(clusters):
        members = order[clusters[order] == number]
        turn[members] = np.arange(len(members))
    kept: list[int] = []
    for row in sorted(order.tolist(), key=lambda row: turn[row]):
        if all(np.abs(scaled[row] - scaled[other]).max() >= _APART for other in kept):
            kept.append(row)
        if len(kept) == _SHOWN:
            break
    return kept
