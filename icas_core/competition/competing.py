"""Fit every candidate of several clustering models to the same points, score each, choose one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from icas_core.competition.grids import most_clusters
from icas_core.competition.models import MODELS, Candidate, Fitting, asked_counts, candidates_of, known
from icas_core.competition.scores import Scores, score
from icas_core.competition.selection import best, ratings, refusal, refusals
from icas_core.tables import OUTLIER

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rules:
    """Who competes and how one is chosen: the grid of each model by its name, the selection, the seed."""

    grids: Mapping[str, Mapping[str, Any]]
    selection: str = "rank"
    seed: int = 0

    def most(self, pictures: int) -> int:
        """The number of clusters from which on a clustering is refused."""
        asked = [count for model in known(self.grids) for count in asked_counts(model, self.grids[model])]
        return most_clusters(pictures, asked)


@dataclass(frozen=True)
class Row:
    """One candidate and what came of it; refused: why it could not be chosen, else ''. rating: larger is better."""

    candidate: Candidate
    scores: Scores
    refused: str = ""
    rating: float = float("nan")
    chosen: bool = False


@dataclass(frozen=True)
class Assignment:
    """Clusters as the (c, p) places around which they lie, each with its label, −1 for noise."""

    places: np.ndarray
    labels: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """The labels, int64 (n,), of (n, p) points: that of the nearest place."""
        from sklearn.metrics import pairwise_distances_argmin

        if not len(points) or not len(self.places):
            return np.full(len(points), OUTLIER, np.int64)
        return self.labels[pairwise_distances_argmin(points, self.places)]


@dataclass(frozen=True)
class Outcome:
    """rows: every candidate. labels: int64, of the chosen one, all −1 where there is none. assignment: its own."""

    rows: list[Row]
    labels: np.ndarray
    assignment: Assignment | None

    @property
    def refusals(self) -> str:
        """Why nothing was chosen, in words; '' where something was."""
        if any(row.chosen for row in self.rows):
            return ""
        return refusals(row.refused for row in self.rows)


def compete(
    points: np.ndarray,
    rules: Rules,
    *,
    sizes: np.ndarray | None = None,
    judged: np.ndarray | None = None,
    pictures: int | None = None,
    progress: Any = None,
) -> Outcome:
    """Fit all candidates to (n, p) finite points and choose one.

    sizes: how many pictures each point stands for. judged: the (m, p) points of pictures that are assigned to the
    clusters and scored in the place of `points`, and whose labels are given. pictures: how many there are in all.
    A cluster of one picture is none. progress: an object with .advance(n), told of models.
    """
    count = pictures or len(points)
    most = rules.most(count)
    different = len(np.unique(points, axis=0))
    fitting = Fitting(points, sizes, rules.seed)
    rows: list[Row] = []
    fitted: list[np.ndarray] = []
    try:
        for model in known(rules.grids):
            for candidate in _fitted_candidates(model, rules, points, different, count):
                raw = fitting.labels(candidate)
                used = without_singles(raw if judged is None else assignment_of(points, raw, sizes, candidate)(judged))
                scored = score(points if judged is None else judged, used, seed=rules.seed)
                rows.append(Row(candidate, scored, refusal(scored, most)))
                fitted.append(raw)
            if progress is not None:
                progress.advance(1)
    finally:
        fitting.close()
    return _outcome(points, rows, fitted, rules, sizes, judged)


def assignment_of(points: np.ndarray, labels: np.ndarray, sizes: np.ndarray | None, candidate: Candidate) -> Assignment:
    """What assigns other pictures to the clusters of fitted points.

    Of a model whose clusters lie around their means, these means; of another one every point.
    """
    if not MODELS[candidate.model].compact:
        return Assignment(points, labels)
    weights = np.ones(len(points)) if sizes is None else sizes.astype(np.float64)
    names, inverse = np.unique(labels, return_inverse=True)
    totals = np.zeros((len(names), points.shape[1]))
    np.add.at(totals, inverse, points * weights[:, None])
    return Assignment(totals / np.bincount(inverse, weights)[:, None], names)


def without_singles(labels: np.ndarray) -> np.ndarray:
    """The labels with −1 for those that only one point has."""
    names, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.where(counts[inverse] > 1, labels, OUTLIER) if len(names) else labels


def _fitted_candidates(model: str, rules: Rules, points: np.ndarray, different: int, pictures: int) -> list[Candidate]:
    """The candidates of a model that can be fitted to points of which so many differ."""
    if len(points) > MODELS[model].most:
        LOG.warning("%s is left out: %s points are more than it can take", model, f"{len(points):,}")
        return []
    if different < 2:
        return []
    counts = MODELS[model].counts
    candidates = candidates_of(model, rules.grids[model], points, pictures)
    return [each for each in candidates if not counts or each.settings[counts] <= different]


def _outcome(
    points: np.ndarray,
    rows: list[Row],
    fitted: list[np.ndarray],
    rules: Rules,
    sizes: np.ndarray | None,
    judged: np.ndarray | None,
) -> Outcome:
    passed = [number for number, row in enumerate(rows) if not row.refused]
    if not passed:
        return Outcome(rows, np.full(len(points if judged is None else judged), OUTLIER, np.int64), None)
    scores = [rows[number].scores for number in passed]
    chosen = passed[best(scores, rules.selection)]
    rating = dict(zip(passed, ratings(scores, rules.selection).tolist(), strict=True))
    rated = [
        Row(row.candidate, row.scores, row.refused, rating.get(number, float("nan")), number == chosen)
        for number, row in enumerate(rows)
    ]
    assignment = assignment_of(points, fitted[chosen], sizes, rows[chosen].candidate)
    labels = fitted[chosen] if judged is None else assignment(judged)
    return Outcome(rated, without_singles(labels), assignment)
