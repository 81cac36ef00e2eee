"""Draw a method's curve over thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from icas_core.errors import IcasError
from icas_core.evaluate.scores import Score
from icas_core.tables import written_atomically


def plot_curve(scores: Sequence[Score], own: Score, path: str, *, title: str, axis: str) -> None:
    """Write precision, recall and F1 over the threshold as a picture, the threshold in use marked."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    kind = Path(path).suffix.lstrip(".").lower() or "png"
    if kind not in canvas.get_supported_filetypes():
        raise IcasError(f"plot: {path} has no known ending; accepted: .png, .pdf, .svg")
    axes = figure.add_subplot()
    at = [score.threshold for score in scores]
    for name, label in (("precision", "precision"), ("recall", "recall"), ("f1", "F1")):
        axes.plot(at, [getattr(score, name) for score in scores], label=label)
    axes.axvline(own.threshold, color="black", linewidth=0.8, linestyle="--", label=f"{axis} {own.threshold:g}")
    axes.set(xlabel=axis, ylabel="of pairs, after connected components", title=f"{title}: F1 {own.f1:.3f}")
    axes.grid(alpha=0.3)
    axes.legend()
    with written_atomically(path) as file:
        figure.savefig(file, format=kind, dpi=150)
