"""Segment Anything as a segmenter: every object of a picture, without prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from icas_core.segmentation.enlarging import enlarged
from icas_core.segmentation.labels import dense_with_edges
from icas_core.segmentation.prompts import Prompts
from icas_core.segmentation.regions import absorbed
from icas_core.segmentation.sam.embeddings import Embeddings, default_folder
from icas_core.segmentation.sam.masks import regions_of, segments_of
from icas_core.segmentation.sam.model import MODELS, check, load_model
from icas_core.segmentation.segmenter import Segmenter


def segment(
    picture: np.ndarray,
    *,
    checkpoint: str,
    model: str,
    device: str,
    points: int,
    quality: float,
    stability: float,
    smallest: int,
    cache: str,
    cache_megabytes: int,
) -> np.ndarray:
    """The objects that the model finds in a (h, w, 3) uint8 RGB picture, and what lies between them, as segments.

    checkpoint, model, device: as load_model takes them. points: prompts a side of the grid. quality, stability: the
    least estimated IoU and stability of a mask, 0 keeps all. smallest: the least pixels a segment. cache: the folder of
    the embeddings, '' for default_folder. cache_megabytes: its largest size, 0 keeps none.
    Gives (h, w) int32 labels from 1; of overlapping objects the smaller is on top. segment_anything's
    SamAutomaticMaskGenerator, in a copy no larger than the model looks at.
    """
    loaded = load_model(checkpoint, model, device)
    from icas_core.segmentation.sam.predicting import as_seen, generate

    copy = as_seen(loaded, picture)
    masks = generate(
        loaded, copy, embeddings_in(cache, cache_megabytes), points=points, quality=quality, stability=stability
    )
    labels, _ = segments_of([mask.pixels for mask in masks], copy.shape)
    labels = absorbed(labels, copy, smallest)
    return labels if copy.shape == picture.shape else enlarged(labels, picture)


def objects(picture: np.ndarray, prompts: Prompts, parameters: Mapping[str, Any] | None = None) -> np.ndarray:
    """The objects that a person prompts for in a (height, width, 3) uint8 RGB picture, as segments.

    parameters: those of SEGMENTER that differ from its defaults. Gives (height, width) int32 labels: connected segments
    from 1, 0 where no object is; of overlapping objects the smaller is on top. IcasError as predict and load_model.
    """
    settled = SEGMENTER.settled(parameters)
    loaded = load_model(settled["checkpoint"], settled["model"], settled["device"])
    from icas_core.segmentation.sam.predicting import predict

    masks = predict(loaded, picture, prompts, embeddings_in(settled["cache"], settled["cache_megabytes"]))
    return dense_with_edges(regions_of([mask.pixels for mask in masks], picture.shape))


def objects_or_all(picture: np.ndarray, prompts: Prompts, parameters: Mapping[str, Any] | None = None) -> np.ndarray:
    """The prompted objects as `objects` gives them; without any prompt the whole picture as `segment` cuts it."""
    return objects(picture, prompts, parameters) if prompts else segment(picture, **SEGMENTER.settled(parameters))


def embed(picture: np.ndarray, parameters: Mapping[str, Any] | None = None) -> None:
    """Make a picture's embedding and keep it in the cache, so that its first prompt is answered soon.

    picture, parameters: as `objects` takes them. Does nothing where no cache is wanted. IcasError as load_model.
    """
    settled = SEGMENTER.settled(parameters)
    loaded = load_model(settled["checkpoint"], settled["model"], settled["device"])
    cache = embeddings_in(settled["cache"], settled["cache_megabytes"])
    if cache is not None:
        from icas_core.segmentation.sam.predicting import embed as made

        made(loaded, picture, cache)


def require_able(parameters: Mapping[str, Any] | None = None) -> None:
    """IcasError where prompts could not be answered: no checkpoint, or what runs it is not installed; imports none."""
    settled = SEGMENTER.settled(parameters)
    check(checkpoint=settled["checkpoint"], model=settled["model"])


def embeddings_in(cache: str, megabytes: int) -> Embeddings | None:
    """The cache of embeddings that the parameters `cache` and `cache_megabytes` name; None for no cache."""
    return Embeddings(cache or default_folder(), megabytes) if megabytes else None


SEGMENTER = Segmenter(
    name="sam",
    version=1,
    segment=segment,
    # It makes its own copy, the very one whose embedding answers prompts too.
    copy_pixels=10**12,
    parameters={
        "checkpoint": "",
        "model": "vit_b",
        "device": "auto",
        "points": 32,
        "quality": 0.88,
        "stability": 0.95,
        "smallest": 100,
        "cache": "",
        "cache_megabytes": 2000,
    },
    choices={"model": MODELS, "device": ("auto", "cpu", "cuda")},
    places=frozenset({"device", "cache", "cache_megabytes"}),
    check=check,
    limits={"quality": (0.0, 1.0), "stability": (0.0, 1.0), "cache_megabytes": (0, 10**9)},
)
