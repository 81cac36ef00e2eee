"""Time our comparisons beside the library's, part by part, on the same pairs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from icas_core.bench.figures import Figure, Group
from icas_core.bench.libraries import LIBRARIES, Library
from icas_core.bench.rows import Row
from icas_core.bench.timing import cpu_seconds
from icas_core.similarity.features import Features, Stack, take
from icas_core.similarity.method import Method
from icas_core.similarity.registry import METHODS

_ROUNDING = 1e-5


@dataclass(frozen=True)
class Part:
    """Some pictures of a group, each to be compared with each of some others."""

    left: Stack
    right: Stack


def parts_of(group: Group, features: Features, count: int) -> list[Part]:
    """`count` parts that have the right pictures in common."""
    rows, columns = group.tile
    stack = features.variants[0]
    right = take(stack, np.arange(columns))
    starts = range(columns, columns + rows * count, rows)
    return [Part(take(stack, np.arange(start, start + rows)), right) for start in starts]


def pictures_needed(group: Group, count: int) -> int:
    """How many pictures `count` parts have."""
    return group.tile[1] + group.tile[0] * count


def compare_all(group: Group, features: Features, count: int, *, quick: bool) -> list[Row]:
    """The rows of a group: each figure beside the library, and medians over `count` parts."""
    parts = parts_of(group, features, count)
    theirs: list[float] = []
    ours: dict[Figure, list[float]] = {figure: [] for figure in group.figures}
    errors = dict.fromkeys(group.figures, 0.0)
    for figure in group.figures:
        _once(group, figure, parts[0])()  # what is compiled, or read from the cache, at the first call
    for part in parts:
        pairs, values, seconds = by_library(group, part, every=group.every if quick else group.spread)
        theirs.append(seconds)
        for figure in group.figures:
            spent, found = cpu_seconds(_once(group, figure, part))
            ours[figure].append(spent / (len(part.left) * len(part.right)))
            errors[figure] = max(errors[figure], _error(figure, found, pairs, values))
    rows = [_row(group, figure, ours[figure], theirs, errors[figure]) for figure in group.figures]
    return [*rows, _of_product(group, rows[0])] if group.method == "tm" else rows


def compare_once(group: Group, part: Part) -> None:
    """Each figure's work, once."""
    for figure in group.figures:
        _once(group, figure, part)()


def by_library(group: Group, part: Part, *, every: int) -> tuple[np.ndarray, np.ndarray, float]:
    """(n, 2) rows and columns, (n,) similarities of them, and CPU seconds a pair."""
    pairs = np.argwhere(np.ones((len(part.left), len(part.right)), np.bool_))[::every]
    values, spent = compared_by(group, part.left, part.right, pairs)
    return pairs, values, spent / len(pairs)


def compared_by(group: Group, left: Stack, right: Stack, pairs: np.ndarray) -> tuple[np.ndarray, float]:
    """What the library gives for (n, 2) rows of left and right, and its CPU seconds."""
    library, parameters = LIBRARIES[group.method], group.settled
    of_left, of_right = ([library.native(feature, parameters) for feature in side] for side in (left, right))
    spent, values = 0.0, []
    # What the library returns is let go of in between: all of it at once would be slow to keep.
    for some in np.array_split(pairs, -(-len(pairs) // 256)):
        chosen = [(of_left[i], of_right[j]) for i, j in some.tolist()]
        seconds, found = cpu_seconds(partial(_call, library, chosen), least=0)
        spent += seconds
        values += [library.value(one, *pair, parameters) for one, pair in zip(found, chosen, strict=True)]
    return np.array(values), spent


def _call(library: Library, pairs: list[tuple[Any, Any]]) -> list[Any]:
    call = library.call
    return [call(a, b) for a, b in pairs]


def _once(group: Group, figure: Figure, part: Part) -> Callable[[], Any]:
    """Our work on a part: (n, m) similarities, or what `edges_above` gives."""
    method, parameters = METHODS[group.method], group.settled
    sides = (part.left, part.right)
    if method.prepare is None or method.edges_above is None or (figure.threshold is None and not method.every_pair):
        return lambda: method.similarities(*sides, **parameters)
    prepare = partial(_prepared, method, parameters, part)
    if figure.threshold is None:
        return _with(partial(method.every_pair or method.similarities, **parameters), prepare, counted=figure.counted)
    wanted = np.ones((len(part.left), len(part.right)), np.bool_)
    search = partial(method.edges_above, threshold=figure.threshold, wanted=wanted, **parameters)
    return _with(search, prepare, counted=figure.counted)


def _prepared(method: Method, parameters: dict[str, Any], part: Part) -> list[Any]:
    return [method.prepare(side, **parameters) for side in (part.left, part.right)]  # type: ignore[misc]


def _with(compare: Callable[..., Any], prepare: Callable[[], list[Any]], *, counted: bool) -> Callable[[], Any]:
    """Comparing the prepared sides, with the preparation or after it."""
    if counted:
        return lambda: compare(*prepare())
    sides = prepare()
    return lambda: compare(*sides)


def _error(figure: Figure, found: Any, pairs: np.ndarray, values: np.ndarray) -> float:
    """The largest difference from the library; infinite where an edge is missing, or there is one too many."""
    known = ~np.isnan(values)
    pairs, values = pairs[known], values[known]
    if figure.threshold is None:
        return float(np.abs(found[pairs[:, 0], pairs[:, 1]] - values).max(initial=0))
    edges = {(a, b): similarity for a, b, similarity in zip(*(part.tolist() for part in found[:3]), strict=True)}
    error = 0.0
    for pair, value in zip(map(tuple, pairs.tolist()), values.tolist(), strict=True):
        # Our numbers are float32: a similarity next to the threshold may lie on its other side.
        if pair in edges or value >= figure.threshold + _ROUNDING:
            error = max(error, abs(edges.get(pair, -math.inf) - value))
    return error


def _row(group: Group, figure: Figure, ours: list[float], theirs: list[float], error: float) -> Row:
    pairs = group.tile[0] * group.tile[1]
    our_rate, their_rate = 1 / median(ours), 1 / median(theirs)
    return Row(
        name=f"{group.title}, {figure.name}",
        ours=our_rate,
        theirs=their_rate,
        ratio=our_rate / their_rate,
        unit="pairs a CPU second",
        error=error,
        section="kernels",
        preparation="counted" if figure.counted else "not counted",
        pairs=pairs,
        cpu_ours=median(ours) * pairs,
        cpu_theirs=median(theirs) * pairs,
    )


def _of_product(group: Group, row: Row) -> Row:
    """Our multiplications a second beside those of this core's largest matrix product."""
    square = np.random.default_rng(0).random((1536, 1536), np.float32)
    spent = median(cpu_seconds(partial(np.matmul, square, square))[0] for _ in range(5))
    most = 2 * len(square) ** 3 / spent / 1e9
    ours = (row.ours or 0) * 2 * 3 * group.side**2 / 1e9
    note = "theirs: numpy's product of 1536 x 1536 matrices on one core"
    return Row(
        f"{group.title}, share of this core's matrix product",
        ours,
        most,
        ours / most,
        "GFLOP/s",
        note=note,
        section="kernels",
        preparation="not counted",
    )
