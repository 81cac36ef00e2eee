"""Measure the methods that take prompts on pictures with one object's mask each, with a simulated person."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from icas_core.errors import IcasError
from icas_core.segmentation import grabcut
from icas_core.segmentation.evaluate.groundtruth import Marked
from icas_core.segmentation.evaluate.person import box_around, click, dot, iou, stroke
from icas_core.segmentation.prompts import Point, Prompts, Stroke
from icas_core.segmentation.sam.model import load_model
from icas_core.segmentation.sam.segmenter import embeddings_in

CORRECTIONS = 2
MOST_CLICKS = 20
WANTED = (0.85, 0.90)

Correction = Callable[[np.ndarray, np.ndarray], Point | Stroke]


@dataclass(frozen=True)
class Prompted:
    """A method that takes prompts.

    answer(picture, prompts, before): what it finds, with its `foreground` as a bool mask; `before` is its answer to
    the prompts but the last, or None. whole(picture, prompts, answer): the mask as it is handed on.
    correction, click: what the person gives to mend a mistake.
    """

    answer: Callable[[np.ndarray, Prompts, Any], Any]
    whole: Callable[[np.ndarray, Prompts, Any], np.ndarray]
    correction: Correction
    click: Correction


def grabcut_prompted(parameters: Mapping[str, Any], reduce: float | str) -> Prompted:
    """Grabcut, corrected by strokes; a click is a dot of the brush."""

    def answer(picture: np.ndarray, prompts: Prompts, before: grabcut.Cut | None) -> grabcut.Cut:
        return grabcut.cut(picture, prompts, before, **parameters, reduce=reduce)

    def whole(picture: np.ndarray, prompts: Prompts, found: grabcut.Cut) -> np.ndarray:
        return grabcut.segments(picture, prompts, found)[1]

    return Prompted(answer, whole, stroke, dot)


@dataclass(frozen=True, eq=False)
class _Found:
    foreground: np.ndarray


def sam_prompted(parameters: Mapping[str, Any], reduce: float | str) -> Prompted:
    """Segment Anything, corrected by points; it makes its own copy, so that `reduce` means nothing."""
    cache = embeddings_in(parameters["cache"], parameters["cache_megabytes"])

    def answer(picture: np.ndarray, prompts: Prompts, before: _Found | None) -> _Found:
        from icas_core.segmentation.sam.predicting import predict

        model = load_model(parameters["checkpoint"], parameters["model"], parameters["device"])
        masks = predict(model, picture, prompts, cache)
        return _Found(np.any([mask.pixels for mask in masks], axis=0))

    def whole(picture: np.ndarray, prompts: Prompts, found: _Found) -> np.ndarray:
        return found.foreground

    return Prompted(answer, whole, click, click)


PROMPTED: dict[str, Callable[[Mapping[str, Any], float | str], Prompted]] = {
    "grabcut": grabcut_prompted,
    "sam": sam_prompted,
}


def measure_prompts(marked: Marked, method: Prompted) -> dict[str, float]:
    """One picture: the box around the object, then two corrections; from the box again, clicks until it is right.

    iou_box, iou_1, iou_2: of the mask that is handed on. seconds_box, seconds_correction, seconds_whole: of the
    processor, for an answer and for handing on. clicks_85, clicks_90: corrections by click after the box until the
    IoU is reached, 20 where it is not. IcasError if a file is damaged.
    """
    picture, mask = marked.picture(), marked.mask
    if mask.shape != picture.shape[:2]:
        raise IcasError(f"{marked.marked_file}: is {mask.shape}, the picture {picture.shape[:2]}")
    prompts = Prompts((box_around(mask),))
    first, seconds = _timed(method.answer, picture, prompts, None)
    found = _corrected(method, picture, mask, prompts, first)
    return {**found, "seconds_box": seconds, **_clicks(method, picture, mask, prompts, first)}


def _corrected(
    method: Prompted, picture: np.ndarray, mask: np.ndarray, prompts: Prompts, first: Any
) -> dict[str, float]:
    whole, handing_on = _timed(method.whole, picture, prompts, first)
    found, spent, answer = {"iou_box": iou(whole, mask)}, [], first
    for correction in range(1, CORRECTIONS + 1):
        if not np.array_equal(answer.foreground, mask):
            prompts = prompts.adding(method.correction(answer.foreground, mask))
            answer, seconds = _timed(method.answer, picture, prompts, answer)
            spent.append(seconds)
        found[f"iou_{correction}"] = iou(method.whole(picture, prompts, answer), mask)
    return {**found, "seconds_correction": float(np.mean(spent or [0])), "seconds_whole": handing_on}


def _clicks(method: Prompted, picture: np.ndarray, mask: np.ndarray, prompts: Prompts, answer: Any) -> dict[str, float]:
    needed: dict[str, float] = {}
    for clicks in range(MOST_CLICKS + 1):
        reached = iou(answer.foreground, mask)
        for wanted in WANTED:
            if reached >= wanted or clicks == MOST_CLICKS:
                needed.setdefault(f"clicks_{wanted * 100:.0f}", clicks)
        if len(needed) == len(WANTED):
            break
        prompts = prompts.adding(method.click(answer.foreground, mask))
        answer = method.answer(picture, prompts, answer)
    return needed


def _timed(of: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    began = time.process_time()
    found = of(*arguments)
    return found, time.process_time() - began


def summary_of_prompts(pictures: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """The means over the pictures, and how many of them never reached an IoU by clicks."""
    means: dict[str, Any] = {name: float(np.mean([one[name] for one in pictures])) for name in pictures[0]}
    for wanted in WANTED:
        name = f"clicks_{wanted * 100:.0f}"
        means[name.replace("clicks", "unreached")] = sum(one[name] == MOST_CLICKS for one in pictures)
    return means
