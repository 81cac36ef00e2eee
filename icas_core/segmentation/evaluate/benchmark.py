"""Measure a segmenter, or people themselves, against what several people marked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from icas_core.errors import IcasError
from icas_core.segmentation.evaluate.boundaries import (
    BoundaryCounts,
    boundary_map,
    compared,
    meeting,
    recall_within,
    tolerance_of,
    total,
)
from icas_core.segmentation.evaluate.groundtruth import Marked
from icas_core.segmentation.evaluate.regions import (
    covering,
    shares,
    undersegmentation_achanta,
    undersegmentation_corrected,
    variation_of_information,
)
from icas_core.segmentation.labels import filled
from icas_core.segmentation.segmenter import Segmenter
from icas_core.segmentation.segmenting import segment

LEVELS = tuple(range(-4, 5))
_NEAR = 2.0  # pixels

_OF_REGIONS: dict[str, Callable[[Any], float]] = {
    "covering": covering,
    "variation_of_information": variation_of_information,
    "undersegmentation_achanta": undersegmentation_achanta,
    "undersegmentation_corrected": undersegmentation_corrected,
}


@dataclass(frozen=True)
class Measured:
    """One segmentation of one picture against all its people."""

    boundary: BoundaryCounts
    values: Mapping[str, float]


def measure(labels: np.ndarray, people: Sequence[np.ndarray], boundaries: Sequence[np.ndarray]) -> Measured:
    """Measure a label map of (height, width) against the label maps and the boundary maps of several people.

    Pixels of edges (0) count to the segment nearest to them. Measures of regions are the mean over the people.
    """
    whole = filled(labels)
    boundary, unthinned = boundary_map(whole), meeting(whole)
    tolerance = tolerance_of(labels.shape)
    overlaps = [shares(whole, person) for person in people]
    values = {name: float(np.mean([of(overlap) for overlap in overlaps])) for name, of in _OF_REGIONS.items()}
    values["recall_2px"] = recall_within(unthinned, boundaries, _NEAR)
    values["recall_tolerance"] = recall_within(unthinned, boundaries, tolerance)
    values["segments"] = int(labels.max())
    return Measured(compared(boundary, boundaries, tolerance), values)


def measure_picture(
    marked: Marked,
    segmenter: Segmenter,
    parameters: Mapping[str, Any],
    reduce: float | str,
    levels: Iterable[int] = LEVELS,
) -> dict[int, Measured]:
    """Segment one picture at each level and measure it; `seconds` are those of the processor. IcasError if damaged."""
    picture, people = marked.picture(), marked.segmentations
    if people.shape[1:] != picture.shape[:2]:
        raise IcasError(f"{marked.marked_file}: is {people.shape[1:]}, the picture {picture.shape[:2]}")
    found = {}
    for level in levels:
        began = time.process_time()
        labels = segment(picture, segmenter, parameters, reduce, level)
        seconds = time.process_time() - began
        at = measure(labels, list(people), marked.boundaries)
        found[level] = Measured(at.boundary, {**at.values, "seconds": seconds})
    return found


def measure_people(marked: Marked) -> list[Measured]:
    """Each person's segmentation of one picture against those of the others; none where only one person marked it."""
    people, boundaries = list(marked.segmentations), marked.boundaries
    if len(people) < 2:
        return []
    return [
        measure(own, people[:one] + people[one + 1 :], boundaries[:one] + boundaries[one + 1 :])
        for one, own in enumerate(people)
    ]


def summary(pictures: Sequence[Mapping[int, Measured]]) -> dict[str, Any]:
    """What a segmenter reaches over several pictures, each measured at the same levels, 0 among them.

    At level 0: boundary F with precision and recall (of the counts of all pictures), the other measures' means. ODS:
    the best level for all pictures; OIS: the best for each picture.
    """
    levels = list(pictures[0])
    curve = [{"level": level, **_at([picture[level] for picture in pictures])} for level in levels]
    best_of_each = [max(picture.values(), key=lambda at: at.boundary.f) for picture in pictures]
    ods = max(curve, key=lambda at: at["f"])
    covers = max(curve, key=lambda at: at["covering"])
    return {
        **_at([picture[0] for picture in pictures]),
        "ods_f": ods["f"],
        "ods_level": ods["level"],
        "ois_f": total(at.boundary for at in best_of_each).f,
        "ods_covering": covers["covering"],
        "ois_covering": float(np.mean([max(at.values["covering"] for at in picture.values()) for picture in pictures])),
        "ods_variation_of_information": min(at["variation_of_information"] for at in curve),
        "levels": curve,
    }


def summary_of_people(pictures: Sequence[Sequence[Measured]]) -> dict[str, Any]:
    """What people reach among themselves: the counts of all, the means over the people of each picture."""
    return {
        **_boundary(total(one.boundary for people in pictures for one in people)),
        **_means([_means([one.values for one in people]) for people in pictures]),
    }


def _at(measured: Sequence[Measured]) -> dict[str, float]:
    return {**_boundary(total(one.boundary for one in measured)), **_means([one.values for one in measured])}


def _boundary(counts: BoundaryCounts) -> dict[str, float]:
    return {"f": counts.f, "precision": counts.precision, "recall": counts.recall}


def _means(values: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([one[name] for one in values])) for name in values[0]}
