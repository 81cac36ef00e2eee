"""The segmenters by the names that users type."""

from __future__ import annotations

from icas_core.errors import IcasError
from icas_core.segmentation import (
    chanvase,
    consensus,
    edge,
    felzenszwalb,
    grabcut,
    graph,
    kmeans,
    quickshift,
    sam,
    slickmeans,
    superpixel,
)
from icas_core.segmentation.segmenter import Segmenter

SEGMENTERS: dict[str, Segmenter] = {
    module.SEGMENTER.name: module.SEGMENTER
    for module in (
        edge,
        superpixel,
        kmeans,
        slickmeans,
        chanvase,
        felzenszwalb,
        quickshift,
        graph,
        consensus,
        grabcut,
        sam,
    )
}


def segmenter_of(name: str) -> Segmenter:
    """The segmenter of this name, in upper or lower case; IcasError lists the names there are."""
    try:
        return SEGMENTERS[name.lower()]
    except (KeyError, AttributeError):
        raise IcasError(f"segment_method: found {name!r}; accepted: {', '.join(SEGMENTERS)}") from None
