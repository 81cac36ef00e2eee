"""Cluster one batch's embeddings by the best of several clustering models."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from icas_core.clustering.components import numbered
from icas_core.clustering.representatives import SimilarityOf
from icas_core.competition.competing import Outcome, Rules, compete
from icas_core.competition.points import finite, fit_projection
from icas_core.similarity.features import Features
from icas_core.tables import OUTLIER

LOG = logging.getLogger(__name__)
_NAMED = 3


def rows_of(features: Features) -> np.ndarray:
    """The embeddings, (n, d), of pictures as they are, their mirrored and turned positions left out."""
    if not features.paths:
        return np.empty((0, 0), np.float32)
    return np.asarray(features.variants[0], np.float32).reshape(len(features.paths), -1)


def cluster_embeddings(
    features: Features,
    rules: Rules,
    *,
    components: int,
    representative: str,
    similarity_of: SimilarityOf,
    previous: pa.Table | None = None,
    progress: Any = None,
) -> tuple[pa.Table, Outcome]:
    """The tables.CLUSTERS of one batch's embeddings, and how each clustering model did.

    components: numbers that are left of an embedding. Where no model makes acceptable clusters all pictures are
    outliers. A picture whose embedding holds what is no number is named in the log, and is one too.
    """
    rows = rows_of(features)
    good = finite(rows)
    name_bad(features.paths, good)
    outcome = compete_on(rows[good], rules, components=components, progress=progress)
    labels = np.full(len(rows), OUTLIER, np.int64)
    labels[good] = outcome.labels
    order = np.array(sorted(range(len(rows)), key=features.paths.__getitem__), np.int64)
    paths = [features.paths[row] for row in order]
    table = numbered(
        paths, labels[order], representative=representative, similarity_of=similarity_of, previous=previous
    )
    return table, outcome


def compete_on(rows: np.ndarray, rules: Rules, *, components: int, progress: Any = None) -> Outcome:
    """What `compete` gives of (n, d) finite embeddings, brought to a few components; the log says who has won."""
    points = fit_projection(rows, components, seed=rules.seed)(rows) if len(rows) else np.empty((0, 1))
    outcome = compete(points, rules, progress=progress)
    say(outcome, len(rows))
    return outcome


def say(outcome: Outcome, pictures: int) -> None:
    """Tell in the log which model was chosen, or why none was."""
    if outcome.refusals:
        LOG.warning("no clusters of %s pictures: %s", f"{pictures:,}", outcome.refusals)
    for row in outcome.rows:
        if row.chosen:
            LOG.info("%s (%s): %d clusters", row.candidate.model, row.candidate, row.scores.clusters)


def name_bad(paths: Sequence[str], good: np.ndarray) -> None:
    """Name in the log the pictures whose embeddings are no numbers."""
    bad = [path for path, fine in zip(paths, good, strict=True) if not fine]
    if bad:
        more = f" and {len(bad) - _NAMED:,} more" if len(bad) > _NAMED else ""
        LOG.warning("%s%s: the embedding is no number; outliers", ", ".join(map(repr, bad[:_NAMED])), more)
