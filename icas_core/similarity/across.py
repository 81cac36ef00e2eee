"""Compare the stored features of one batch, or of the batches of two blocks with one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from icas_core.logs import progress
from icas_core.similarity.features import Features, concatenate, read_features
from icas_core.similarity.forest import Forest
from icas_core.similarity.pairs import Edges, merge_edges, similar_pairs
from icas_core.tables import CLUSTERS, read_table


def compare_batch(
    features: Path | str,
    *,
    method: str,
    threshold: float,
    forest: bool,
    parameters: Mapping[str, Any],
    threads: int,
    what: str,
) -> tuple[Edges, list[str]]:
    """The similar pairs within one batch's feature file, and the paths that the edges' row numbers stand for."""
    loaded = read_features(features)
    possible = len(loaded) * (len(loaded) - 1) // 2
    with progress(possible, f"compare {method} {what}", "pairs") as bar:
        edges = similar_pairs(
            loaded,
            None,
            method=method,
            threshold=threshold,
            parameters=dict(parameters),
            forest=Forest() if forest else None,
            threads=threads,
            progress=bar,
        )
    return edges, loaded.paths


def compare_blocks(
    features: Sequence[str],
    represented: Sequence[str] = (),
    *,
    blocks: tuple[int, int],
    of_blocks: int,
    method: str,
    threshold: float,
    forest: bool,
    parameters: Mapping[str, Any],
    threads: int,
    what: str,
) -> tuple[Edges, list[str]]:
    """The similar pairs between different batches of two blocks, among the pictures that represent the batches.

    features: the batches' feature files, `<number>.parquet`; a batch's block is its number modulo `of_blocks`.
    represented: the batches' represent files, in the same order; without them every picture is compared.
    Pairs of one batch are not compared: that was done when the batch was.
    """
    rows: dict[int, np.ndarray] = {}
    parts: list[Features] = []
    total = 0
    for file, chosen in sorted(zip_longest(features, represented)):
        part = read_features(file, read_table(chosen, CLUSTERS)["path"].to_pylist() if chosen else None)
        parts.append(part)
        rows[int(Path(file).stem)] = np.arange(total, total + len(part))
        total += len(part)
    everything = concatenate(parts)
    first, second = ([number for number in rows if number % of_blocks == block] for block in blocks)
    pairs = [(a, b) for a, b in product(first, second) if blocks[0] != blocks[1] or a < b]
    pairs = [(a, b) for a, b in pairs if len(rows[a]) and len(rows[b])]
    connected = Forest() if forest else None
    found = []
    with progress(sum(len(rows[a]) * len(rows[b]) for a, b in pairs), f"compare {method} {what}", "pairs") as bar:
        for a, b in pairs:
            edges = similar_pairs(
                everything.take(rows[a]),
                everything.take(rows[b]),
                method=method,
                threshold=threshold,
                parameters=dict(parameters),
                forest=connected,
                threads=threads,
                progress=bar,
            )
            found.append(edges.shifted(int(rows[a][0]), int(rows[b][0])))
    return replace(merge_edges(found), threshold=threshold), everything.paths
