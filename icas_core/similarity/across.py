"""Compare the stored features of one batch, or of the batches of two blocks with one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
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
    parts = _parts(features, represented)
    first, second = ({number: parts[number] for number in parts if number % of_blocks == block} for block in blocks)
    connected = Forest() if forest else None
    paths = [path for part in _in_order(first, second, blocks) for path in part.paths]
    pairs = list(_compared_together(first, second, same=blocks[0] == blocks[1]))
    found = []
    with progress(sum(len(a) * len(b) for a, _, b, _ in pairs), f"compare {method} {what}", "pairs") as bar:
        for left, left_at, right, right_at in pairs:
            edges = similar_pairs(
                left,
                right,
                method=method,
                threshold=threshold,
                parameters=dict(parameters),
                forest=connected,
                threads=threads,
                progress=bar,
            )
            found.append(edges.shifted(left_at, right_at))
    return replace(merge_edges(found), threshold=threshold), paths


def _parts(features: Sequence[str], represented: Sequence[str]) -> dict[int, Features]:
    """The features of each batch that has any, by its number."""
    parts = {}
    for file, chosen in sorted(zip_longest(features, represented)):
        part = read_features(file, read_table(chosen, CLUSTERS)["path"].to_pylist() if chosen else None)
        if len(part):
            parts[int(Path(file).stem)] = part
    return parts


def _in_order(first: Mapping[int, Features], second: Mapping[int, Features], blocks: tuple[int, int]) -> list[Features]:
    return [*first.values(), *(second.values() if blocks[0] != blocks[1] else ())]


def _compared_together(
    first: Mapping[int, Features], second: Mapping[int, Features], *, same: bool
) -> Iterator[tuple[Features, int, Features, int]]:
    """Two sets of features to compare, each with the number of its first row.

    Two blocks have no batch in common: they are compared as wholes, so that each picture is prepared once. Within one
    block each batch is compared with all that come after it.
    """
    if not same:
        if first and second:
            left = concatenate(list(first.values()))
            yield left, 0, concatenate(list(second.values())), len(left)
        return
    everything = concatenate(list(first.values()))
    start = 0
    for part in list(first.values())[:-1]:
        after = start + len(part)
        yield part, start, everything.take(np.arange(after, len(everything))), after
        start = after
