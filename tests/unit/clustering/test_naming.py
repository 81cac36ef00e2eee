import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icas_core.clustering.naming import folder_name, placed_names, same_name
from icas_core.errors import IcasError

COMPONENTS = st.one_of(
    st.sampled_from(
        ["a", "A", "b", "a_b", "x.jpg", "X.JPG", "b__x.jpg", "a_b__x.jpg", "é.jpg", "e\u0301.jpg", "ß.jpg", "SS.jpg"]
    ),
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=100),
).filter(lambda name: name not in (".", "..") and len(os.fsencode(name)) <= 255)
SOURCES = st.lists(st.lists(COMPONENTS, min_size=1, max_size=4).map("/".join), unique=True, max_size=30)


def names(*sources):
    return {
        source: placed.removeprefix("f/") for source, placed in placed_names((path, "f") for path in sources).items()
    }


def test_a_cluster_folder_has_at_least_four_digits():
    assert [folder_name(number) for number in (1, 9999, 12345, -1)] == [
        "cluster_0001", "cluster_9999", "cluster_12345", "outliers",
    ]  # fmt: skip


def test_pictures_keep_their_own_names_in_different_folders():
    assert placed_names([("a/x.jpg", "cluster_0001"), ("b/x.jpg", "outliers")]) == {
        "a/x.jpg": "cluster_0001/x.jpg",
        "b/x.jpg": "outliers/x.jpg",
    }


def test_pictures_of_one_name_carry_their_subfolder():
    assert names("x.jpg", "beach/x.jpg", "beach/north/x.jpg") == {
        "x.jpg": "x.jpg",
        "beach/x.jpg": "beach__x.jpg",
        "beach/north/x.jpg": "beach_north__x.jpg",
    }


def test_names_that_differ_in_case_or_unicode_form_only_do_not_meet():
    found = names("x.jpg", "b/X.JPG", "é.jpg", "b/e\u0301.jpg")
    assert found == {"x.jpg": "x.jpg", "b/X.JPG": "b__X.JPG", "é.jpg": "é.jpg", "b/e\u0301.jpg": "b__e\u0301.jpg"}


def test_two_names_of_one_folder_that_differ_in_case_only_both_get_one():
    found = names("X.jpg", "x.jpg")
    assert found["X.jpg"] == "X.jpg"
    assert found["x.jpg"].startswith("x__")


def test_a_made_up_name_never_takes_a_picture_s_own():
    found = names("a/x.jpg", "b/x.jpg", "b__x.jpg", "c/b__x.jpg")
    assert found["b__x.jpg"] == "b__x.jpg"
    assert len(set(found.values())) == 4


@given(sources=SOURCES)
def test_no_two_pictures_share_a_name_and_every_name_fits(sources):
    found = names(*sources)
    assert sorted(found) == sorted(sources)
    assert len({same_name(name) for name in found.values()}) == len(sources)
    assert all("/" not in name and name not in ("", ".", "..") for name in found.values())
    assert all(len(os.fsencode(name)) <= 255 for name in found.values())


@given(sources=SOURCES, order=st.randoms())
def test_names_do_not_depend_on_the_order_given(sources, order):
    shuffled = list(sources)
    order.shuffle(shuffled)
    assert names(*shuffled) == names(*sources)


def test_a_picture_that_sorts_later_renames_no_other():
    before = names("a/x.jpg", "b/x.jpg")
    after = names("a/x.jpg", "b/x.jpg", "c/x.jpg", "new.jpg")
    assert {source: after[source] for source in before} == before


@pytest.mark.parametrize(
    "source", ["../x.jpg", "a/../../x.jpg", "/etc/passwd", "", "a//x.jpg", "./x.jpg", "a/..", "a\0b"]
)
def test_a_source_that_leads_out_of_its_folder_is_refused(source):
    with pytest.raises(IcasError, match="expected a path below the picture folder"):
        placed_names([(source, "f")])


@pytest.mark.parametrize("folder", ["..", "a/b", "", ".hidden", "/x", "a\0"])
def test_a_folder_name_that_leads_elsewhere_is_refused(folder):
    with pytest.raises(IcasError, match="expected one visible name"):
        placed_names([("x.jpg", folder)])


def test_a_picture_listed_twice_is_refused():
    with pytest.raises(IcasError, match="twice"):
        placed_names([("x.jpg", "f"), ("x.jpg", "g")])
