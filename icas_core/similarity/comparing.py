"""Two sets of features under one method, their variants and their checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from icas_core.errors import IcasError
from icas_core.similarity.extraction import require_one_size
from icas_core.similarity.features import Features, Stack, take
from icas_core.similarity.method import Method
from icas_core.similarity.registry import method_of

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

    def tile(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(len(a), len(b)) float32 of every row in a with every row in b."""
        return self._best(self.method.similarities, a, b)

    def paired(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(n,) float32 of row a[k] with row b[k]."""
        out = np.empty(len(a), np.float32)
        for start in range(0, len(a), _TOGETHER):
            rows = slice(start, start + _TOGETHER)
            out[rows] = self._best(self.method.paired, a[rows], b[rows])
        return out

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


def _square(stack: Stack) -> bool:
    return isinstance(stack, np.ndarray) and stack.ndim > 2 and stack.shape[1] == stack.shape[2]


def _require_one_size(method: Method, left: Features, right: Features) -> None:
    stacks = [part.variants[0] for part in (left, right) if len(part)]
    shapes = {stack.shape[1:] if isinstance(stack, np.ndarray) else None for stack in stacks}
    if len(shapes) <= 1 and None not in shapes:
        return
    features = [feature for stack in stacks for feature in stack]
    require_one_size(method, [*left.paths, *right.paths], features)
