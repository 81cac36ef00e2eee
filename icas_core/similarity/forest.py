"""Which pictures are already connected: union-find over paths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Forest:
    """Connected pictures by path, kept across calls of the pair driver."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._parents = np.empty(0, np.int64)

    def numbers(self, paths: Sequence[str]) -> np.ndarray:
        """(n,) int64 numbers of pictures; those not met before become trees of their own."""
        numbers = np.array([self._numbers.setdefault(path, len(self._numbers)) for path in paths], np.int64)
        fresh = np.arange(len(self._parents), len(self._numbers), dtype=np.int64)
        self._parents = np.concatenate([self._parents, fresh])
        return numbers

    def roots(self, numbers: np.ndarray) -> np.ndarray:
        """(n,) int64: equal for pictures that are connected."""
        from icas_core.similarity.kernels.forest import roots

        out = np.empty(len(numbers), np.int64)
        roots(self._parents, np.ascontiguousarray(numbers), out)
        return out

    def join(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Connect pictures a[k] and b[k] in order; (n,) bool: whether they were apart until then."""
        from icas_core.similarity.kernels.forest import join

        joined = np.empty(len(a), np.bool_)
        join(self._parents, np.ascontiguousarray(a), np.ascontiguousarray(b), joined)
        return joined

    def connected(self, path: str, other: str) -> bool:
        """Whether two pictures are in one tree."""
        first, second = self.roots(self.numbers([path, other]))
        return bool(first == second)
