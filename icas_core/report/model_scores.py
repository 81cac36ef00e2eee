"""Draw the scores of clustering models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from icas_core.tables import written_atomically

_SCORES = {
    "silhouette": "silhouette (larger is better)",
    "davies_bouldin": "Davies-Bouldin (smaller is better)",
    "calinski_harabasz": "Calinski-Harabasz (larger is better)",
}
_COLOURS = {
    "kmeans": "#0072b2",
    "agglomerative": "#d55e00",
    "dbscan": "#009e73",
    "gaussian_mixture": "#cc79a7",
    "hdbscan": "#e69f00",
}


def plot_scores(rows: Sequence[Mapping[str, str]], path: Path | str) -> None:
    """Draw a table of model scores (its rows as texts) as a PNG: each score over the number of clusters.

    Clusterings that were refused are pale, the chosen ones circled.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(12, 4), layout="constrained")
    several = figure.subplots(1, len(_SCORES))
    for axes, (score, title) in zip(several, _SCORES.items(), strict=True):
        for model in dict.fromkeys(row["model"] for row in rows):
            own = [row for row in rows if row["model"] == model and row[score]]
            for refused, alpha in ((False, 0.9), (True, 0.2)):
                shown = [row for row in own if bool(row["refused"]) == refused]
                places = [int(row["clusters"]) for row in shown], [float(row[score]) for row in shown]
                label = None if refused else model.replace("_", " ")
                axes.scatter(*places, s=18, alpha=alpha, color=_COLOURS.get(model), linewidths=0, label=label)
        chosen = [row for row in rows if row["chosen"] == "1" and row[score]]
        places = [int(row["clusters"]) for row in chosen], [float(row[score]) for row in chosen]
        axes.scatter(*places, s=110, facecolors="none", edgecolors="black", linewidths=1.2, label="chosen")
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("clusters")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    several[0].legend(frameon=False, fontsize=8)
    with written_atomically(path) as file:
        figure.savefig(file, format="png", dpi=110)
