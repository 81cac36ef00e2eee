"""What every similarity method offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from icas_core.errors import IcasError
from icas_core.parameters import settled_parameters
from icas_core.similarity.features import Stack

# [width, height], a factor up to 1, or "original".
Size = tuple[int, int] | float | str

# So the cross comparisons of all methods together are at most 136 jobs; of one method a changed batch repeats 16.
MOST_BLOCKS = 16
MOST_PAIRS_OF_BLOCKS = MOST_BLOCKS * (MOST_BLOCKS + 1) // 2


@dataclass(frozen=True)
class Method:
    """One way to say how alike two pictures are.

    extract(picture, **parameters): a feature of a (h, w, 3) uint8 RGB picture.
    similarities(left, right, **parameters): (n, m) float32, at most 1, of every pair.
    paired(left, right, **parameters): (n,) float32, of row i of left with row i of right.
    default_threshold, default_size: see the README's table of measurements.
    unequal_sizes: whether pictures of different sizes can be compared.
    turns_alike: whether comparing a with b turned equals comparing a turned back with b.
    smallest: the least width and height in pixels that the definition takes.
    parameters: the method's own parameters and their defaults.
    choices: the accepted words of those parameters that are words.
    reduced: the least (width, height) that a fast decoder may give when the size is the picture's own.
    empty: what it means when a feature has no rows, for the log.
    prepare(stack, **parameters): what comparing needs of a stack, with its size as `nbytes`, made once for all tiles
    of pairs that the stack takes part in; None where that is the stack itself.
    every_pair(left, right, **parameters): `similarities`, of two prepared stacks. None where nothing is prepared.
    chosen(left, right, a, b, **parameters): (n,) float32 of rows a[k] and b[k] of two prepared stacks. None where
    `paired` is as good.
    edges_above(left, right, threshold, wanted=, **parameters): of two prepared stacks and a (n, m) bool of the pairs
    to compare, the int64 rows and columns and the float32 similarities of those at or above the threshold, and how
    many pairs were found to be below it by a bound alone. The similarities, and so the edges, are
    those of `similarities`, bit by bit. None where nothing can be pruned.
    outline(stack): (n, d) float32 points; pictures near one another are likely to be similar. None where no cheap
    ones are known.
    larger: how many times as many pictures as usual are on each side of a tile, at most.
    blocks: how many blocks the batches are joined to when they are compared with one another, two blocks a job: fewer
    where comparing costs less than starting a job.
    version: raised whenever the same picture gives another feature or similarity.
    """

    name: str
    version: int
    default_threshold: float
    default_size: Size
    unequal_sizes: bool
    turns_alike: bool
    extract: Callable[..., np.ndarray]
    similarities: Callable[..., np.ndarray]
    paired: Callable[..., np.ndarray]
    smallest: int = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reduced: Callable[..., tuple[int, int]] | None = None
    empty: str = "nothing to compare"
    prepare: Callable[..., Any] | None = None
    every_pair: Callable[..., np.ndarray] | None = None
    chosen: Callable[..., np.ndarray] | None = None
    edges_above: Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray, int]] | None = None
    outline: Callable[[Stack], np.ndarray] | None = None
    larger: int = 1
    blocks: int = MOST_BLOCKS

    def settled(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The defaults with the `given` parameters over them; IcasError names one that is unknown or no such value."""
        return settled_parameters(self.name, self.parameters, given, choices=self.choices)


def blocks_of_all(methods: Sequence[Method]) -> int:
    """How many blocks the batches are joined to when several methods compare them, each the same pairs of blocks.

    The most that any of them asks for, as long as their pairs of blocks are MOST_PAIRS_OF_BLOCKS at most.
    """
    most = max((method.blocks for method in methods), default=1)
    fitting = (count for count in range(most, 1, -1) if len(methods) * count * (count + 1) // 2 <= MOST_PAIRS_OF_BLOCKS)
    return next(fitting, 1)


def grey(picture: np.ndarray) -> np.ndarray:
    """The (h, w) uint8 luminance of a (h, w, 3) uint8 RGB picture, as cv2.cvtColor gives it."""
    import cv2

    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)


def as_array(stack: Stack, method: str) -> np.ndarray:
    """The stack as one array; IcasError when the features differ in shape."""
    if isinstance(stack, np.ndarray):
        return stack
    shapes = sorted({feature.shape for feature in stack})
    raise IcasError(f"{method}: compares features of one shape only, found {shapes[0]} and {shapes[-1]}")
