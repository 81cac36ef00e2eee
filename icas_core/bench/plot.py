"""Draw how a search grows with the number of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from icas_core.tables import written_atomically


def plot_growth(points: Sequence[Mapping[str, Any]], rates: Mapping[str, float], path: Path) -> None:
    """Write a log-log plot: pairs compared in full, and CPU seconds, over pictures.

    points: method, pictures, seconds, compared. rates: pairs a CPU second of each method's library.
    """
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    compared, seconds = figure.subplots(1, 2)
    pictures = np.array([1000, 100_000])
    pairs = pictures * (pictures - 1) / 2
    compared.plot(pictures, pairs, "k--", linewidth=1, label="N (N - 1) / 2, as the original")
    for colour, method in enumerate(dict.fromkeys(point["method"] for point in points)):
        own = [point for point in points if point["method"] == method]
        at = [point["pictures"] for point in own]
        style = {"color": f"C{colour}", "marker": "o"}
        compared.plot(at, [max(point["compared"], 1) for point in own], label=method, **style)
        seconds.plot(at, [point["seconds"] for point in own], label=method, **style)
        if method in rates:
            label = f"{method}, the library for each pair"
            seconds.plot(pictures, pairs / rates[method], "--", color=f"C{colour}", linewidth=1, label=label)
    compared.set(title="pairs compared in full", ylabel="pairs")
    seconds.set(title="one search for edges, one core", ylabel="CPU seconds")
    for axes in (compared, seconds):
        axes.set(xscale="log", yscale="log", xlabel="pictures")
        axes.grid(alpha=0.3, which="both")
        axes.legend(fontsize="small")
    with written_atomically(path) as file:
        figure.savefig(file, format="png", dpi=120)
