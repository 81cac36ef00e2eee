"""From masks that overlap to segments that do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from icas_core.segmentation.labels import dense


def regions_of(masks: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Which mask each pixel belongs to: (height, width) int32, the mask's place from 1, 0 where there is none.

    Where bool masks of (height, width) overlap the smaller one wins, and of equally large ones the earlier, so that no
    mask hides one that lies inside it.
    """
    regions = np.zeros(shape[:2], np.int32)
    order = sorted(range(len(masks)), key=lambda place: (-int(masks[place].sum()), -place))
    for place in order:
        regions[masks[place]] = place + 1
    return regions


def segments_of(masks: Sequence[np.ndarray], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The masks as segments, and the rest of the picture too: (height, width) int32 labels, connected, from 1.

    Also which pixels belong to any mask, as a bool array: every segment is inside or outside as a whole.
    """
    regions = regions_of(masks, shape)
    return dense(regions), regions > 0
