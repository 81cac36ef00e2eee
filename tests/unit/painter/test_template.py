"""Templates are found where they are, painted once in each place, and a set that means nothing says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from icas_core.annotations.classes import Class, ClassTable
from icas_core.errors import IcasError
from icas_core.images import read_rgb
from icas_core.painter.template import MOST_MATCHES, Template, find_matches, painted, template_of
from icas_core.painter.template_folders import read_templates

PHOTO = Path(__file__).parents[2] / "data" / "photos" / "things" / "coffee.jpg"
RED, BLUE = (204, 0, 0), (0, 0, 255)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return read_rgb(PHOTO)


def plain(shape: tuple[int, ...], colour: tuple[int, int, int] = RED) -> np.ndarray:
    return np.full((*shape[:2], 3), colour, np.uint8)


def top_half(shape: tuple[int, int]) -> np.ndarray:
    attention = plain(shape, (0, 0, 0))
    attention[: shape[0] // 2] = 255
    return attention


def cut_out(picture: np.ndarray, left: int = 60, top: int = 40, width: int = 50, height: int = 36) -> Template:
    piece = picture[top : top + height, left : left + width].copy()
    return template_of("cup", piece, plain(piece.shape))


def scattered(piece: np.ndarray, places: list[tuple[int, int]], seed: int = 0) -> np.ndarray:
    picture = np.random.default_rng(seed).integers(0, 256, (200, 300, 3)).astype(np.uint8)
    for left, top in places:
        picture[top : top + piece.shape[0], left : left + piece.shape[1]] = piece
    return picture


def brute_force(picture: np.ndarray, template: Template) -> np.ndarray:
    """The error at every place, from its definition."""
    height, width = template.attention.shape
    windows = np.lib.stride_tricks.sliding_window_view(picture.astype(float), (height, width), axis=(0, 1))
    wanted = template.picture.astype(float).transpose(2, 0, 1)
    squares = ((windows - wanted) ** 2)[..., template.attention]
    return np.sqrt(squares.mean(axis=(2, 3))) / 255


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 6), st.integers(2, 6))
def test_the_best_match_and_its_error_are_those_of_the_definition(seed: int, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    picture, piece = (random.integers(0, 256, (*size, 3)).astype(np.uint8) for size in ((14, 17), (height, width)))
    attention = np.where(random.random((height, width)) < 0.6, 255, 0)
    attention.flat[:2] = 255
    template = template_of("t", piece, plain(piece.shape), np.repeat(attention[..., None], 3, 2).astype(np.uint8))
    errors = brute_force(picture, template)
    (best,) = find_matches(picture, template)
    assert best.error == pytest.approx(errors.min(), abs=1e-12)
    assert errors[best.top, best.left] == errors.min()
    within = find_matches(picture, template, float(np.median(errors)))
    assert within[0].error == pytest.approx(errors.min(), abs=1e-12)
    assert all(match.error == pytest.approx(errors[match.top, match.left], abs=1e-12) for match in within)
    assert all(match.error <= np.median(errors) for match in within)


def test_a_piece_of_a_photograph_is_found_where_it_was_cut_out(photo) -> None:
    (best,) = find_matches(photo, cut_out(photo))
    assert (best.left, best.top, best.error) == (60, 40, 0.0)


def test_every_copy_is_found_once_also_close_by_and_at_the_edges(photo) -> None:
    piece = cut_out(photo)
    places = [(0, 0), (250, 164), (60, 40), (112, 44), (60, 80)]
    found = find_matches(scattered(piece.picture, places), piece, 0.05)
    assert sorted((match.left, match.top) for match in found) == sorted(places)
    assert {match.error for match in found} == {0.0}


def test_overlapping_places_count_once_and_the_best_of_them_stays(photo) -> None:
    found = find_matches(photo, cut_out(photo), 0.25)
    assert (found[0].left, found[0].top) == (60, 40)
    assert [match.error for match in found] == sorted(match.error for match in found)
    for number, one in enumerate(found):
        for other in found[:number]:
            shared = max(0, 50 - abs(one.left - other.left)) * max(0, 36 - abs(one.top - other.top))
            assert shared <= 0.25 * 50 * 36


def test_only_the_attended_pixels_count(photo) -> None:
    piece = cut_out(photo).picture
    attention = np.zeros_like(piece)
    attention[10:26, 10:40] = 255
    changed = piece.copy()
    changed[attention == 0] = 7
    template = template_of("t", piece, plain(piece.shape), attention)
    found = find_matches(scattered(changed, [(20, 30)]), template, 0.01)
    assert [(match.left, match.top, match.error) for match in found] == [(20, 30, 0.0)]


def test_a_missing_attention_leaves_out_the_black_around_and_keeps_the_black_inside() -> None:
    picture = np.zeros((9, 12, 3), np.uint8)
    picture[2:7, 3:9] = np.random.default_rng(0).integers(1, 256, (5, 6, 3))
    picture[4, 5] = 0
    expected = np.zeros((9, 12), bool)
    expected[2:7, 3:9] = True
    assert np.array_equal(template_of("t", picture, plain(picture.shape)).attention, expected)


def test_a_missing_mask_paints_all_of_the_segment_that_is_not_black() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    segment = np.zeros_like(picture)
    segment[1:3] = (0, 0, 1)
    template = template_of("t", picture, segment)
    assert np.array_equal(template.mask, segment[..., 2] > 0)
    mask = np.zeros_like(picture)
    mask[:, 4:] = 255
    assert np.array_equal(template_of("t", picture, segment, mask=mask).mask, mask[..., 0] > 0)


def test_the_segments_colours_become_classes_and_each_match_an_object(photo) -> None:
    piece = cut_out(photo).picture
    segment = plain(piece.shape)
    segment[:, :20] = BLUE
    segment[:5] = 0
    template = template_of("cup", piece, segment)
    places = [(60, 40), (112, 44)]
    matches = find_matches(scattered(piece, places), template, 0.01)
    table = ClassTable((Class(4, "cup", RED),))
    before = np.full((200, 300), 4, np.uint8)
    classes, instances, after = painted(before, np.full((200, 300), 2, np.uint16), table, template, matches)
    assert list(after) == [Class(4, "cup", RED), Class(5, "#0000ff", BLUE)]
    expected = before.copy()
    for left, top in places:
        expected[top + 5 : top + 36, left : left + 20] = 5
    assert np.array_equal(classes, expected)
    objects = [set(np.unique(instances[top + 5 : top + 36, left : left + 50])) for left, top in places]
    assert sorted(map(tuple, objects)) == [(3,), (4,)]
    assert np.count_nonzero(instances == 2) == 200 * 300 - 2 * 31 * 50
    assert before.min() == before.max() == 4


def test_a_template_as_large_as_the_picture_has_one_place(photo) -> None:
    template = template_of("t", photo, plain(photo.shape))
    assert [(match.left, match.top, match.error) for match in find_matches(photo, template, 1.0)] == [(0, 0, 0.0)]


REFUSED = {
    "larger than the picture": (lambda photo: find_matches(photo[:30], cut_out(photo)), "50 × 36, expected at most"),
    "a segment of another size": (
        lambda photo: template_of("t", photo, plain((3, 4))),
        "the segment of 4 × 3, expected the template's",
    ),
    "an attention of another size": (
        lambda photo: template_of("t", photo, plain(photo.shape), attention=photo[1:]),
        "the attention of",
    ),
    "a mask of another size": (
        lambda photo: template_of("t", photo, plain(photo.shape), None, photo[1:]),
        "the mask of",
    ),
    "a flat template": (lambda photo: template_of("t", plain((9, 9), BLUE), plain((9, 9))), "one colour"),
    "a black template": (lambda photo: template_of("t", photo * 0, plain(photo.shape)), "no pixel to look for"),
    "an attention darker than half": (
        lambda photo: template_of("t", photo, plain(photo.shape), attention=plain(photo.shape, (127, 127, 127))),
        "no pixel to look for",
    ),
    "a flat attended part": (
        lambda photo: template_of("t", np.vstack([plain((4, 9)), photo[:4, :9]]), plain((8, 9)), top_half((8, 9))),
        "one colour",
    ),
    "nothing to paint": (lambda photo: template_of("t", photo, plain(photo.shape, (0, 0, 0))), "nothing to paint"),
    "a photograph to paint": (lambda photo: template_of("t", photo, photo), "colours in the segment, accepted are 32"),
    "hits everywhere": (
        lambda photo: find_matches(photo, cut_out(photo, width=5, height=4), 1.0),
        f"more than {MOST_MATCHES} places.*template_error",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_means_nothing_is_refused_in_one_line(case: str, photo) -> None:
    attempt, expected = REFUSED[case]
    with pytest.raises(IcasError, match=expected) as refused:
        attempt(photo)
    assert str(refused.value).startswith(("t: ", "cup: "))
    assert "\n" not in str(refused.value)


def test_no_error_is_ever_infinite_or_no_number() -> None:
    for picture in (plain((40, 50), (0, 0, 0)), plain((40, 50), (255, 255, 255)), plain((40, 50), (9, 9, 9))):
        stripes = np.repeat(np.arange(6, dtype=np.uint8)[None, :, None] * 51, 6, 0).repeat(3, 2)
        template = template_of("t", stripes, plain((6, 6)), attention=plain((6, 6), (255, 255, 255)))
        for error in (None, 0.0, 0.3, 1.0):
            found = find_matches(picture, template, error)
            assert np.isfinite([match.error for match in found]).all()
            assert len(found) <= 120


# Four folders.


def save(folder: Path, **pictures: np.ndarray) -> Path:
    folder.mkdir()
    for name, picture in pictures.items():
        Image.fromarray(picture).save(folder / f"{name}.png")
    return folder


def test_the_same_name_in_each_folder_belongs_together(tmp_path, photo) -> None:
    one, two = photo[:20, :30], photo[50:80, 50:90]
    templates = save(tmp_path / "t", b=one, a=two)
    segments = save(tmp_path / "s", a=plain(two.shape), b=plain(one.shape, BLUE), unused=one)
    left = np.zeros_like(two)
    left[:, :5] = 255
    masks = save(tmp_path / "m", a=left)
    (templates / ".DS_Store").write_bytes(b"x")
    (templates / "notes.txt").write_text("x")
    found = read_templates(templates, segments, "", masks)
    assert [each.name for each in found] == [str(templates / "a.png"), str(templates / "b.png")]
    assert [each.colours for each in found] == [[RED], [BLUE]]
    assert found[0].mask.sum() == 30 * 5
    assert found[1].mask.all()
    assert read_templates("", "") == []


def test_a_bad_template_is_named_and_the_rest_are_read(tmp_path, photo) -> None:
    templates = save(tmp_path / "t", good=photo[:9, :9], lonely=photo[:9, :9], twice=photo[:9, :9])
    segments = save(tmp_path / "s", good=plain((9, 9)), twice=plain((9, 9)), broken=plain((9, 9)))
    (templates / "broken.jpg").write_bytes(b"\xff\xd8")
    Image.fromarray(photo[:9, :9]).save(templates / "twice.jpg")
    told: list[str] = []
    found = read_templates(templates, segments, bad=lambda error: told.append(str(error)))
    assert [each.name for each in found] == [str(templates / "good.png")]
    for expected, line in zip(("broken.jpg: trunc", "'lonely'", "twice.jpg: found twice.png"), told, strict=True):
        assert expected in line
    with pytest.raises(IcasError, match="broken"):
        read_templates(templates, segments)
    with pytest.raises(IcasError, match="config key 'masks': .*no such folder"):
        read_templates(templates, segments, masks=tmp_path / "none")
    with pytest.raises(IcasError, match="config key 'segments'"):
        read_templates(templates, "")
