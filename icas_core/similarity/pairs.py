"""The one driver over pairs of pictures: every method, any two sets, bounded memory, threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from icas_core.similarity.comparing import Comparison
from icas_core.similarity.features import Features
from icas_core.similarity.forest import Forest
from icas_core.similarity.proposals import proposed_pairs
from icas_core.similarity.sampling import BINS, histogram_of_sample
from icas_core.similarity.threads import libraries_in_one_thread
from icas_core.similarity.tiles import Tile, every_pair, in_threads, rows_to_share, tiles_of
from icas_core.tables import EDGES, write_table

TILE = 256  # pictures on each side of a tile, at most: its 65,536 similarities are 256 kB
_ROUND = 32  # tiles compared before the forest learns of their edges, however many threads there are
_IN_FOREST = 2  # threads that its tiles are made for
_WORTH_GATHERING = 0.1  # share of pairs connected beforehand

COUNTS = ("possible", "pruned", "skipped", "compared")


@dataclass(frozen=True)
class Edges:
    """Pairs at or above a threshold, sorted by (a, b).

    a, b: int64 row numbers into the left and the right features. similarity: float32.
    counts: pairs possible = pruned + skipped + compared. histogram: int64 counts of a fixed random sample
    of pairs over 200 equal bins of [-1, 1]. threshold: the one they were searched with.
    """

    a: np.ndarray
    b: np.ndarray
    similarity: np.ndarray
    counts: dict[str, int]
    histogram: np.ndarray
    threshold: float = 0.0

    def shifted(self, a: int, b: int) -> Edges:
        """The same edges with row numbers counted from `a` and `b`, for sets that are parts of larger ones."""
        return replace(self, a=self.a + a, b=self.b + b)


def merge_edges(parts: Sequence[Edges]) -> Edges:
    """The edges of several searches with one numbering of rows, sorted; counts and histograms add up."""
    empty = np.empty(0, np.int64)
    a = np.concatenate([empty, *(part.a for part in parts)])
    b = np.concatenate([empty, *(part.b for part in parts)])
    similarity = np.concatenate([np.empty(0, np.float32), *(part.similarity for part in parts)])
    order = np.lexsort((b, a))
    counts = {name: sum(part.counts[name] for part in parts) for name in COUNTS}
    histogram = np.sum([np.zeros(BINS, np.int64), *(part.histogram for part in parts)], axis=0)
    threshold = min((part.threshold for part in parts), default=0.0)
    return Edges(a[order], b[order], similarity[order], counts, histogram, threshold)


def similar_pairs(
    left: Features,
    right: Features | None = None,
    *,
    method: str,
    threshold: float,
    parameters: Mapping[str, Any] | None = None,
    forest: Forest | None = None,
    threads: int = 1,
    progress: Any = None,
) -> Edges:
    """Every pair whose similarity is at or above `threshold`: of left with right, or all within left.

    With a forest, pairs already connected are skipped and only the edges that connect are given: the
    components are those of all pairs. progress: an object with .advance(n), told of pairs.
    Raises IcasError where the method cannot compare the pictures, naming two of them.
    """
    compared = Comparison.of(left, right, method, parameters)
    search = _Search(compared, threshold, forest)
    rows, kept = compared.tile_rows(TILE)
    # A forest skips by tiles: these are the same however many threads there are.
    rows = rows_to_share(max(len(compared.left), len(compared.right)), rows, threads if forest is None else _IN_FOREST)
    pruning = compared.method.edges_above is not None
    tiles = list(tiles_of(len(left), None if right is None else len(right), rows=rows, kept=kept, halved=not pruning))
    with libraries_in_one_thread():
        parts = []
        for found in in_threads(search.tile, tiles, threads) if forest is None else search.connecting(tiles, threads):
            parts.append(found)
            if progress is not None:
                progress.advance(found.counts["possible"])
        return replace(merge_edges(parts), histogram=histogram_of_sample(compared, threads), threshold=float(threshold))


class _Search:
    """Find the edges of one tile after another; with a forest, between its trees only."""

    def __init__(self, compared: Comparison, threshold: float, forest: Forest | None) -> None:
        self.compared = compared
        self.threshold = np.float32(threshold)
        self.forest = forest
        self.a_order = np.arange(len(compared.left))
        self.b_order = np.arange(len(compared.right))
        if forest is not None:
            self.a_numbers = forest.numbers(compared.left.paths)
            self.b_numbers = forest.numbers(compared.right.paths)

    def connecting(self, tiles: Sequence[Tile], threads: int) -> Iterator[Edges]:
        """Each tile with those of its edges that join two trees of the forest; the forest learns them.

        The likeliest pairs come first. The tiles of one round see the forest as it was before the round: threads do
        not change the result.
        """
        if self.forest is None:
            return
        self._look_at_forest()
        for found in list(in_threads(self._likely_in, self._propose(tiles), threads)):
            yield self._joined(found)
        self._gather_trees()
        for start in range(0, len(tiles), _ROUND):
            self._look_at_forest()
            for found in in_threads(self.tile, tiles[start : start + _ROUND], threads):
                yield self._joined(found)

    def _look_at_forest(self) -> None:
        assert self.forest is not None  # noqa: S101
        self.a_roots, self.b_roots = self.forest.roots(self.a_numbers), self.forest.roots(self.b_numbers)

    def _joined(self, found: Edges) -> Edges:
        assert self.forest is not None  # noqa: S101
        kept = self.forest.join(self.a_numbers[found.a], self.b_numbers[found.b])
        return replace(found, a=found.a[kept], b=found.b[kept], similarity=found.similarity[kept])

    def _propose(self, tiles: Sequence[Tile]) -> list[Tile]:
        """The tiles with proposed pairs, and in `proposed` these pairs by their tiles' corners."""
        a, b = proposed_pairs(self.compared)
        side = max((tile[1] - tile[0] for tile in tiles), default=1)
        corners = a // side * len(self.b_order) + b // side
        order = np.argsort(corners, kind="stable")
        starts = np.flatnonzero(np.diff(corners[order], prepend=-1))
        parts = zip(np.split(a[order], starts[1:]), np.split(b[order], starts[1:]), strict=True)
        self.proposed = {(int(x[0]) // side * side, int(y[0]) // side * side): (x, y) for x, y in parts if len(x)}
        return [tile for tile in tiles if (tile[0], tile[2]) in self.proposed]

    def _likely_in(self, tile: Tile) -> Edges:
        """The edges among the proposed pairs of a tile, which the whole tile will count as skipped later on."""
        a0, a1, b0, b1 = tile
        a, b = self.proposed[a0, b0]
        wanted = np.zeros((a1 - a0, b1 - b0), np.bool_)
        wanted[a - a0, b - b0] = self.a_roots[a] != self.b_roots[b]
        rows, columns, similarity, _ = self.compared.edges_above(
            np.arange(a0, a1), np.arange(b0, b1), float(self.threshold), wanted
        )
        counts = {"possible": 0, "pruned": 0, "skipped": -len(rows), "compared": len(rows)}
        return self._edges(rows + a0, columns + b0, similarity, counts)

    def _gather_trees(self) -> None:
        """Put connected pictures side by side, where skipping their pairs repays preparing them again."""
        self._look_at_forest()
        roots, a_sizes = np.unique(self.a_roots, return_counts=True)
        others, b_sizes = np.unique(self.b_roots, return_counts=True)
        _, at_a, at_b = np.intersect1d(roots, others, assume_unique=True, return_indices=True)
        connected = int((a_sizes[at_a] * b_sizes[at_b]).sum())
        if connected > _WORTH_GATHERING * len(self.a_roots) * len(self.b_roots):
            self.a_order = np.argsort(self.a_roots, kind="stable")
            self.b_order = np.argsort(self.b_roots, kind="stable")

    def tile(self, tile: Tile) -> Edges:
        """The edges of the pairs of numbers a0..a1 in the order of left with numbers b0..b1 of right."""
        a0, a1, b0, b1 = tile
        a, b = self.a_order[a0:a1], self.b_order[b0:b1]
        # Counting costs as much as comparing hashes: it is done where the answer is not known.
        wanted = every_pair(a1 - a0, b1 - b0)
        pairs = left = wanted.size
        if self.compared.within and a1 > b0:
            wanted = np.arange(a0, a1)[:, None] < np.arange(b0, b1)[None, :]
            pairs = left = int(np.count_nonzero(wanted))
        if self.forest is not None:
            wanted = wanted & (self.a_roots[a][:, None] != self.b_roots[b][None, :])
            left = int(np.count_nonzero(wanted))
        rows, columns, similarity, pruned, compared = self._above(a, b, wanted, left, pairs)
        counts = {"possible": pairs, "pruned": pruned, "skipped": pairs - pruned - compared, "compared": compared}
        return self._edges(a[rows], b[columns], similarity, counts)

    def _above(
        self, a: np.ndarray, b: np.ndarray, wanted: np.ndarray, left: int, pairs: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, int]:
        """Rows, columns and similarities of the wanted pairs above the threshold; how many were pruned and compared."""
        if left and self.compared.method.edges_above is not None:
            rows, columns, similarity, pruned = self.compared.edges_above(a, b, float(self.threshold), wanted)
            return rows, columns, similarity, pruned, left - pruned
        # Few pairs left of a tile cost less one by one; the tile's kernel takes all or nothing.
        if left * 4 < pairs or not pairs:
            rows, columns = np.nonzero(wanted)
            similarity = self.compared.paired(a[rows], b[columns])
            kept = similarity >= self.threshold
            return rows[kept], columns[kept], similarity[kept], 0, left
        every = self.compared.tile(a, b)
        rows, columns = np.nonzero(wanted & (every >= self.threshold))
        return rows, columns, every[rows, columns], 0, pairs

    def _edges(self, a: np.ndarray, b: np.ndarray, similarity: np.ndarray, counts: dict[str, int]) -> Edges:
        if self.compared.within:
            a, b = np.minimum(a, b), np.maximum(a, b)
        return Edges(a, b, similarity, counts, np.zeros(BINS, np.int64), float(self.threshold))


def paired_similarities(
    left: Features,
    right: Features,
    a: np.ndarray,
    b: np.ndarray,
    *,
    method: str,
    parameters: Mapping[str, Any] | None = None,
) -> np.ndarray:
    """(n,) float32: the similarity of row a[k] of left and row b[k] of right."""
    with libraries_in_one_thread():
        return Comparison.of(left, right, method, parameters).paired(np.asarray(a), np.asarray(b))


def write_edges(
    edges: Edges,
    left_paths: Sequence[str],
    right_paths: Sequence[str] | None,
    path: Path | str,
    *,
    threshold: float | None = None,
) -> None:
    """Write edges as tables.EDGES, image_a < image_b, sorted; counts, histogram and threshold in its notes."""
    threshold = edges.threshold if threshold is None else float(threshold)
    first = np.array(left_paths, dtype=object)[edges.a]
    second = np.array(left_paths if right_paths is None else right_paths, dtype=object)[edges.b]
    swapped = (first > second).astype(np.bool_)
    table = pa.table(
        {
            "image_a": pa.array(np.where(swapped, second, first), pa.string()),
            "image_b": pa.array(np.where(swapped, first, second), pa.string()),
            "similarity": pa.array(edges.similarity, pa.float32()),
        },
        schema=EDGES,
    ).sort_by([("image_a", "ascending"), ("image_b", "ascending")])
    notes = {"counts": edges.counts, "histogram": edges.histogram.tolist(), "threshold": threshold}
    write_table(table, path, notes=notes)
