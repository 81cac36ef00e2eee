"""The one driver over pairs of pictures: every method, any two sets, bounded memory, threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from icas_core.similarity.comparing import Comparison
from icas_core.similarity.features import Features
from icas_core.similarity.forest import Forest
from icas_core.similarity.sampling import BINS, histogram_of_sample
from icas_core.similarity.threads import libraries_in_one_thread
from icas_core.tables import EDGES, write_table

TILE = 256  # pictures on each side of a tile: its 65,536 similarities are 256 kB
_SMALL = 48  # the side of the smallest tiles, on the diagonal
_ROUND = 32  # tiles compared before the forest learns of their edges, however many threads there are

COUNTS = ("possible", "pruned", "skipped", "compared")
Tile = tuple[int, int, int, int]


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
    tiles = list(_tiles(len(left), None if right is None else len(right)))
    with libraries_in_one_thread():
        parts = []
        for found in _in_threads(search.tile, tiles, threads) if forest is None else search.connecting(tiles, threads):
            parts.append(found)
            if progress is not None:
                progress.advance(found.counts["possible"])
        return replace(merge_edges(parts), histogram=histogram_of_sample(compared), threshold=float(threshold))


class _Search:
    """Find the edges of one tile after another; with a forest, between its trees only."""

    def __init__(self, compared: Comparison, threshold: float, forest: Forest | None) -> None:
        self.compared = compared
        self.threshold = np.float32(threshold)
        self.forest = forest
        if forest is not None:
            self.a_numbers = forest.numbers(compared.left.paths)
            self.b_numbers = forest.numbers(compared.right.paths)

    def connecting(self, tiles: Sequence[Tile], threads: int) -> Iterator[Edges]:
        """Each tile with those of its edges that join two trees of the forest; the forest learns them.

        The tiles of one round see the forest as it was before it, so threads do not change the result.
        """
        if self.forest is None:
            return
        for start in range(0, len(tiles), _ROUND):
            self.a_roots, self.b_roots = self.forest.roots(self.a_numbers), self.forest.roots(self.b_numbers)
            for found in _in_threads(self.tile, tiles[start : start + _ROUND], threads):
                kept = self.forest.join(self.a_numbers[found.a], self.b_numbers[found.b])
                yield replace(found, a=found.a[kept], b=found.b[kept], similarity=found.similarity[kept])

    def tile(self, tile: Tile) -> Edges:
        """The edges of the pairs of rows a0..a1 of left with rows b0..b1 of right."""
        a0, a1, b0, b1 = tile
        wanted = self._wanted(tile)
        pairs = int(wanted.sum())
        if self.forest is not None:
            wanted &= self.a_roots[a0:a1, None] != self.b_roots[None, b0:b1]
        left = int(wanted.sum())
        # Few pairs left of a tile cost less one by one; the tile's kernel takes all or nothing.
        if left * 4 < pairs:
            rows, columns = np.nonzero(wanted)
            similarity = self.compared.paired(rows + a0, columns + b0)
            kept = similarity >= self.threshold
            rows, columns, similarity = rows[kept], columns[kept], similarity[kept]
            skipped = pairs - left
        else:
            every = self.compared.tile(np.arange(a0, a1), np.arange(b0, b1))
            rows, columns = np.nonzero(wanted & (every >= self.threshold))
            similarity = every[rows, columns]
            skipped = 0
        counts = {"possible": pairs, "pruned": 0, "skipped": skipped, "compared": pairs - skipped}
        return Edges(rows + a0, columns + b0, similarity, counts, np.zeros(BINS, np.int64), float(self.threshold))

    def _wanted(self, tile: Tile) -> np.ndarray:
        a0, a1, b0, b1 = tile
        if self.compared.within:
            return np.arange(a0, a1)[:, None] < np.arange(b0, b1)[None, :]
        return np.ones((a1 - a0, b1 - b0), np.bool_)


def _tiles(n: int, m: int | None) -> Iterator[Tile]:
    """Row ranges that cover every pair once: of n rows with m others, or of n rows among themselves."""
    for a0 in range(0, n, TILE):
        a1 = min(a0 + TILE, n)
        if m is None:
            yield from _triangle(a0, a1)
        for b0 in range(a1 if m is None else 0, n if m is None else m, TILE):
            yield a0, a1, b0, min(b0 + TILE, n if m is None else m)


def _triangle(start: int, stop: int) -> Iterator[Tile]:
    """The pairs among rows start..stop in halves of halves, because a tile's kernel compares both of its triangles."""
    if stop - start <= _SMALL:
        yield start, stop, start, stop
        return
    middle = (start + stop) // 2
    yield from _triangle(start, middle)
    yield start, middle, middle, stop
    yield from _triangle(middle, stop)


def _in_threads(work: Any, tiles: Sequence[Tile], threads: int) -> Iterator[Edges]:
    """Each tile's result in order, a few tiles ahead of the reader at most."""
    if threads <= 1:
        yield from map(work, tiles)
        return
    with ThreadPoolExecutor(threads) as pool:
        rest = iter(tiles)
        waiting: deque[Future[Edges]] = deque(pool.submit(work, tile) for tile in islice(rest, 2 * threads))
        while waiting:
            found = waiting.popleft().result()
            waiting.extend(pool.submit(work, tile) for tile in islice(rest, 1))
            yield found


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
