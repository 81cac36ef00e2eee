"""The edges and features that the stages stored, of all methods in use at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icas_core.errors import IcasError
from icas_core.similarity.combine import combine_edges, combine_values
from icas_core.similarity.features import Features, concatenate, read_feature_paths, read_feature_rows
from icas_core.similarity.pairs import paired_similarities
from icas_core.tables import EDGES, count_bytes, read_table

READ_BYTES = 2**28  # of features in memory at a time


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
        read: Callable[[str, list[str]], Features],
        *,
        thresholds: Mapping[str, float],
        operator: str,
        parameters: Mapping[str, Mapping[str, Any]],
        together: Callable[[str], int] | None = None,
    ) -> None:
        """read: gives a method's features of at least these pictures. together: of how many at a time; None of all."""
        self._read = read
        self._thresholds = dict(thresholds)
        self._operator = operator
        self._parameters = parameters
        self._together = together

    @classmethod
    def stored(cls, files: Sequence[Sequence[str]], thresholds: Mapping[str, float], **how: Any) -> SimilarityOf:
        """Of features in `files`: for each batch its feature files, in the order of the methods of `thresholds`."""
        each = dict(zip(thresholds, zip(*files, strict=True), strict=True))
        features = StoredFeatures(each)
        return cls(features.read, thresholds=thresholds, together=features.together, **how)

    def __call__(self, left: Sequence[str], right: Sequence[str]) -> np.ndarray:
        """The (n,) float32 similarities of left[i] and right[i]."""
        both = pa.array([*left, *right], pa.string()).dictionary_encode()
        names, numbers = both.dictionary, both.indices.to_numpy()
        # In the order of the paths, which is that of the batches: then a part of the pairs concerns few batches.
        rank = np.empty(len(names), np.int64)
        rank[pc.array_sort_indices(names).to_numpy()] = np.arange(len(names))
        a, b = np.split(rank[numbers], 2)
        names = names.sort()
        values = {method: self._of_method(method, names, a, b) for method in self._thresholds}
        return combine_values(values, self._thresholds, self._operator)

    def _of_method(self, method: str, names: pa.Array, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        found = np.empty(len(a), np.float32)
        most = len(names) if self._together is None else self._together(method)
        for pairs in _parts(np.argsort(a, kind="stable"), a, b, most):
            chosen = np.unique([a[pairs], b[pairs]])
            features = self._read(method, names.take(pa.array(chosen)).to_pylist())
            row = {path: index for index, path in enumerate(features.paths)}
            rows = np.zeros(len(names), np.int64)
            rows[chosen] = [row[path] for path in names.take(pa.array(chosen)).to_pylist()]
            found[pairs] = paired_similarities(
                features, features, rows[a[pairs]], rows[b[pairs]], method=method, parameters=self._parameters[method]
            )
        return found


def _parts(pairs: np.ndarray, a: np.ndarray, b: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """The pairs in parts of at most `most` different pictures each, or of one pair."""
    if len(pairs) > 1 and len(np.unique([a[pairs], b[pairs]])) > most:
        for half in np.array_split(pairs, 2):
            yield from _parts(half, a, b, most)
    elif len(pairs):
        yield pairs


class StoredFeatures:
    """The features of many batches on disk; of a call's pictures only, and only from their batches, they are read."""

    def __init__(self, files: Mapping[str, Sequence[str]]) -> None:
        """files: the batches' feature files of each method."""
        self._files = files
        self._paths: dict[str, tuple[pa.Array, np.ndarray]] = {}

    def read(self, method: str, paths: list[str]) -> Features:
        """The features of these pictures, batch by batch; IcasError names one of which there is none."""
        known, starts = self._known(method)
        places = pc.index_in(pa.array(paths, pa.string()), known)
        if places.null_count:
            missing = paths[places.is_null().to_numpy(zero_copy_only=False).argmax()]
            raise IcasError(f"{self._files[method][0]}: neither this nor another batch holds {missing!r}; run again")
        rows = np.sort(places.to_numpy())
        ends = np.searchsorted(rows, starts)
        parts = zip(self._files[method], starts[:-1], ends[:-1], ends[1:], strict=True)
        return concatenate(
            [read_feature_rows(file, rows[first:last] - start) for file, start, first, last in parts if last > first]
        )

    def together(self, method: str) -> int:
        """How many pictures' features take the memory that reading may use."""
        files = self._files[method]
        pictures = len(self._known(method)[0])
        return max(2, READ_BYTES * pictures // max(1, sum(count_bytes(file) for file in files)))

    def _known(self, method: str) -> tuple[pa.Array, np.ndarray]:
        """The pictures of all batches, one after another, and where each batch's begin, the end last."""
        if method not in self._paths:
            each = [read_feature_paths(file) for file in self._files[method]]
            chunks = [chunk for paths in each for chunk in paths.chunks]
            starts = np.cumsum([0, *map(len, each)])
            self._paths[method] = pa.chunked_array(chunks, pa.string()).combine_chunks(), starts
        return self._paths[method]
