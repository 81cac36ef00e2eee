"""Measure similarity methods on labelled pictures, over all thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np

from icas_core.errors import IcasError
from icas_core.evaluate.scores import Score, Sweep
from icas_core.extraction import features_of
from icas_core.similarity.combine import combine_values
from icas_core.similarity.features import Features
from icas_core.similarity.pairs import similar_pairs
from icas_core.similarity.registry import method_of

_TOGETHER = 1024  # pictures on each side compared at once: a million similarities in memory
_EVERY = -2.0  # a threshold below all similarities


@dataclass(frozen=True)
class Rule:
    """When two pictures are similar: by one method, or by several joined with "+" (any) or "&" (all).

    deep: the model of the method embedding, and its checkpoint.
    """

    thresholds: Mapping[str, float]
    operator: str = "+"
    size: object = "default"
    variants: str = "none"
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    deep: Mapping[str, Any] = field(default_factory=dict)

    @property
    def single(self) -> bool:
        """Whether there is one method, whose own similarity is swept; else it is the margin over the thresholds."""
        return len(self.thresholds) == 1

    @property
    def at(self) -> float:
        """The place of the rule's own thresholds on the swept axis."""
        return next(iter(self.thresholds.values())) if self.single else 0.0


def methods_in(text: str) -> tuple[list[str], str]:
    """The methods and the operator of a text such as "ssim", "ssim+orb" or "ssim&imagehash"."""
    if "+" in text and "&" in text:
        raise IcasError(f"method: found {text!r}; accepted: methods joined by + or by &, not both")
    operator = "&" if "&" in text else "+"
    names = [method_of(part.strip()).name for part in text.split(operator)]
    if len(set(names)) < len(names):
        raise IcasError(f"method: found {text!r}; accepted: each method once")
    return names, operator


def swept(rule: Rule) -> list[float]:
    """The thresholds (or margins) of the curve: steps of 0.01, and the rule's own."""
    start = 0 if rule.single else -50
    return sorted({*(step / 100 for step in range(start, 100)), rule.at, 1.0})


def measure(
    files: Sequence[str], groups: Sequence[str], rule: Rule, *, threads: int = 1, progress: Any = None
) -> tuple[list[Score], list[tuple[str, str]]]:
    """A score for each swept threshold, and the rejected pictures, which count as alone."""
    every: dict[str, tuple[Features, np.ndarray]] = {}
    rejected: dict[str, str] = {}
    rows = {file: row for row, file in enumerate(files)}
    for name in rule.thresholds:
        features, refused = features_of(
            Path("/"),
            list(files),
            method=name,
            size=rule.size,
            variants=rule.variants,
            threads=threads,
            parameters=rule.parameters.get(name, {}),
            deep=rule.deep,
        )
        every[name] = features, np.array([rows[path] for path in features.paths], np.int64)
        rejected.update(refused)
    sweep = Sweep(groups, swept(rule))
    kept = np.array([row for file, row in rows.items() if file not in rejected], np.int64)
    chosen = {name: features.take(np.flatnonzero(np.isin(own, kept))) for name, (features, own) in every.items()}
    for first, second, parts in _blocks(chosen, rule, threads):
        sweep.add(kept[first], kept[second], parts)
        if progress is not None:
            progress.advance(len(parts))
    return sweep.scores(), sorted(rejected.items())


def _blocks(
    chosen: Mapping[str, Features], rule: Rule, threads: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Row numbers and combined similarities of all pairs, a block at a time."""
    n = len(next(iter(chosen.values())))
    ranges = [np.arange(start, min(start + _TOGETHER, n)) for start in range(0, n, _TOGETHER)]
    for left, right in combinations_with_replacement(ranges, 2):
        values = {}
        for name, features in chosen.items():
            other = None if left is right else features.take(right)
            own = rule.parameters.get(name, {})
            edges = similar_pairs(
                features.take(left), other, method=name, threshold=_EVERY, parameters=own, threads=threads
            )
            values[name] = edges.similarity
        yield left[edges.a], right[edges.b], combine_values(values, rule.thresholds, rule.operator)
