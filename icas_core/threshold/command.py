"""`python -m icas_core.threshold`: a job in JSON on stdin, what came of it in JSON on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icas_core.errors import IcasError
from icas_core.runner import end_with_runner
from icas_core.threshold.choosing import Choosing
from icas_core.threshold.curve import Curve, write_curve
from icas_core.threshold.thumbnails import Thumbnails

_EVERY = -2.0  # a threshold below all similarities


@dataclass(frozen=True)
class Job:
    """What is to be chosen, and from what.

    images: the folder of pictures, `folder` of them. paths, places: the sampled ones, and where each is among all in
    path order. method, extract, parameters: how they are compared, as features_of takes it. default: the method's own
    threshold. curve: the files of the curve, without their endings.
    """

    images: str
    folder: int
    paths: list[str]
    places: list[int]
    method: str
    extract: Mapping[str, Any]
    parameters: Mapping[str, Any]
    default: float
    curve: str
    threads: int


def main() -> int:
    """Answer {"threshold": …} (null where the person left), {"no_screen": …} or {"error": …}."""
    end_with_runner()
    job = Job(**json.load(sys.stdin))
    try:
        answer = _chosen(job)
    except (IcasError, ImportError) as error:
        answer = {"error": " ".join(str(error).split())}
    json.dump(answer, sys.stdout)
    return 0


def measured(job: Job) -> Curve:
    """Compare all sampled pictures with one another; IcasError where fewer than two can be read."""
    from icas_core.extraction import features_of
    from icas_core.similarity.pairs import similar_pairs

    features, rejected = features_of(job.images, job.paths, threads=job.threads, **job.extract)
    if len(features) < 2:
        raise IcasError(f"{job.images}: only {len(features)} of {len(job.paths)} sampled pictures can be read")
    place = dict(zip(job.paths, job.places, strict=True))
    edges = similar_pairs(features, method=job.method, threshold=_EVERY, parameters=job.parameters, threads=job.threads)
    places = [place[path] for path in features.paths]
    # What cannot be read takes no part in a run either.
    readable = round(job.folder * len(features) / (len(features) + len(rejected)))
    return Curve.of(features.paths, places, max(readable, len(features)), edges.a, edges.b, edges.similarity)


def _chosen(job: Job) -> dict[str, Any]:
    from icas_core.painter.window import check_screen
    from icas_core.threshold.drawing import example_paths

    curve = measured(job)
    write_curve(curve, Path(f"{job.curve}.csv"))
    state = Choosing(curve, job.method, job.default, job.default)
    thumbnails = Thumbnails(Path(job.images))
    try:
        thumbnails.wait_for(example_paths(state))
        # Before the window: where none can open, OpenCV ends the whole program.
        _write_picture(state, thumbnails, f"{job.curve}.png")
        try:
            check_screen()
        except IcasError as error:
            return {"no_screen": str(error)}
        from icas_core.threshold.window import Chooser

        state = Chooser(state, thumbnails).run()
        if state.outcome != "chosen":
            return {"threshold": None}
        _write_picture(state, thumbnails, f"{job.curve}.png")
    finally:
        thumbnails.close()
    return {"threshold": state.threshold}


def _write_picture(state: Choosing, thumbnails: Thumbnails, file: str) -> None:
    import cv2

    from icas_core.tables import written_atomically
    from icas_core.threshold.drawing import drawn

    with written_atomically(file) as png:
        png.write(cv2.imencode(".png", drawn(state, thumbnails))[1].tobytes())
