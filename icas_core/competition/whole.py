"""The clusters of the whole folder from those of its batches, by one of the ways to merge."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from icas_core.clustering.merge import with_labels, without_merge
from icas_core.clustering.representatives import SimilarityOf
from icas_core.competition.competing import Outcome, Rules
from icas_core.competition.condensing import Means, every, read_means
from icas_core.competition.merging import Embedded, cluster_through_means, cluster_through_pictures
from icas_core.tables import CLUSTERS, read_table

LOG = logging.getLogger(__name__)


def merge_embeddings(
    batches: Mapping[str, pa.Table],
    embedded: Embedded,
    represented: Mapping[str, str],
    rules: Rules,
    *,
    merge: str,
    through: str,
    components: int,
    representative: str,
    similarity_of: SimilarityOf,
    previous: pa.Table | None = None,
    progress: Any = None,
) -> tuple[pa.Table, Outcome | None]:
    """The tables.MERGED of batches (id → tables.CLUSTERS), and how each model did; None where nothing was fitted anew.

    represented: each batch's file from the rule represent_deep. merge: the config key; none, or a single batch, keeps
    the batches' own clusters; all fits every picture; otherwise `through` (deep.merge: means or first) says how, with
    or without the outliers of the batches. Where no model makes acceptable clusters, the batches' own stay.
    """
    if merge == "none" or len(batches) < 2:
        return without_merge(batches, similarity_of=similarity_of, previous=previous), None
    how: dict[str, Any] = {"components": components, "progress": progress}
    if merge != "all" and through == "first":
        tables = {batch: read_table(file, CLUSTERS) for batch, file in represented.items()}
        label_of, outcome = cluster_through_pictures(batches, embedded, tables, rules, **how)
    else:
        means = _every_picture(embedded) if merge == "all" else _means(represented)
        keep = merge == "representatives"
        label_of, outcome = cluster_through_means(batches, embedded, means, rules, keep_outliers=keep, **how)
    if outcome.refusals:
        LOG.warning("the batches' own clusters stay as they are")
        return without_merge(batches, similarity_of=similarity_of, previous=previous), outcome
    merged = with_labels(
        batches, label_of, representative=representative, similarity_of=similarity_of, previous=previous
    )
    return merged, outcome


def _means(represented: Mapping[str, str]) -> dict[str, Means]:
    return {batch: read_means(file) for batch, file in represented.items()}


def _every_picture(embedded: Embedded) -> dict[str, Means]:
    return {batch: every(rows) for batch, _, rows in embedded}
