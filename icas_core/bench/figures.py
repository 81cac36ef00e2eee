"""Which comparisons are measured, and in tiles of which size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from icas_core.similarity.registry import METHODS


@dataclass(frozen=True)
class Figure:
    """One way to compare the pictures of a group.

    threshold: that of a search for edges, which may prune; None where every similarity is computed.
    counted: whether making ready what comparing needs is in our time.
    """

    name: str
    threshold: float | None = None
    counted: bool = False


@dataclass(frozen=True)
class Group:
    """Figures that share pictures and the library's time.

    side: pixels of the square pictures. tile: how many pictures of each side are compared in one measurement; as
    large as the workflow's own tiles, or as many as the library can do in some seconds. every: in a quick run the
    library is called for every so-manyth pair; `spread` does the same in a full run.
    """

    title: str
    method: str
    side: int
    tile: tuple[int, int]
    figures: tuple[Figure, ...]
    every: int = 1
    spread: int = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def settled(self) -> dict[str, Any]:
        """The method's parameters."""
        return METHODS[self.method].settled(self.parameters)


def _searches(thresholds: tuple[float, ...]) -> tuple[Figure, ...]:
    return tuple(
        Figure(f"edges at {threshold:g}", threshold, counted) for threshold in thresholds for counted in (False, True)
    )


_EVERY_PAIR = (Figure("no pruning"), Figure("no pruning", counted=True))
_OWN = {name: method.default_threshold for name, method in METHODS.items()}
# Pictures with few descriptors are told apart at once by `least`: with 1, every pair of pictures is matched.
_ALL_MATCHED = {"least": 1}

GROUPS = {
    "ssim_24": Group("SSIM 24×24", "ssim", 24, (256, 256), (*_EVERY_PAIR, *_searches((_OWN["ssim"],))), every=16),
    "ssim_100": Group("SSIM 100×100", "ssim", 100, (144, 144), (*_EVERY_PAIR, *_searches((0.5, 0.7, 0.9))), every=16),
    "tm_100": Group(
        "TM 100×100", "tm", 100, (800, 800), (*_EVERY_PAIR, *_searches((_OWN["tm"],))), every=96, spread=12
    ),
    "imagehash_256": Group(
        "imagehash 256 bit",
        "imagehash",
        100,
        (256, 256),
        (*_searches((_OWN["imagehash"],)), *_EVERY_PAIR),
        parameters={"hash_size": 16},
    ),
    "minhash_128": Group(
        "minhash 128 permutations",
        "minhash",
        100,
        (256, 256),
        (*_searches((_OWN["minhash"],)), _EVERY_PAIR[1]),
        parameters={"permutations": 128},
    ),
    "minhash_512": Group(
        "minhash 512 permutations",
        "minhash",
        100,
        (256, 256),
        (*_searches((_OWN["minhash"],)), _EVERY_PAIR[1]),
    ),
    "orb_256": Group("ORB 256×256, Lowe", "orb", 256, (32, 32), (_EVERY_PAIR[1],), every=4, parameters=_ALL_MATCHED),
    "orb_100": Group("ORB 100×100, Lowe", "orb", 100, (128, 128), (_EVERY_PAIR[1],), every=8, parameters=_ALL_MATCHED),
}
