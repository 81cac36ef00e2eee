"""Draw docs/images/curve_<method>.png: what each threshold of a method finds, and how far false pairs spread.

    PYTHONPATH=. python docs/make_curves.py OUT --near IMAGES GROUNDTRUTH --hard IMAGES GROUNDTRUTH --distinct IMAGES

Near and hard are labelled folders, as `python -m icas_core.evaluate` takes them; of distinct every picture shows
something else. Measurements are kept in OUT as JSON and used again.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icas_core.batches import scan
from icas_core.evaluate.command import main as evaluate
from icas_core.similarity.registry import METHODS

DRAWN = ["ssim", "imagehash", "minhash", "orb", "tm"]  # embedding needs the extra `deep`
# What lets each method find mirrored and turned copies: orb needs no turned positions.
HARD = dict.fromkeys(METHODS, "all") | {"orb": "mirror"}


def main(arguments: list[str]) -> None:
    """Measure what is not measured yet, then draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--near", nargs=2, required=True, metavar=("IMAGES", "GROUNDTRUTH"))
    parser.add_argument("--hard", nargs=2, required=True, metavar=("IMAGES", "GROUNDTRUTH"))
    parser.add_argument("--distinct", type=Path, required=True, metavar="IMAGES")
    parser.add_argument("--method", nargs="*", default=DRAWN, choices=list(METHODS))
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    alone = given.out / "distinct.csv"
    with open(alone, "w", encoding="utf-8", newline="") as file:
        # A picture without a group is a group of its own.
        csv.writer(file).writerows([("path", "group"), *((each.path, "") for each in scan(given.distinct))])
    for method in given.method:
        near = measured(given.out, "near", *given.near, method)
        hard = measured(given.out, "hard", *given.hard, method, "--variants", HARD[method])
        distinct = measured(given.out, "distinct", given.distinct, alone, method)
        draw(method, near, hard, distinct, given.out / f"curve_{method}.png")


def measured(out: Path, name: str, images: Path | str, truth: Path | str, method: str, *more: str) -> dict[str, Any]:
    """What evaluate writes for this set and method."""
    file = out / f"{name}_{method}.json"
    threads = ("--threads", str(os.cpu_count() or 1))
    if not file.exists() and evaluate(
        [str(images), str(truth), "--method", method, "--json", str(file), *threads, *more]
    ):
        sys.exit(1)
    return json.loads(file.read_text(encoding="utf-8"))


def draw(method: str, near: dict[str, Any], hard: dict[str, Any], distinct: dict[str, Any], path: Path) -> None:
    """Two panels over the threshold: the scores, and false pairs with the largest cluster; the default marked."""
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    scores, false = figure.subplots(1, 2, sharex=True)
    for name, style in (("precision", ":"), ("recall", "--"), ("f1", "-")):
        label = "F1" if name == "f1" else name
        scores.plot(*column(near, name), f"C0{style}", label=f"near copies, {label}")
    scores.plot(*column(hard, "f1"), "C1-", label=f"hard set, F1 (variants={hard['variants']})")
    scores.set(ylabel="of pairs, after connected components", ylim=(0, 1.02), title=f"{method}: labelled copies")
    false.semilogy(*column(distinct, "false_pairs"), "C3-", label="false pairs, share of all")
    false.set(ylabel="share of pairs", ylim=(1e-8, 1), title=f"{method}: {distinct['pictures']:,} different pictures")
    largest = false.twinx()
    largest.semilogy(*column(distinct, "largest"), "C4-", label="largest cluster, pictures")
    largest.axhline(12, color="C4", linewidth=0.6, linestyle=":")
    largest.set(ylabel="pictures in the largest cluster", ylim=(1, distinct["pictures"] * 1.2))
    mark(scores, near, figure_of=near["default"]["f1"])
    mark(false, near)
    start = min(each["threshold"] for each in near["curve"] if each["f1"] > 0.05)
    scores.set_xlim(start, 1)
    scores.legend(loc="lower left", fontsize=8)
    false.legend(handles=[*false.get_lines()[:1], *largest.get_lines()[:1]], loc="lower left", fontsize=8)
    figure.savefig(path, dpi=110)


def column(measurement: dict[str, Any], name: str) -> tuple[list[float], list[float]]:
    """The curve of one score: thresholds, values; zeros, which a logarithmic axis cannot show, left out."""
    rows = [(row["threshold"], row[name]) for row in measurement["curve"] if row[name] > 0]
    return [at for at, _ in rows], [value for _, value in rows]


def mark(axes: Axes, near: dict[str, Any], figure_of: float | None = None) -> None:
    """A line at the default threshold, with its F1."""
    at = near["default"]["threshold"]
    axes.axvline(at, color="black", linewidth=0.8, linestyle="--")
    axes.set_xlabel(f"threshold; default {at:g}" + (f", F1 {figure_of:.3f}" if figure_of is not None else ""))
    axes.grid(alpha=0.3)


if __name__ == "__main__":
    main(sys.argv[1:])
