"""The edges and features that the stages stored, of all methods in use at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icas_core.similarity.combine import combine_edges, combine_values
from icas_core.similarity.features import Features, concatenate, read_features
from icas_core.similarity.pairs import paired_similarities
from icas_core.tables import EDGES, read_table


def files_by_method(files: Sequence[str], methods: int) -> list[tuple[str, ...]]:
    """Files listed method after method, as one tuple for each batch or pair of blocks, in the order of the methods."""
    each = len(files) // methods
    return list(zip(*(files[start : start + each] for start in range(0, len(files), max(each, 1))), strict=True))


def combine_files(files: Sequence[str], thresholds: Mapping[str, float], operator: str, among: Set[str]) -> pa.Table:
    """The edges (EDGES) of one batch or pair of blocks: `files` are in the order of the methods of `thresholds`.

    With several methods, the pairs of pictures that are not in `among` are left out: one of the methods rejected them.
    """
    tables = {method: read_table(file, EDGES) for method, file in zip(thresholds, files, strict=True)}
    edges = combine_edges(tables, thresholds, operator)
    if len(tables) == 1:
        return edges
    known = pa.array(sorted(among), pa.string())
    return edges.filter(pc.and_(pc.is_in(edges["image_a"], known), pc.is_in(edges["image_b"], known)))


class SimilarityOf:
    """Call it with two lists of paths of equal length for the float32 similarities of those pairs.

    With several methods the value is their combined margin (see combine_values).
    """

    def __init__(
        self,
        read: Callable[[str, set[str]], Features],
        *,
        thresholds: Mapping[str, float],
        operator: str,
        parameters: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """read: gives a method's features of at least these pictures."""
        self._read = read
        self._thresholds = dict(thresholds)
        self._operator = operator
        self._parameters = parameters

    def __call__(self, left: Sequence[str], right: Sequence[str]) -> np.ndarray:
        """The (n,) float32 similarities of left[i] and right[i]."""
        wanted = {*left, *right}
        values = {}
        for method in self._thresholds:
            features = self._read(method, wanted)
            row = {path: index for index, path in enumerate(features.paths)}
            values[method] = paired_similarities(
                features,
                features,
                np.array([row[path] for path in left], np.int64),
                np.array([row[path] for path in right], np.int64),
                method=method,
                parameters=self._parameters[method],
            )
        return combine_values(values, self._thresholds, self._operator)


def reader(files: Sequence[Sequence[str]], methods: Sequence[str]) -> Callable[[str, set[str]], Features]:
    """What SimilarityOf reads with: `files` holds for each batch its feature files in the order of `methods`.

    Only the features of the pictures asked for are kept, and only for the call.
    """

    def read(method: str, wanted: set[str]) -> Features:
        parts = []
        for each in files:
            features = read_features(each[list(methods).index(method)])
            rows = [row for row, path in enumerate(features.paths) if path in wanted]
            if rows:
                parts.append(features.take(rows))
        return concatenate(parts)

    return read
