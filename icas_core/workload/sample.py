"""Measure on a sample of the user's own pictures what each stage costs: a few seconds in all."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
import pyarrow as pa

from icas_core.clustering.components import cluster_batch
from icas_core.clustering.placing import place_clusters
from icas_core.errors import IcasError
from icas_core.extraction import features_of
from icas_core.report.gallery import write_gallery
from icas_core.similarity.features import Features, concatenate
from icas_core.similarity.pairs import paired_similarities, similar_pairs
from icas_core.tables import EDGES, MERGED
from icas_core.usage import usage_so_far

RUN = 8  # neighbours in path order that are sampled together: near copies are often neighbours
_SECONDS = 1.5  # spent extracting, and comparing, by each method
_WARM = 4  # pictures that the first call of everything is given
_LEAST = 48  # pictures that comparing is measured on at least
_COMPILED = 2.0  # seconds of a first call from which on it has compiled the kernels, which jobs do not do again
_LOADING = 0.25  # seconds of loading compiled kernels


@dataclass(frozen=True)
class MethodCosts:
    """One method's seconds of processor time, and bytes.

    picture: extracting one. pair: comparing one pair of a batch, pruned ones included. chosen: comparing two given
    pictures. start: loading what a job that compares needs. extracting: loading what a job that extracts needs. bytes:
    of a picture's feature.
    """

    picture: float
    extracting: float
    pair: float
    chosen: float
    start: float
    bytes: float


@dataclass(frozen=True)
class Alike:
    """How many of the sampled pictures are similar: near, to a neighbour in path order; far, a pair of any others.

    near: the share of pictures with a similar neighbour. neighbours: similar neighbours a picture. far: the share of
    similar pairs among pictures that are no neighbours.
    """

    near: float
    neighbours: float
    far: float


@dataclass(frozen=True)
class Costs:
    """What the sample showed.

    start: processor seconds of a job before it does anything. placing, placing_batch, showing, clustering: seconds a
    picture. clusters: seconds of loading what clustering needs. memory: megabytes of a job that does nothing, of one
    that extracts, and of one that compares. readable: the share of pictures that could be read.
    """

    pictures: int
    methods: Mapping[str, MethodCosts]
    alike: Alike
    start: float
    placing: float
    placing_batch: float
    showing: float
    clustering: float
    clusters: float
    memory: tuple[float, float, float]
    readable: float


def measure_sample(
    root: Path | str,
    paths: Sequence[str],
    *,
    extract: Mapping[str, Mapping[str, Any]],
    compare: Mapping[str, Mapping[str, Any]],
    operator: str,
    transfer: str,
    batch_transfer: str,
    template: Path | str,
    start: float,
) -> Costs:
    """Run every stage on the sampled pictures `paths`, in runs of RUN neighbours, in a folder that is removed again.

    extract: what features_of takes for each method; compare: each method's threshold and parameters. start: the
    processor seconds that a job takes to start. Raises IcasError where no sampled picture can be read.
    """
    small = usage_so_far().megabytes
    every, timed, tried = {}, {}, 0
    thumbnails: dict[str, bytes] = {}
    for method, stage in extract.items():
        every[method], timed[method], tried = _extracted(root, paths, stage, thumbnails)
    reading = usage_so_far().megabytes
    methods, edges = {}, {}
    for method, features in every.items():
        if not len(features):
            raise IcasError(f"{root}: none of {len(paths)} sampled pictures can be read")
        pair, chosen, loading, edges[method] = _compared(features, **compare[method])
        size = sum(feature.nbytes for stack in features.variants for feature in stack) / len(features)
        methods[method] = MethodCosts(*timed[method], pair=pair, chosen=chosen, start=loading, bytes=size)
    comparing = usage_so_far().megabytes
    kept = sorted(set.intersection(*(set(features.paths) for features in every.values())))
    rest = _rest(root, kept, thumbnails, transfer=transfer, batch_transfer=batch_transfer, template=template)
    return Costs(
        pictures=len(kept),
        methods=methods,
        alike=_alike(list(paths), edges, operator),
        start=start,
        memory=(small, reading, comparing),
        readable=len(features) / tried,
        **rest,
    )


@contextmanager
def _quiet() -> Any:
    """Keep the stages' own lines out of the log of a job that only tries them."""
    logger = logging.getLogger("icas_core")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


def _extracted(
    root: Path | str, paths: Sequence[str], stage: Mapping[str, Any], thumbnails: dict[str, bytes]
) -> tuple[Features, tuple[float, float], int]:
    """Features of as many pictures as there is time for; seconds a picture, and of loading; how many were tried.

    Fills `thumbnails`, which are made beside the features.
    """
    keep = thumbnails.__setitem__
    began = process_time()
    features_of(root, paths[:1], **stage, thumbnails=keep)
    first = process_time() - began
    parts, done = [], 0
    began = process_time()
    while done < len(paths) and (process_time() - began < _SECONDS or done < _LEAST):
        parts.append(features_of(root, paths[done : done + RUN], **stage, thumbnails=keep)[0])
        done += RUN
    tried = min(done, len(paths))
    each = (process_time() - began) / max(tried, 1)
    return concatenate(parts), (each, max(0.0, first - each)), tried


