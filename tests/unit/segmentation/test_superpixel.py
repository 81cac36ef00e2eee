"""How many superpixels there are."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from icas_core.images import read_rgb
from icas_core.segmentation.segmenting import segment

PHOTO = Path(__file__).parents[2] / "data" / "photos" / "things" / "coffee.jpg"


@pytest.mark.parametrize("width", [240, 300, 420, 480])
@pytest.mark.parametrize("asked", [150, 400])
def test_seeds_are_about_as_many_as_were_asked_for_at_any_size(width: int, asked: int) -> None:
    photo = cv2.resize(read_rgb(PHOTO), (width, width * 2 // 3), interpolation=cv2.INTER_AREA)
    count = int(segment(photo, "superpixel", {"superpixels": asked}).max())
    assert 0.8 * asked < count < 1.2 * asked
