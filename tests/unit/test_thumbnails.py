"""Thumbnails: small, upright, the picture's own; kept for a batch and found again by path."""

from __future__ import annotations

import io
import resource
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from icas_core.errors import IcasError
from icas_core.extraction import features_of
from icas_core.images import read_rgb
from icas_core.tables import written_atomically
from icas_core.thumbnails import SIDE, StoredThumbnails, thumbnail, writing_thumbnails
from tests.odd_pictures import photograph


def write(path: Path, thumbnails: Mapping[str, bytes]) -> Path:
    with writing_thumbnails(path) as keep:
        for name, jpeg in thumbnails.items():
            keep(name, jpeg)
    return path


def opened(jpeg: bytes | None) -> Image.Image:
    assert jpeg is not None
    return Image.open(io.BytesIO(jpeg))


@pytest.mark.parametrize(("size", "expected"), [((900, 600), (120, 80)), ((60, 90), (60, 90)), ((4, 900), (1, 120))])
def test_a_thumbnail_fits_its_side_and_is_never_enlarged(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    photograph().resize(size).save(tmp_path / "picture.jpg")
    small = opened(thumbnail(tmp_path / "picture.jpg", 120))
    assert (small.format, small.size) == ("JPEG", expected)


def test_a_thumbnail_is_upright_and_shows_the_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photograph().resize((800, 500)).save(tmp_path / "turned.jpg", exif=exif)
    small = opened(thumbnail(tmp_path / "turned.jpg"))
    assert small.size == (80, 128)
    averaged = Image.fromarray(read_rgb(tmp_path / "turned.jpg")).resize(small.size, Image.Resampling.BOX)
    assert np.abs(np.asarray(small, np.int16) - np.asarray(averaged, np.int16)).mean() < 6


@pytest.mark.parametrize("method", ["ssim", "imagehash", "embedding"])
@pytest.mark.parametrize("decode", ["exact", "fast"])
def test_extraction_keeps_a_thumbnail_of_each_picture_that_it_reads(tmp_path: Path, method: str, decode: str) -> None:
    if method == "embedding":
        pytest.importorskip("torch")
    photograph().resize((1000, 700)).save(tmp_path / "large.jpg")
    photograph().resize((300, 200)).save(tmp_path / "medium.jpg")
    photograph().resize((40, 90)).save(tmp_path / "small.png")
    (tmp_path / "broken.jpg").write_text("no picture")
    names = ["broken.jpg", "large.jpg", "medium.jpg", "small.png"]
    kept: dict[str, bytes] = {}
    plain, _ = features_of(tmp_path, names, method=method, decode=decode)
    features, rejected = features_of(tmp_path, names, method=method, decode=decode, thumbnails=kept.__setitem__)
    assert [path for path, _ in rejected] == ["broken.jpg"]
    assert list(kept) == features.paths == names[1:]
    assert [opened(jpeg).size for jpeg in kept.values()] == [(128, 90), (128, 85), (40, 90)]
    for one, other in zip(plain.variants[0], features.variants[0], strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_thumbnail_of_several_files_is_found_again(tmp_path: Path) -> None:
    first = {f"a/{number}.jpg": b"%d" % number for number in range(600)}
    second = {"b.jpg": b"\xff\xd8 b", "naïve 'quoted'.png": b""}
    files = [write(tmp_path / "1.arrow", first), write(tmp_path / "2.arrow", {}), write(tmp_path / "3.arrow", second)]
    stored = StoredThumbnails(files)
    assert {path: stored(path) for path in first | second} == first | second
    assert stored("nowhere.jpg") is None
    assert StoredThumbnails([])("nowhere.jpg") is None


def test_more_files_than_a_process_may_open_are_read(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = [write(tmp_path / f"{number}.arrow", {f"{number}.jpg": b"%d" % number}) for number in range(200)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(150, soft), hard))
    try:
        stored = StoredThumbnails(files)
        assert [stored(f"{number}.jpg") for number in (0, 77, 199)] == [b"0", b"77", b"199"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_batch_that_fails_halfway_leaves_what_was_there(tmp_path: Path) -> None:
    path = write(tmp_path / "1.arrow", {"a.jpg": b"a"})
    with pytest.raises(RuntimeError), writing_thumbnails(path) as keep:
        for number in range(300):
            keep(f"{number}.jpg", b"other")
        raise RuntimeError
    assert StoredThumbnails([path])("a.jpg") == b"a"
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.arrow", {"a.jpg": bytes(SIDE)})
    (tmp_path / "cut.arrow").write_bytes(whole.read_bytes()[:-40])
    (tmp_path / "empty.arrow").touch()
    with written_atomically(tmp_path / "other.arrow") as file, pa.ipc.new_file(file, pa.schema([])) as writer:
        writer.write_table(pa.table({}))
    for name in ("cut", "empty", "other", "missing"):
        with pytest.raises(IcasError, match=rf"{name}\.arrow.*run"):
            StoredThumbnails([tmp_path / f"{name}.arrow"])
