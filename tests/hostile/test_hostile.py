"""Broken and malicious files: no crash, no hang, nothing written outside the output, nothing executed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.attempt import Attempt, attempt
from tests.hostile.page import written
from tests.hostile.pictures import make_hostile

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
LARGE, LIMIT = 2500, 0.5


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Attempt:
    return attempt(tmp_path_factory.mktemp("hostile"), large=LARGE, limit=LIMIT)


def test_there_are_many_of_every_kind(tried: Attempt) -> None:
    counts = {kind: row["tried"] for kind, row in tried.table().items()}
    assert sum(counts.values()) >= 300
    assert len(counts) == 6
    assert min(counts.values()) >= 20
    assert len({each.name for each in tried.hostile}) == len(tried.hostile)


def test_each_is_read_or_rejected_with_a_reason_in_one_line(tried: Attempt) -> None:
    assert set(tried.outcomes) == {each.name for each in tried.hostile if each.listed}
    for outcome in tried.outcomes.values():
        assert outcome.became in ("read", "rejected"), outcome
        assert (outcome.became == "rejected") == bool(outcome.why), outcome
        assert len(outcome.why) < 130, outcome
        assert outcome.why.isprintable(), outcome


def test_no_picture_takes_more_memory_or_time_than_its_limits_allow(tried: Attempt) -> None:
    """Of a WebP its library makes room for all 16,383² pixels that a head may tell before it looks at the first."""
    for outcome in tried.outcomes.values():
        assert outcome.megabytes < (1400 if outcome.name.endswith("webp") else 300), outcome
        assert outcome.seconds < 10 + LIMIT, outcome
    assert "takes too long" in tried.outcomes["bombs/scans.jpg"].why
    assert "a table of 3,000,000 entries" in tried.outcomes["bombs/tiles.tif"].why


def test_the_run_ends_well_and_no_file_is_lost_from_the_count(tried: Attempt) -> None:
    assert tried.run.ok, tried.run.err[-3000:]
    assert "Traceback" not in tried.run.text
    listed = {each.name for each in tried.hostile if each.listed}
    in_run = tried.in_run
    summary = tried.project.summary()
    assert summary["found"] == len(listed) == len(in_run)
    assert summary["found"] == summary["clustered"] + summary["outliers"] + summary["rejected"]
    # A name with signs that no screen shows is told spelt out.
    assert {name for name in listed if name.isprintable()} <= set(in_run)
    for name, outcome in tried.outcomes.items():
        if name in in_run and "takes too long" not in outcome.why:
            assert (in_run[name] == "read") == (outcome.became == "read"), name


def test_nothing_escapes(tried: Attempt) -> None:
    assert tried.escaped == []
    assert "\x1b" not in tried.run.text, "no name steers the terminal"


def test_the_gallery_shows_names_as_text_and_asks_for_nothing(tried: Attempt) -> None:
    if tried.shown is None:
        pytest.skip("no browser here")
    assert tried.shown.complaints == []
    assert len(tried.shown.requests) > 20, "comparisons were opened"


def test_the_page_tells_the_same(tried: Attempt) -> None:
    page = written(tried)
    assert "**Escaped: 0**" in page
    assert f"| **all** | {len(tried.hostile)} |" in page
    assert page.isprintable() or "\n" in page


def test_the_same_seed_makes_the_same_files(tried: Attempt, tmp_path: Path) -> None:
    again = make_hostile(tmp_path / "pictures", tmp_path / "outside", large=16)
    assert again == tried.hostile
    for each in again:
        first = tried.project.pictures / each.name
        # What the size of the bombs decides is another, and encoders in threads may differ.
        if each.kind == "mutated" and not each.name.endswith((".heic", ".avif")):
            assert (tmp_path / "pictures" / each.name).read_bytes() == first.read_bytes(), each.name
