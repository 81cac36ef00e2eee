"""The gallery's charts as plain geometry in a fixed drawing area, which the template draws as inline SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count, pairwise
from math import ceil, log10
from typing import Any

WIDTH, HEIGHT = 560, 220
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 24, 38
MODELLED = "expected (model)"


@dataclass(frozen=True)
class Bar:
    """One column of a chart in drawing units; strong: at or above the threshold, modelled: no count but an estimate."""

    x: float
    y: float
    width: float
    height: float
    title: str
    strong: bool = True
    modelled: bool = False


@dataclass(frozen=True)
class Chart:
    """Columns over an axis; ticks are (position, label), mark the threshold's (x, label)."""

    title: str
    alt: str
    bars: tuple[Bar, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_label: str
    y_label: str
    mark: tuple[float, str] | None = None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def similarity_chart(method: str, histogram: Mapping[str, Any]) -> Chart:
    """The distribution of a sample of similarities, logarithmic in height, with the threshold marked.

    histogram: counts (equal bins over -1..1, ints ≥ 0) and threshold (in -1..1, or None).
    """
    counts = [int(count) for count in histogram["counts"]]
    edges = [-1 + 2 * i / len(counts) for i in range(len(counts) + 1)]
    threshold = histogram.get("threshold")
    used = [i for i, count in enumerate(counts) if count]
    # Most methods never go below 0: an empty left half would only make the rest narrower.
    low = min([0.0, *([int(edges[used[0]] * 10 - 1) / 10] if used and edges[used[0]] < -1e-9 else [])])
    low = max(-1.0, low if threshold is None else min(low, threshold))
    place = _linear(low, 1.0, LEFT, WIDTH - RIGHT)
    height = _logarithmic(max(counts, default=0))
    bars = tuple(
        _bar(
            place(edges[i]), place(edges[i + 1]), height(counts[i]),
            f"{edges[i]:.2f} to {edges[i + 1]:.2f}: {counts[i]:,} pairs",
            threshold is not None and (edges[i] + edges[i + 1]) / 2 >= threshold,
        )
        for i in used
    )  # fmt: skip
    total = sum(counts)
    above = sum(n for i, n in enumerate(counts) if threshold is not None and edges[i] >= threshold - 1e-9)
    share = (
        f", {_percent(above, total)} of them at or above the threshold {threshold:g}" if threshold is not None else ""
    )
    x_ticks = tuple((place(i / 5), f"{i / 5:.1f}".replace("-", "−")) for i in range(ceil(low * 5 - 1e-9), 6))
    return Chart(
        title=f"Similarity of pairs · {method}",
        alt=f"{method}: {total:,} sampled pairs{share}",
        bars=bars,
        x_ticks=x_ticks,
        y_ticks=_log_ticks(max(counts, default=0), height),
        x_label="similarity",
        y_label="pairs in the sample, logarithmic",
        mark=None if threshold is None else (place(threshold), f"threshold {threshold:g}"),
    )


def sizes_chart(sizes: Iterable[int]) -> Chart:
    """How many clusters there are of each size; sizes are binned once they spread widely."""
    sizes = list(sizes)
    bins = _size_bins(max(sizes, default=2))
    counts = [sum(low <= size <= high for size in sizes) for low, high in bins]
    names = [f"{low:,}" if low == high else f"{low:,}–{high:,}" for low, high in bins]
    height = _logarithmic(max(counts, default=0))
    step = (WIDTH - RIGHT - LEFT) / len(bins)
    gap = min(step * 0.12, 4)
    bars = tuple(
        _bar(LEFT + i * step + gap, LEFT + (i + 1) * step - gap, height(n), f"{name} pictures: {n:,} clusters")
        for i, (name, n) in enumerate(zip(names, counts, strict=True))
        if n
    )
    # A bin's name would run into the next one's: its upper end says enough, the bar's title says all.
    labels = [f"{low}" if low == high else f"≤{_short(high)}" for low, high in bins]
    every = ceil(len(bins) / 16)
    return Chart(
        title="Sizes of clusters",
        alt=f"{len(sizes):,} clusters, the largest of {max(sizes, default=0):,} pictures",
        bars=bars,
        x_ticks=tuple((LEFT + (i + 0.5) * step, label) for i, label in enumerate(labels) if i % every == 0),
        y_ticks=_log_ticks(max(counts, default=0), height),
        x_label="pictures in a cluster",
        y_label="clusters, logarithmic",
    )


def pairs_chart(counts: Mapping[str, Mapping[str, int]], pictures: int) -> Chart:
    """How many pairs there were, on a logarithmic scale: all of the pictures, those possible, compared, and expected.

    counts: for each stage of comparing, the pairs expected, possible and compared; stages are added up, and `every
    pair` is N (N - 1) / 2 for each method that compared (its name begins its stages' names).
    """
    methods = {name.split()[0] for name in counts}
    every = len(methods) * pictures * (pictures - 1) // 2
    added = {name: sum(of.get(name, 0) for of in counts.values()) for name in ("possible", "compared", "expected")}
    possible, compared, expected = added.values()
    numbers = {"every pair": every, "possible": possible, "compared": compared, MODELLED: expected}
    height = _logarithmic(max(numbers.values()))
    step = (WIDTH - RIGHT - LEFT) / len(numbers)
    gap = step * 0.2
    bars = tuple(
        _bar(
            LEFT + i * step + gap, LEFT + (i + 1) * step - gap, height(number), f"{name}: {number:,} pairs",
            strong=name == "compared", modelled=name == MODELLED,
        )
        for i, (name, number) in enumerate(numbers.items())
        if number
    )  # fmt: skip
    return Chart(
        title="Pairs of pictures",
        alt=f"{compared:,} of {possible:,} possible pairs were compared; the workload model expects {expected:,}",
        bars=bars if counts else (),
        x_ticks=tuple((LEFT + (i + 0.5) * step, name) for i, name in enumerate(numbers)),
        y_ticks=_log_ticks(max(numbers.values()), height),
        x_label="",
        y_label="pairs, logarithmic",
    )


def _size_bins(largest: int) -> list[tuple[int, int]]:
    if largest <= 20:
        return [(size, size) for size in range(2, max(largest, 6) + 1)]
    rounds = (number * 10**power for power in count() for number in (1, 2, 5))
    bounds = [2, 3, 4, 5]
    for bound in rounds:
        if bound > 5:
            bounds.append(bound)
        if bounds[-1] >= largest:
            break
    return [(2, 2), *((low + 1, high) for low, high in pairwise(bounds))]


def _bar(x: float, end: float, top: float, title: str, strong: bool = True, modelled: bool = False) -> Bar:
    size = round(end - x, 1), round(HEIGHT - BOTTOM - top, 1)
    return Bar(round(x, 1), round(top, 1), *size, title, strong, modelled)


def _linear(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: round(start + (value - low) * (end - start) / (high - low), 1)


def _logarithmic(largest: int) -> Callable[[float], float]:
    # A count of 1 must still be seen, so the axis starts a little below it.
    below = log10(0.7)
    scale = _linear(below, max(1.0, log10(max(largest, 1)) * 1.04), HEIGHT - BOTTOM, TOP)
    return lambda number: scale(log10(number) if number > 0 else below)


def _log_ticks(largest: int, height: Callable[[float], float]) -> tuple[tuple[float, str], ...]:
    powers = range(0, max(2, int(log10(max(largest, 1))) + 1))
    # Few powers of ten leave room to name what lies between them.
    steps = (1, 2, 5) if len(powers) <= 3 else (1,)
    numbers = [step * 10**power for power in powers[:: ceil(len(powers) / 6)] for step in steps]
    return tuple((height(number), _short(number)) for number in numbers if height(number) >= TOP - 1)


def _short(number: int) -> str:
    for unit, word in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= unit:
            return f"{number // unit}{word}"
    return str(number)


def _percent(part: int, whole: int) -> str:
    return "0 %" if not part else f"{100 * part / whole:.2g} %"
