"""Pictures as they come: odd and bad ones through the whole workflow, none of them lost from the count."""

from __future__ import annotations

import os
import time

import pytest

from icas_core.tables import read_rejected
from tests.odd_pictures import ODD_INPUTS, READ, OddPicture, make_odd_pictures
from tests.workflow.runs import Project, Run, add_pictures

pytestmark = pytest.mark.workflow
DELETED = "deleted meanwhile.jpg"
LISTED = [row for row in ODD_INPUTS if row.listed]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Run]:
    """A run over every odd input, and over a picture that is deleted while the run goes on."""
    project = Project(tmp_path_factory.mktemp("odd"))
    make_odd_pictures(project.pictures)
    (project.pictures / "labels.XML").write_text("<labels/>")
    (project.pictures / "picture").write_bytes(b"\xff\xd8")
    add_pictures(project.pictures, scenes=1, copies=1)
    (project.pictures / "0_scene_000.jpg").rename(project.pictures / DELETED)
    started = project.start()
    # The ledger is written before the first job, and two jobs come before the pictures are read.
    while not (project.output / "ledger.parquet").exists() and started.poll() is None:
        time.sleep(0.05)
    (project.pictures / DELETED).unlink()
    return project, project.ended(started)


def name_in_tables(row: OddPicture) -> str:
    """The picture's name as tables hold it: bytes that are no UTF-8 spelt out."""
    return os.fsencode(row.name).decode("utf-8", "backslashreplace")


def rejected(project: Project) -> dict[str, str]:
    return {path: why for file in project.output.glob("extract/*/*.rejected.csv") for path, why in read_rejected(file)}


def test_the_run_goes_on_to_its_end(odd: tuple[Project, Run]) -> None:
    assert odd[1].ok, odd[1].err
    assert "Traceback" not in odd[1].text


@pytest.mark.parametrize("row", LISTED, ids=lambda row: name_in_tables(row).replace("\n", " "))
def test_an_odd_picture_is_clustered_or_rejected_with_its_reason(row: OddPicture, odd: tuple[Project, Run]) -> None:
    if row.skip:
        pytest.skip(row.skip)
    project, _ = odd
    path, clustered = name_in_tables(row), {each["path"] for each in project.rows()}
    reasons = rejected(project)
    assert (path in clustered) != (path in reasons)
    if row.expected == READ and path == row.name:
        assert path in clustered, reasons.get(path)
    else:
        assert ("not UTF-8" if path != row.name else row.expected) in reasons[path]


def test_files_that_are_no_pictures_by_their_names_are_told_by_their_endings(odd: tuple[Project, Run]) -> None:
    (line,) = [line for line in odd[1].err.splitlines() if line.startswith("icas: not looked at in ")]
    assert "1 .xml ('labels.XML')" in line
    assert "without one" in line


def test_what_is_no_file_is_not_counted(odd: tuple[Project, Run]) -> None:
    names = {row.name for row in ODD_INPUTS if not row.listed}
    assert names
    assert not names & ({row["path"] for row in odd[0].rows()} | rejected(odd[0]).keys())


def test_a_picture_deleted_while_the_run_goes_on_is_rejected(odd: tuple[Project, Run]) -> None:
    assert rejected(odd[0])[DELETED] == "vanished"


def test_no_picture_is_lost_from_the_count(odd: tuple[Project, Run]) -> None:
    project, run = odd
    found = sum(row.listed and row.skip is None for row in ODD_INPUTS) + 1
    counts, rows = project.summary(), project.rows()
    assert counts["found"] == found == counts["clustered"] + counts["outliers"] + counts["rejected"]
    assert counts["rejected"] == len(rejected(project)) >= 20
    assert counts["outliers"] == sum(row["cluster"] == "-1" for row in rows)
    assert counts["clustered"] == sum(row["cluster"] != "-1" for row in rows)
    assert counts["clusters"] == sum(row["representative"] == "1" for row in rows)
    placed = [path for path in (project.output / "clusters").glob("*/*") if path.is_file()]
    assert len(placed) == len(rows)
    assert counts["line"] in run.text


def test_the_page_names_every_rejected_picture_and_its_reason(odd: tuple[Project, Run]) -> None:
    page = (odd[0].output / "report.html").read_text(encoding="utf-8")
    for reason in rejected(odd[0]).values():
        assert reason[:20] in page, reason


def test_a_folder_of_nothing_but_bad_pictures_gives_a_result_that_says_so(project: Project) -> None:
    for row in ODD_INPUTS:
        if row.expected == "not a picture" or row.name in ("empty.jpg", "half.jpg"):
            row.write(project.pictures / row.name)
    count = len(list(project.pictures.iterdir()))
    run = project.run()
    assert run.ok, run.err
    assert project.rows() == []
    assert project.summary()["rejected"] == project.summary()["found"] == count
    assert f"{count} rejected" in run.text
    assert "empty file" in (project.output / "report.html").read_text(encoding="utf-8")
    assert project.plan().planned == {}