def _compared(
    features: Features, *, method: str, threshold: float, parameters: Mapping[str, Any], **_: Any
) -> tuple[float, float, float, dict[str, Any]]:
    """Seconds of a pair in a batch, of a given pair, and of loading; and the similar pairs, by paths."""
    how: dict[str, Any] = {"method": method, "threshold": threshold, "parameters": parameters}
    began = process_time()
    similar_pairs(features.take(range(min(_WARM, len(features)))), **how)
    first = process_time() - began
    count = min(_LEAST, len(features))
    while True:
        taken = features.take(range(count))
        began = process_time()
        edges = similar_pairs(taken, **how)
        spent = process_time() - began
        if count == len(features) or spent > _SECONDS / 4:
            break
        count = min(len(features), 2 * count)
    random = np.random.default_rng(0)
    a, b = random.integers(0, count, (2, max(64, min(2000, count * count // 8))))
    began = process_time()
    paired_similarities(taken, taken, a, b, method=method, parameters=parameters)
    chosen = (process_time() - began) / len(a)
    pairs = max(1, count * (count - 1) // 2)
    sampled = min(pairs, 1000)
    found = {"a": [taken.paths[row] for row in edges.a], "b": [taken.paths[row] for row in edges.b], "of": taken.paths}
    pair = max(spent - sampled * chosen, spent / 10) / pairs
    return pair, chosen, first if first < _COMPILED else _LOADING, found


def _alike(paths: Sequence[str], edges: Mapping[str, Mapping[str, Any]], operator: str) -> Alike:
    """How alike the pictures are that all methods compared; `paths` lie in runs of RUN neighbours."""
    run = {path: place // RUN for place, path in enumerate(paths)}
    compared = set.intersection(*(set(found["of"]) for found in edges.values()))
    each = [set(zip(found["a"], found["b"], strict=True)) for found in edges.values()]
    similar = set.union(*each) if operator == "+" else set.intersection(*each)
    similar = {(a, b) for a, b in similar if a in compared and b in compared}
    near = {pair for pair in similar if run[pair[0]] == run[pair[1]]}
    runs = np.unique([run[path] for path in compared], return_counts=True)[1]
    pairs, within = (int((count * (count - 1) // 2).sum()) for count in (np.array([len(compared)]), runs))
    pictures = max(1, len(compared))
    return Alike(
        near=len({path for pair in near for path in pair}) / pictures,
        neighbours=2 * len(near) / pictures,
        far=(len(similar) - len(near)) / max(1, pairs - within),
    )


def _rest(
    root: Path | str,
    paths: Sequence[str],
    thumbnails: Mapping[str, bytes],
    *,
    transfer: str,
    batch_transfer: str,
    template: Path | str,
) -> dict[str, float]:
    """Seconds a picture of the stages that follow comparing, which depend on no method."""
    edges = {"image_a": paths[0:-1:2], "image_b": paths[1::2], "similarity": np.ones(len(paths) // 2, np.float32)}
    began = process_time()
    cluster_batch(list(paths), pa.table(edges, schema=EDGES), representative="first")
    loading = process_time() - began
    began = process_time()
    clusters = cluster_batch(list(paths), pa.table(edges, schema=EDGES), representative="first")
    clustering = (process_time() - began) / len(paths)
    merged = _merged(clusters)
    with TemporaryDirectory(prefix="icas-estimate-") as folder, _quiet():
        placing = _placed(merged, root, Path(folder) / "clusters", transfer)
        placing_batch = 0.0 if batch_transfer == "none" else _placed(merged, root, Path(folder) / "b", batch_transfer)
        shown = merged.slice(0, 96)
        how: dict[str, Any] = {"images_root": root, "template": template, "thumbnails": thumbnails.get}
        write_gallery(shown.slice(0, 1), destination=Path(folder) / "one.html", **how)
        began = process_time()
        write_gallery(shown.slice(0, 1), destination=Path(folder) / "one.html", **how)
        empty = process_time() - began
        write_gallery(shown, destination=Path(folder) / "page.html", **how)
        showing = max(0.0, process_time() - began - 2 * empty) / shown.num_rows
    return {
        "placing": placing,
        "placing_batch": placing_batch,
        "showing": showing,
        "clustering": clustering,
        "clusters": loading,
    }


def _merged(clusters: pa.Table) -> pa.Table:
    count = clusters.num_rows
    columns = [
        clusters["path"],
        clusters["cluster"],
        pa.repeat("0001", count),
        clusters["cluster"],
        clusters["representative"],
        pa.array(np.ones(count, np.float32)),
    ]
    return pa.table(columns, schema=MERGED)


def _placed(merged: pa.Table, root: Path | str, destination: Path, transfer: str) -> float:
    began = process_time()
    place_clusters(
        merged,
        source_root=root,
        destination=destination,
        transfer=transfer,
        overwrite=True,
        placement="estimate",
        receipt=destination.with_suffix(".json"),
        log=logging.getLogger(__name__),
    )
    return (process_time() - began) / merged.num_rows
