"""`threshold: interactive` in whole runs: the choice is a file of the person's, and what it changes runs again."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from PIL import Image

from tests.workflow.runs import Project, Run, add_pictures, environment, snapshot

pytestmark = pytest.mark.workflow
FLOOR = 0.5
KEYS = {"threshold": "interactive", "method": "tm", "floor": FLOOR, "batch_size": 9}


def run_without_screen(project: Project, monkeypatch: pytest.MonkeyPatch, display: str | None, **keys: object) -> Run:
    monkeypatch.delenv("DISPLAY", raising=False)
    if display is not None:
        monkeypatch.setenv("DISPLAY", display)
    assert environment().get("DISPLAY") == display
    return project.run(**{**KEYS, **keys})


def choose(project: Project, threshold: object, method: str = "tm") -> Path:
    """Write the choice by hand, as a person may."""
    file = project.output / "threshold" / f"{method}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"threshold: {threshold}\n")
    return file


@pytest.mark.parametrize("display", [None, ":9876"])
def test_without_a_screen_the_two_other_ways_are_named_and_the_curve_is_there(
    project: Project, monkeypatch: pytest.MonkeyPatch, display: str | None
) -> None:
    names = add_pictures(project.pictures, scenes=6, copies=3)
    run = run_without_screen(project, monkeypatch, display, threshold_sample=10)
    assert run.code == 1
    line = run.err.splitlines()[-1]
    assert line.startswith("icas: config key 'threshold': found interactive, but ")
    assert "set 'threshold' to a number" in line
    assert "write 'threshold: <number>' into out/threshold/tm.yaml" in line
    assert "Traceback" not in run.text
    folder = project.output / "threshold"
    assert sorted(path.name for path in folder.iterdir()) == ["sample.csv", "tm.csv", "tm.png"]
    assert sorted(os.listdir(project.output)) == ["threshold"], "nothing else was run"
    with Image.open(folder / "tm.png") as picture:
        assert picture.size == (1180, 760)
    assert len(list(csv.DictReader((folder / "tm.csv").read_text().splitlines()))) > 100
    sample = (folder / "sample.csv").read_text()
    assert len(sample.splitlines()) == 11
    assert set(sample.splitlines()[1:]) < set(names)
    add_pictures(project.pictures, scenes=2, copies=3, start=50)
    run_without_screen(project, monkeypatch, display, threshold_sample=10)
    assert (folder / "sample.csv").read_text() == sample, "the same pictures every time"


def test_a_dry_run_asks_nobody_and_writes_nothing(project: Project) -> None:
    add_pictures(project.pictures, scenes=3, copies=2)
    before = snapshot(project.folder)
    plan = project.plan(**KEYS)
    assert plan.ok, plan.err
    assert "the threshold of tm is not chosen yet: planned with 0.986, its default" in plan.err
    assert plan.planned["compare"] == 1
    assert {path for path in snapshot(project.folder) if ".snakemake" not in path} <= set(before)


@pytest.fixture(scope="module")
def chosen_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """Eighteen pictures in two batches, run at a threshold that a person wrote into the file."""
    folder = tmp_path_factory.mktemp("chosen")
    project = Project(folder / "project")
    add_pictures(project.pictures, scenes=6, copies=3)
    choose(project, 0.9)
    return project.finished(folder / "saved", **KEYS)


@pytest.fixture
def chosen(chosen_elsewhere: tuple[Project, Path]) -> Project:
    project, saved = chosen_elsewhere
    return project.restore(saved)


def test_a_written_choice_is_the_number_of_the_run_and_is_not_asked_again(chosen: Project) -> None:
    assert chosen.plan(**KEYS).planned == {}
    number = chosen.plan(**{**KEYS, "threshold": 0.9})
    assert number.planned == {}, "the same as the number in the configuration"


def test_an_edit_at_or_above_the_floor_runs_from_cluster_on(chosen: Project) -> None:
    for threshold in (0.97, FLOOR):
        choose(chosen, threshold)
        planned = chosen.plan(**KEYS).planned
        assert planned["cluster"] == 2
        assert not {"split", "extract", "compare"} & set(planned)


def test_an_edit_below_the_floor_runs_from_compare_on(chosen: Project) -> None:
    choose(chosen, 0.4)
    planned = chosen.plan(**KEYS).planned
    assert planned["compare"] == planned["cluster"] == 2
    assert not {"split", "extract"} & set(planned)


def test_an_edited_choice_gives_what_the_number_gives(chosen: Project) -> None:
    choose(chosen, 0.985)
    run = chosen.run(**KEYS)
    assert run.ok, run.err
    assert run.jobs["cluster"] == 2
    assert not {"split", "extract", "compare"} & set(run.jobs)
    found = chosen.partition()
    by_number = Project(chosen.folder, output="by_number")
    assert by_number.run(**{**KEYS, "threshold": 0.985}).ok
    assert by_number.partition() == found


def test_another_size_or_method_is_asked_for_anew_and_the_file_of_before_stays(
    chosen: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = (chosen.output / "threshold" / "tm.yaml").read_text()
    assert "the threshold of ssim is not chosen yet" in chosen.plan(**{**KEYS, "method": "ssim"}).err
    refused = run_without_screen(chosen, monkeypatch, None, method="ssim")
    assert "out/threshold/ssim.yaml" in refused.err
    assert (chosen.output / "threshold" / "tm.yaml").read_text() == kept
    assert chosen.plan(**KEYS).planned == {}, "and back again asks and runs nothing"
    chosen_for = "chosen_for: {size: [32, 32], variants: none, parameters: {}}\n"
    choose(chosen, f"0.9\n{chosen_for}")
    assert "not chosen yet" in chosen.plan(**KEYS).err
    assert "not chosen yet" not in chosen.plan(**{**KEYS, "size": [32, 32]}).err


@pytest.mark.parametrize("content", ["high", "1.2", "0.5 # \n  odd: 1", ""])
def test_a_malformed_choice_is_one_line_and_nothing_runs(project: Project, content: str) -> None:
    add_pictures(project.pictures, scenes=2, copies=2)
    choose(project, content)
    run = project.run(**KEYS)
    assert run.code == 1
    assert run.err.splitlines()[-1].startswith("icas: out/threshold/tm.yaml: found ")
    assert "accepted: threshold: a number from 0 to 1" in run.err
    assert "Traceback" not in run.text
    assert os.listdir(project.output) == ["threshold"]


def test_targets_that_need_no_threshold_ask_for_none(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    add_pictures(project.pictures, scenes=6, copies=2)
    run = project.run("estimate", **KEYS)
    assert run.ok, run.err
    assert not project.output.exists() or not (project.output / "threshold").exists()
