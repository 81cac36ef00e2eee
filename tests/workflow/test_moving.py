"""Moving the originals, and back: nothing lost, nothing else runs meanwhile, and a kill in the middle is mended."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from icas_core.batches import plan_batches, scan, write_ledger
from icas_core.clustering.journal import open_journal
from icas_core.tables import MERGED, write_table
from tests.workflow.conftest import BATCHES_OF_NINE
from tests.workflow.runs import ROOT, Project, add_pictures, kill, snapshot, state

pytestmark = pytest.mark.workflow
KEEP = BATCHES_OF_NINE


def said(text: str, *fragments: str) -> list[str]:
    return [line for line in text.splitlines() if all(fragment in line for fragment in fragments)]


def test_originals_are_moved_by_cluster_and_brought_back_as_they_were(two_batches: Project) -> None:
    project, before = two_batches, state(two_batches.pictures)
    moved, journal = project.output / "moved", project.output / "moved" / "journal.jsonl"
    numbers = {row["path"]: int(row["cluster"]) for row in project.rows()}

    run = project.run("move_images", **KEEP)
    assert run.ok, run.err
    assert run.jobs == Counter(move_images=1)
    assert state(project.pictures) == {}
    there = {path: digest for path, digest in state(moved).items() if path != "journal.jsonl"}
    assert sorted(there.values()) == sorted(before.values())
    expected = Counter("outliers" if number == -1 else f"cluster_{number:04d}" for number in numbers.values())
    assert Counter(path.split("/")[0] for path in there) == expected
    assert said(run.err, "undo_move"), "the way back is told"

    everything = snapshot(project.pictures, project.output)
    for arguments in ((), ("-n",), ("clusters.csv",)):
        refused = project.run(*arguments, **KEEP)
        assert refused.code != 0
        assert len(said(refused.text, "have been moved", "undo_move")) == 1, refused.text
        assert "Traceback" not in refused.text
    assert snapshot(project.pictures, project.output) == everything

    again = project.run("move_images", **KEEP)
    assert again.ok, again.err
    assert {path: digest for path, digest in state(moved).items() if path != "journal.jsonl"} == there

    back = project.run("undo_move", **KEEP)
    assert back.ok, back.err
    assert said(back.err, "all pictures are back")
    assert state(project.pictures) == before
    assert not journal.exists()
    assert not list(moved.glob("**/*"))
    assert project.plan(**KEEP).planned == Counter()


def test_an_added_picture_is_in_all_that_a_move_leaves(two_batches: Project) -> None:
    project = two_batches
    (added,) = add_pictures(project.pictures, scenes=1, copies=1, start=500)
    run = project.run("move_images", **KEEP)
    assert run.ok, run.err
    assert project.summary()["found"] == len(project.rows()) == 18
    assert added in (project.output / "report.html").read_text(encoding="utf-8")
    assert said(run.err, "icas: 18 pictures: ", "report.html"), run.err
    assert len(list((project.output / "moved").glob(f"*/{added}"))) == 1


def test_a_move_does_not_pass_over_corrections(two_batches: Project) -> None:
    folder = next((two_batches.output / "clusters").glob("cluster_*"))
    placed = next(folder.iterdir())
    mine = folder.with_name("mine")
    mine.mkdir()
    placed.rename(mine / placed.name)
    before = snapshot(two_batches.pictures, two_batches.output / "clusters")
    run = two_batches.run("move_images", **KEEP)
    assert run.code != 0
    assert len(said(run.err, "icas: ", "changed by hand (1 change, ", "goes by clusters.csv")) == 1, run.err
    assert snapshot(two_batches.pictures, two_batches.output / "clusters") == before
    run = two_batches.run("move_images", **KEEP, overwrite=True)
    assert run.ok, run.err
    assert not list(two_batches.pictures.glob("*.jpg"))
    assert two_batches.run("undo_move", **KEEP).ok


def test_undo_without_a_journal_says_so_in_one_line(two_batches: Project) -> None:
    before = snapshot(two_batches.pictures, two_batches.output / "clusters")
    run = two_batches.run("undo_move", **KEEP)
    assert run.code != 0
    assert "Traceback" not in run.text
    assert len(said(run.err, "icas: ", "no such journal")) == 1, run.err
    assert snapshot(two_batches.pictures, two_batches.output / "clusters") == before
    assert not (two_batches.output / "moved").exists()


def test_a_kill_in_the_middle_of_a_move_is_undone(project: Project) -> None:
    count = 3000
    picture = next((ROOT / "tests/data/photos").rglob("*.jpg")).read_bytes()[:500]
    for number in range(count):
        (project.pictures / f"{number:04d}.jpg").write_bytes(picture + b"%d" % number)
    before = state(project.pictures)
    # What a result leaves that was made from these pictures, and a move that was killed before its first picture.
    rows = [(path, 1 + number % 7, "0001", 1, False, 1.0) for number, path in enumerate(before)]
    write_table(pa.table(list(zip(*rows, strict=True)), schema=MERGED), project.output / "merge/clusters.parquet")
    root = str(project.pictures.resolve())
    write_ledger(plan_batches(scan(root), None, folder=root, batch_size=2000), project.output / "ledger.parquet")
    moved = project.output / "moved"
    open_journal(moved / "journal.jsonl", source_root=root, destination=str(moved.resolve()))

    started = project.start("move_images")
    while len(list(moved.glob("cluster_*/*.jpg"))) < 64 and started.poll() is None:
        time.sleep(0.002)
    kill(started)
    left = len(list(project.pictures.iterdir()))
    assert 0 < left < count, "the kill came before or after the move"
    run = project.run("undo_move")
    assert run.ok, run.err
    assert state(project.pictures) == before
    assert not list(moved.glob("**/*"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder like a checkout that was used: the Makefile, environments, caches, and results of two folders."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (".venv", ".snakemake", ".pytest_cache", "icas_core/__pycache__", "results/photos", "results/mine"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text("x")
    return tmp_path


def test_make_clean_leaves_everything_that_is_the_users(checkout: Path) -> None:
    subprocess.run(["make", "clean"], cwd=checkout, check=True, capture_output=True)
    left = sorted(path.relative_to(checkout).as_posix() for path in checkout.rglob("*") if path.is_file())
    assert left == ["Makefile", "results/mine/file"]


def test_make_clean_refuses_while_pictures_are_moved(checkout: Path) -> None:
    for output in ("photos", "mine"):
        journal = checkout / "results" / output / "moved" / "journal.jsonl"
        journal.parent.mkdir()
        journal.write_text("open")
        before = snapshot(checkout)
        run = subprocess.run(["make", "clean"], cwd=checkout, check=False, capture_output=True, text=True)
        assert run.returncode != 0
        assert len(said(run.stderr, str(journal.relative_to(checkout)), "undo_move")) == 1, run.stderr
        assert snapshot(checkout) == before
        shutil.rmtree(journal.parent)
