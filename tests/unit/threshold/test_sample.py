"""The sample: the same pictures every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from icas_core.errors import IcasError
from icas_core.threshold.sample import RUN, read_sample, sampled, write_sample

PATHS = [f"{number:05d}.jpg" for number in range(10_000)]


def test_it_has_the_number_asked_for_in_whole_runs_of_neighbours_from_all_over() -> None:
    places = sampled(PATHS, 400)
    assert len(set(places)) == 400
    assert places == sorted(places)
    runs = {place // RUN for place in places}
    assert len(runs) == 400 / RUN
    assert [sum(run * RUN // 2500 == quarter for run in runs) > 5 for quarter in range(4)] == [True] * 4


def test_it_is_the_same_every_time() -> None:
    assert sampled(PATHS, 123) == sampled(list(PATHS), 123)


@pytest.mark.parametrize("count", [20, 25, 500])
def test_all_are_taken_where_there_are_no_more(count: int) -> None:
    assert sampled(PATHS[:20], count) == list(range(20))


def test_the_pictures_of_before_stay_when_others_come() -> None:
    kept = [PATHS[place] for place in sampled(PATHS, 60)]
    more = sorted([*PATHS, *(f"{number:05d}_new.jpg" for number in range(500))])
    assert [more[place] for place in sampled(more, 60, kept)] == kept


def test_it_is_drawn_anew_when_one_is_gone_or_another_number_is_asked_for() -> None:
    kept = [PATHS[place] for place in sampled(PATHS, 60)]
    less = [path for path in PATHS if path != kept[7]]
    assert len(sampled(less, 60, kept)) == 60
    assert len(sampled(PATHS, 61, kept)) == 61


def test_the_list_comes_back_whatever_the_names(tmp_path: Path) -> None:
    names = ["a,b.jpg", 'quo"te.jpg', "two\nlines.jpg", "ünï.png", "=cmd()"]
    write_sample(names, tmp_path / "threshold" / "sample.csv")
    assert read_sample(tmp_path / "threshold" / "sample.csv") == names
    assert read_sample(tmp_path / "none.csv") == []


@pytest.mark.parametrize("content", [b"\xff\xfe\0", b"name\na.jpg\n"])
def test_another_file_in_its_place_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "sample.csv").write_bytes(content)
    with pytest.raises(IcasError, match=r"sample\.csv: not a list of paths"):
        read_sample(tmp_path / "sample.csv")
