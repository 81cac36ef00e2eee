"""Two sets of features under one method, their variants and their checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from icas_core.errors import IcasError
from icas_core.similarity.extraction import require_one_size
from icas_core.similarity.features import Features, Stack, take
from icas_core.similarity.method import Method
from icas_core.similarity.prepared import KEPT_BYTES, PreparedStacks
from icas_core.similarity.registry import method_of
from icas_core.similarity.tiles import in_threads

_TOGETHER = 1024  # rows gathered at once for pairs one by one


@dataclass(frozen=True)
class Comparison:
    """Compares rows of left with rows of right; the best over the pictures' positions counts.

    within: both sides are one set, of which every pair counts once.
    """

    left: Features
    right: Features
    within: bool
    method: Method
    parameters: dict[str, Any]
    prepared: PreparedStacks = field(default_factory=PreparedStacks, compare=False)

    @classmethod
    def of(
        cls, left: Features, right: Features | None, method: str, parameters: Mapping[str, Any] | None
    ) -> Comparison:
        """Check that the two can be compared; IcasError tells why they cannot."""
        chosen = method_of(method)
        other = left if right is None else right
        if len(left) and len(other) and len(left.variants) != len(other.variants):
            raise IcasError(
                f"variants: {left.paths[0]} was extracted with {len(left.variants)} and {other.paths[0]} with "
                f"{len(other.variants)}; extract them alike"
            )
        if not chosen.unequal_sizes:
            _require_one_size(chosen, left, other)
        return cls(left, other, right is None, chosen, chosen.settled(parameters))

    def tile_rows(self, most: int) -> tuple[int, int]:
        """How many pictures a side of a tile holds, and how many such sides can be kept prepared at a time."""
        if self.method.edges_above is None:
            return most, 1
        each = self._prepared_bytes()
        larger = self.method.larger
        rows = max(1, min(most * larger, KEPT_BYTES // 8 * larger // each))
        return rows, max(1, KEPT_BYTES // 2 // (rows * each))

    def _prepared_bytes(self) -> int:
        """Bytes of one picture in all its positions."""
        first = next((side.variants for side in (self.left, self.right) if len(side)), ())
        return max(1, len(first) * self._prepared(first[0], np.zeros(1, np.int64)).nbytes) if first else 1

    def edges_above(
        self, a: np.ndarray, b: np.ndarray, threshold: float, wanted: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """What the method's edges_above gives for rows a and b, over all positions of the pictures.

        With several positions, `pruned` is the least count of any: each of these pairs was compared in another.
        """
        assert self.method.edges_above is not None  # noqa: S101
        found = [
            self.method.edges_above(left, right, threshold, wanted=wanted, **self.parameters)
            for left, right in self._positions(a, b, keep=True)
        ]
        if len(found) == 1:
            return found[0]
        best: np.ndarray = np.full(wanted.shape, -np.inf, np.float32)
        for rows, columns, similarity, _ in found:
            best[rows, columns] = np.maximum(best[rows, columns], similarity)
        rows, columns = np.nonzero(best > -np.inf)
        return rows, columns, best[rows, columns], min(pruned for *_, pruned in found)

    def _positions(self, a: np.ndarray, b: np.ndarray, *, keep: bool) -> Iterator[tuple[Any, Any]]:
        """The prepared sides of each comparison that two pictures in several positions need."""
        get = self._kept if keep else self._prepared
        left, right = self.left.variants, self.right.variants
        for position in range(len(left)):
            first = get(left[0], a)
            yield first, first if right[position] is left[0] and a is b else get(right[position], b)
            if position and not self._one_way(position):
                yield get(left[position], a), get(right[0], b)

    def _kept(self, stack: Stack, rows: np.ndarray) -> Any:
        return self.prepared.of((id(stack), rows.tobytes()), lambda: self._prepared(stack, rows))

    def _prepared(self, stack: Stack, rows: np.ndarray) -> Any:
        taken = take(stack, rows)
        return taken if self.method.prepare is None else self.method.prepare(taken, **self.parameters)

    def tile(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(len(a), len(b)) float32 of every row in a with every row in b."""
        return self._best(self.method.similarities, a, b)

    def paired(self, a: np.ndarray, b: np.ndarray, threads: int = 1) -> np.ndarray:
        """(n,) float32 of row a[k] with row b[k]."""
        if not len(a):
            # Without pictures a stack has no shape that could be prepared.
            return np.zeros(0, np.float32)
        if self.method.chosen is None:
            return _in_parts(lambda rows: self._best(self.method.paired, a[rows], b[rows]), len(a), _TOGETHER, threads)
        kept = KEPT_BYTES // 2 // self._prepared_bytes()  # pictures
        if len(self.left) + (0 if self.within else len(self.right)) <= kept:
            return self._best_chosen(a, b, threads)
        return _in_parts(lambda rows: self._best_chosen(a[rows], b[rows]), len(a), kept // 2 // threads, threads)

    def _best_chosen(self, a: np.ndarray, b: np.ndarray, threads: int = 1) -> np.ndarray:
        """As _best with `paired`, but each picture is prepared once, however many of the pairs it is in."""
        assert self.method.chosen is not None  # noqa: S101
        chosen = partial(self.method.chosen, **self.parameters)
        if self.within:
            rows, places = np.unique(np.concatenate([a, b]), return_inverse=True)
            of_a, of_b, first, second = rows, rows, places[: len(a)], places[len(a) :]
        else:
            of_a, first = np.unique(a, return_inverse=True)
            of_b, second = np.unique(b, return_inverse=True)
        best: np.ndarray = np.full(len(a), -np.inf, np.float32)
        for sides in self._positions(of_a, of_b, keep=False):
            compare = partial(_chosen_rows, chosen, sides, first, second)
            np.maximum(best, _in_parts(compare, len(a), max(1, len(a)), threads), out=best)
        return best

    def _best(self, compare: Callable[..., np.ndarray], a: np.ndarray, b: np.ndarray) -> np.ndarray:
        own = take(self.left.variants[0], a), take(self.right.variants[0], b)
        best = compare(*own, **self.parameters)
        for position in range(1, len(self.left.variants)):
            turned = take(self.right.variants[position], b)
            np.maximum(best, compare(own[0], turned, **self.parameters), out=best)
            if not self._one_way(position):
                turned = take(self.left.variants[position], a)
                np.maximum(best, compare(turned, own[1], **self.parameters), out=best)
        return best

    def _one_way(self, position: int) -> bool:
        """Whether a with b in this position gives what a in the opposite position gives with b.

        Mirroring is exact at every size; turning by 90 degrees only where no second resize came with it.
        """
        if not self.method.turns_alike:
            return False
        return len(self.left.variants) == 2 or _square(self.left.variants[0]) or position in (2, 4, 6)


def _chosen_rows(
    chosen: Callable[..., np.ndarray], sides: tuple[Any, Any], first: np.ndarray, second: np.ndarray, rows: slice
) -> np.ndarray:
    return chosen(*sides, first[rows], second[rows])


def _in_parts(compare: Callable[[slice], np.ndarray], count: int, most: int, threads: int) -> np.ndarray:
    """(count,) float32, from at most so many pairs at a time and from as many for each thread."""
    together = max(1, min(most, -(-count // threads)))
    parts = [slice(start, start + together) for start in range(0, count, together)]
    return np.concatenate([np.empty(0, np.float32), *in_threads(compare, parts, threads)])


def _square(stack: Stack) -> bool:
    return isinstance(stack, np.ndarray) and stack.ndim > 2 and stack.shape[1] == stack.shape[2]


def _require_one_size(method: Method, left: Features, right: Features) -> None:
    stacks = [part.variants[0] for part in (left, right) if len(part)]
    shapes = {stack.shape[1:] if isinstance(stack, np.ndarray) else None for stack in stacks}
    if len(shapes) <= 1 and None not in shapes:
        return
    features = [feature for stack in stacks for feature in stack]
    require_one_size(method, [*left.paths, *right.paths], features)
