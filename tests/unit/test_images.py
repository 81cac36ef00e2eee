"""Reading pictures: every kind arrives as upright RGB, everything else is rejected with its reason."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from icas_core import images
from icas_core.errors import RejectedPicture
from icas_core.images import is_picture_name, read_rgb, upright_size
from icas_core.limits import MAX_PIXELS
from tests.odd_pictures import ODD_INPUTS, READ, OddPicture, make_odd_pictures, photograph, png_of_size


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    make_odd_pictures(folder)
    return folder


@pytest.mark.parametrize("row", ODD_INPUTS, ids=lambda row: ascii(row.name))
def test_an_odd_input_is_read_or_rejected_with_its_reason(row: OddPicture, odd_folder: Path) -> None:
    if row.skip:
        pytest.skip(row.skip)
    if row.expected == READ:
        picture = read_rgb(odd_folder / row.name)
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
        assert upright_size(odd_folder / row.name) == picture.shape[1::-1]
        return
    with pytest.raises(RejectedPicture) as rejected:
        read_rgb(odd_folder / row.name)
    reason = str(rejected.value)
    assert row.expected in reason
    assert len(reason) < 130
    assert "\n" not in reason
    assert row.name not in reason


def test_the_table_of_odd_inputs_is_long_and_its_names_differ() -> None:
    assert len({row.name for row in ODD_INPUTS}) == len(ODD_INPUTS) >= 24


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_turns_the_picture_as_pillow_does(tmp_path: Path, orientation: int, ending: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{ending}"
    photograph().save(path, exif=exif)
    with Image.open(path) as picture:
        upright = np.asarray(ImageOps.exif_transpose(picture))
    assert upright.shape == ((150, 225, 3) if orientation < 5 else (225, 150, 3))
    assert upright_size(path) == upright.shape[1::-1]
    np.testing.assert_array_equal(read_rgb(path), upright)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "CMYK"])
def test_a_plain_picture_is_exactly_what_pillow_converts(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("picture.tif" if mode == "CMYK" else "picture.png")
    photograph().convert(mode).save(path)
    with Image.open(path) as picture:
        np.testing.assert_array_equal(read_rgb(path), np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path, ending: str) -> None:
    grey = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(9, axis=0)
    Image.fromarray(grey).save(tmp_path / f"deep.{ending}")
    np.testing.assert_array_equal(read_rgb(tmp_path / f"deep.{ending}")[..., 0], (grey >> 8).astype(np.uint8))


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_numbers_without_a_scale_are_stretched_to_0_255(tmp_path: Path, dtype: type) -> None:
    values = np.linspace(-70_000, 900_000, 256).astype(dtype)[None].repeat(9, axis=0)
    Image.fromarray(values).save(tmp_path / "numbers.tif")
    np.testing.assert_array_equal(read_rgb(tmp_path / "numbers.tif")[0, :, 1], np.arange(256))


def test_a_float_picture_with_nan_is_read(tmp_path: Path) -> None:
    values = np.array([[0.0, np.nan, 1.0, np.inf]], dtype=np.float32)
    Image.fromarray(values).save(tmp_path / "nan.tif")
    assert read_rgb(tmp_path / "nan.tif")[0, :, 0].tolist() == [0, 0, 255, 0]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_clear_becomes_white_and_what_is_half_clear_is_mixed_with_white(tmp_path: Path, mode: str) -> None:
    picture = Image.new(mode, (3, 1), (0,) * len(mode))
    for column, alpha in enumerate((0, 128, 255)):
        picture.putpixel((column, 0), (0,) * (len(mode) - 1) + (alpha,))
    picture.save(tmp_path / "alpha.png")
    assert read_rgb(tmp_path / "alpha.png")[0, :, 0].tolist() == [255, 127, 0]


@pytest.mark.parametrize("name", ["cmyk.jpg", "ycck.jpg"])
def test_printing_colours_look_as_the_photograph_does(odd_folder: Path, name: str) -> None:
    difference = read_rgb(odd_folder / name).astype(int) - np.asarray(photograph(len(name)))
    assert np.abs(difference).mean() < 6


def test_of_a_moving_gif_the_first_frame_is_read(odd_folder: Path) -> None:
    with Image.open(odd_folder / "moving.gif") as first:
        np.testing.assert_array_equal(read_rgb(odd_folder / "moving.gif"), np.asarray(first.convert("RGB")))


def test_of_a_tiff_of_several_pages_the_first_is_read(odd_folder: Path) -> None:
    np.testing.assert_array_equal(read_rgb(odd_folder / "pages.tif"), np.asarray(photograph(1)))


def test_a_heic_picture_is_close_to_what_was_saved(odd_folder: Path) -> None:
    pytest.importorskip("pillow_heif")
    difference = read_rgb(odd_folder / "phone.heic").astype(int) - np.asarray(photograph(2))
    assert np.abs(difference).mean() < 6


def test_heic_without_its_package_is_rejected_by_naming_the_package(
    odd_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pillow_heif")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(RejectedPicture, match="pillow-heif"):
        read_rgb(odd_folder / "phone.heic")


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("wanted", [(100, 60), (60, 100), (24, 24), (5000, 5000)])
def test_a_reduced_decode_is_at_least_as_large_as_asked_and_looks_the_same(
    tmp_path: Path, wanted: tuple[int, int], orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photograph().resize((900, 600)).save(tmp_path / "large.jpg", exif=exif)
    whole, reduced = read_rgb(tmp_path / "large.jpg"), read_rgb(tmp_path / "large.jpg", at_least=wanted)
    height, width = reduced.shape[:2]
    assert width >= min(wanted[0], whole.shape[1])
    assert height >= min(wanted[1], whole.shape[0])
    small = [np.asarray(Image.fromarray(rgb).resize((24, 24), Image.Resampling.BOX), int) for rgb in (whole, reduced)]
    assert np.abs(small[0] - small[1]).mean() < 6


def test_a_reduced_decode_really_is_reduced(tmp_path: Path) -> None:
    photograph().resize((1600, 1200)).save(tmp_path / "large.jpg")
    assert read_rgb(tmp_path / "large.jpg", at_least=(100, 100)).shape == (150, 200, 3)


@pytest.mark.parametrize(("orientation", "shape"), [(1, (150, 200, 3)), (6, (200, 150, 3))])
def test_a_reduced_decode_goes_by_the_longer_side(
    tmp_path: Path, orientation: int, shape: tuple[int, int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photograph().resize((1600, 1200)).save(tmp_path / "large.jpg", exif=exif)
    assert read_rgb(tmp_path / "large.jpg", longest=200).shape == shape
    assert read_rgb(tmp_path / "large.jpg", longest=5000).shape[:2] in {(1200, 1600), (1600, 1200)}


def test_the_pixel_limit_is_the_named_one_and_gives_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PIXELS > 200_000_000, "phones take 200 megapixels"
    monkeypatch.setattr("icas_core.limits.MAX_PIXELS", 100)
    Image.new("L", (10, 10)).save(tmp_path / "at the limit.png")
    Image.new("L", (101, 1)).save(tmp_path / "above.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_rgb(tmp_path / "at the limit.png")
        with pytest.raises(RejectedPicture, match=r"^too large \(101 × 1 = 101 pixels, limit 100\)$"):
            read_rgb(tmp_path / "above.png")


def test_a_picture_above_pillows_own_limit_and_below_ours_gives_no_warning(tmp_path: Path) -> None:
    (tmp_path / "wide.png").write_bytes(png_of_size(10_000, 9_500))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Its few bytes cannot fill 95 megapixels, so it is cut short, not too large.
        with pytest.raises(RejectedPicture, match="truncated"):
            read_rgb(tmp_path / "wide.png")


def test_a_file_that_is_gone_and_names_no_system_takes_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(RejectedPicture, match=r"^vanished$"):
        read_rgb(tmp_path / "gone.jpg")
    for name in ("nul\0l.jpg", "x" * 300 + ".jpg"):
        with pytest.raises(RejectedPicture):
            read_rgb(f"{tmp_path}/{name}")


def test_a_file_without_permission_is_rejected_also_when_root_runs_the_tests(tmp_path: Path) -> None:
    photograph().save(tmp_path / "secret.jpg")
    (tmp_path / "secret.jpg").chmod(0)
    code = (
        "import os, sys; from icas_core.images import read_rgb\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try: read_rgb(sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "secret.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout == "RejectedPicture no permission\n"


def test_a_fifo_is_rejected_at_once_and_a_device_is_never_opened(odd_folder: Path) -> None:
    started = time.monotonic()
    with pytest.raises(RejectedPicture, match="is a FIFO"):
        read_rgb(odd_folder / "pipe.jpg")
    with pytest.raises(RejectedPicture, match="is a device"):
        read_rgb("/dev/zero")
    assert time.monotonic() - started < 60, "waited for a writer"


def test_whatever_the_bytes_are_only_a_rejection_is_raised(tmp_path: Path, odd_folder: Path) -> None:
    names = ["progressive.jpg", "palette.png", "16 bit.tiff", "lzw.tif", "windows.bmp", "small.webp", "moving.gif"]
    if (odd_folder / "phone.heic").exists():
        names.append("phone.heic")
    originals = [(odd_folder / name).read_bytes() for name in names]
    chance = random.Random(11)
    outcomes = {"read": 0, "rejected": 0}
    for number in range(500):
        (tmp_path / "mutant.jpg").write_bytes(_mutated(originals[number % len(originals)], chance))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                read_rgb(tmp_path / "mutant.jpg")
                outcomes["read"] += 1
            except RejectedPicture:
                outcomes["rejected"] += 1
    assert min(outcomes.values()) > 50, "the mutations must reach both outcomes"


def _mutated(original: bytes, chance: random.Random) -> bytes:
    mutant = bytearray(original)
    # Half of the changes hit the header, where they do most.
    for _ in range(chance.randint(1, 12)):
        reach = 200 if chance.random() < 0.5 else len(mutant)
        mutant[chance.randrange(min(reach, len(mutant)))] = chance.randrange(256)
    if chance.random() < 0.2:
        del mutant[chance.randrange(len(mutant)) :]
    return bytes(mutant) or b"\0"


def test_reading_starts_no_other_format_of_pillow(tmp_path: Path) -> None:
    photograph().save(tmp_path / "icon.ico")
    (tmp_path / "icon.ico").rename(tmp_path / "icon.png")
    with pytest.raises(RejectedPicture, match="not a picture"):
        read_rgb(tmp_path / "icon.png")


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "A.Tiff", "x y.webp", "猫.HEIC", "a.b.png"])
def test_a_pictures_name_is_known_by_its_ending(name: str) -> None:
    assert is_picture_name(name)


@pytest.mark.parametrize("name", ["a.txt", "jpg", "a.jpg.part", "a.svg", "", "Thumbs.db"])
def test_other_names_are_no_pictures(name: str) -> None:
    assert not is_picture_name(name)


def test_importing_the_reader_stays_light() -> None:
    heavy = "{'pandas', 'sklearn', 'matplotlib', 'torch', 'numba', 'pyarrow', 'cv2', 'skimage', 'pillow_heif'}"
    code = (
        f"import sys, icas_core.images; sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize(
    "row", [row for row in ODD_INPUTS if row.expected == READ and not row.skip], ids=lambda r: ascii(r.name)
)
def test_a_large_picture_is_converted_in_bands_with_the_same_pixels(
    row: OddPicture, odd_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read_rgb(odd_folder / row.name)
    monkeypatch.setattr("icas_core.pixels._BAND", 1999)
    np.testing.assert_array_equal(read_rgb(odd_folder / row.name), whole)


def scans(count: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (1500, 1500), 90).save(file, "JPEG", progressive=True)
    content = file.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * count + content[-2:]


def test_a_picture_that_takes_too_long_is_rejected_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "few.jpg").write_bytes(scans(2))
    (tmp_path / "many.jpg").write_bytes(scans(20_000))
    monkeypatch.setattr("icas_core.limits.MAX_SECONDS", 0.5)
    assert read_rgb(tmp_path / "few.jpg").shape == (1500, 1500, 3)
    began = time.thread_time()
    with pytest.raises(RejectedPicture, match=r"takes too long to read \(limit 0.5 s of processor time\)"):
        read_rgb(tmp_path / "many.jpg")
    assert time.thread_time() - began < 5


def test_large_pictures_are_decoded_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("icas_core.limits._LARGE", 100)
    at_once, most = 0, []
    as_rgb = images.as_rgb

    def counted(picture: Image.Image) -> np.ndarray:
        nonlocal at_once
        at_once += 1
        most.append(at_once)
        time.sleep(0.02)
        at_once -= 1
        return as_rgb(picture)

    monkeypatch.setattr("icas_core.images.as_rgb", counted)
    names = [tmp_path / f"{number}.png" for number in range(8)]
    for name in names:
        photograph().save(name)
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(read_rgb, names))) == 8
    assert max(most) == 1


@pytest.mark.parametrize("options", [{}, {"big_tiff": True}, {"compression": "tiff_lzw"}])
def test_a_tiff_of_too_many_entries_is_rejected_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, object]
) -> None:
    path = tmp_path / "a.tif"
    Image.new("RGB", (400, 3000)).save(path, tiffinfo={278: 1}, **options)
    with Image.open(path) as picture:
        strips = len(picture.tag_v2[273])
    assert strips == 3000
    assert read_rgb(path).shape == (3000, 400, 3)
    monkeypatch.setattr("icas_core.limits.MAX_ENTRIES", strips - 1)
    for reading in (read_rgb, upright_size):
        with pytest.raises(RejectedPicture, match=r"too large \(a table of 3,000 entries, limit 2,999\)"):
            reading(path)
