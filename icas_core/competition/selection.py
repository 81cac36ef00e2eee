"""Choose among scored clusterings: first the guards, then a rule over the three scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from icas_core.competition.scores import Scores
from icas_core.errors import IcasError

SELECTIONS = ("rank", "silhouette", "minmax")
LEAST_COVERAGE = 0.7


def refusal(scores: Scores, most: int) -> str:
    """Why a clustering cannot be chosen: one cluster, more than `most`, too much noise, no score; '' if it can."""
    if scores.clusters < 2:
        return "a single cluster" if scores.clusters else "no cluster"
    if scores.coverage < LEAST_COVERAGE:
        return f"{1 - scores.coverage:.0%} noise"
    if scores.clusters > most:
        return f"more than {most} clusters"
    values = (scores.silhouette, scores.davies_bouldin, scores.calinski_harabasz)
    return "" if np.isfinite(values).all() else "no finite score"


def refusals(refused: Iterable[str]) -> str:
    """Why none of several clusterings can be chosen, each reason once; of no clustering at all, why there is none."""
    return "; ".join(sorted(set(refused))) or "too few different pictures"


def ratings(scores: Sequence[Scores], selection: str) -> np.ndarray:
    """How good each of the clusterings that passed the guards is, float64 (n,): larger is better.

    rank: minus the mean of its ranks by silhouette × coverage, Davies-Bouldin and Calinski-Harabasz × coverage.
    silhouette: silhouette × coverage. minmax: the mean of the three, each brought to 0..1; a score that is the same
    for all says nothing and is left out. Raises IcasError for another word.
    """
    if selection not in SELECTIONS:
        raise IcasError(f"deep.selection: found {selection!r}; accepted: {', '.join(SELECTIONS)}")
    columns = _columns(scores)
    if selection == "silhouette":
        return columns[:, 0]
    if selection == "rank":
        from scipy.stats import rankdata

        # Several models may find the same clusters: however many, they take one rank.
        rounded = (np.array([float(f"{value:.9g}") for value in column]) for column in columns.T)
        return -np.mean([rankdata(-column, method="dense") for column in rounded], axis=0)
    low, high = columns.min(axis=0), columns.max(axis=0)
    telling = high > low
    if not telling.any():
        return np.zeros(len(columns))
    return ((columns - low)[:, telling] / (high - low)[telling]).mean(axis=1)


def best(scores: Sequence[Scores], selection: str) -> int:
    """The row of the best: the highest rating, then the highest silhouette × coverage, then the fewest clusters."""
    rating, silhouette = ratings(scores, selection), _columns(scores)[:, 0]
    return min(range(len(scores)), key=lambda row: (-rating[row], -silhouette[row], scores[row].clusters, row))


def _columns(scores: Sequence[Scores]) -> np.ndarray:
    """(n, 3) float64, larger is better in each."""
    rows = [
        (each.silhouette * each.coverage, -each.davies_bouldin, each.calinski_harabasz * each.coverage)
        for each in scores
    ]
    return np.array(rows, np.float64).reshape(-1, 3)
