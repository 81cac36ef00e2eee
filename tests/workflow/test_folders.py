"""The folders that a run leaves: how pictures are placed, placed again, and kept where a person corrected them."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workflow.conftest import BATCHES_OF_NINE
from tests.workflow.runs import Project, add_pictures, state, unchanged

pytestmark = pytest.mark.workflow
KEEP = BATCHES_OF_NINE


def placed(folder: Path) -> dict[str, list[str]]:
    """Cluster folder → its file names, without hidden ones."""
    return {
        each.name: sorted(path.name for path in each.iterdir() if not path.name.startswith("."))
        for each in sorted(folder.iterdir())
        if each.is_dir()
    }


def kinds(folder: Path, pictures: Path) -> set[str]:
    """How the files below a placed folder came there."""
    originals = {path.stat().st_ino for path in pictures.rglob("*.jpg")}
    files = list(folder.rglob("*.jpg"))
    assert files
    return {
        "symlink" if path.is_symlink() else "hardlink" if path.stat().st_ino in originals else "copy" for path in files
    }


def sizes(project: Project) -> dict[str, int]:
    """Folder name → number of pictures, as clusters.csv says."""
    numbers = Counter(int(row["cluster"]) for row in project.rows())
    return {"outliers" if number == -1 else f"cluster_{number:04d}": count for number, count in numbers.items()}


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    """A folder on a file system of its own."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or os.stat(shm).st_dev == os.stat(tempfile.gettempdir()).st_dev:
        pytest.skip("this machine has no second file system at /dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shm))
    yield folder
    shutil.rmtree(folder)


def test_another_transfer_places_again_and_runs_nothing_else(two_batches: Project) -> None:
    originals, names = state(two_batches.pictures), placed(two_batches.output / "clusters")
    assert kinds(two_batches.output / "clusters", two_batches.pictures) == {"copy"}
    for transfer in ("hardlink", "symlink", "copy"):
        run = two_batches.run(**KEEP, transfer=transfer)
        assert run.ok, run.err
        assert run.jobs == Counter(place=1)
        assert kinds(two_batches.output / "clusters", two_batches.pictures) == {transfer}
        assert placed(two_batches.output / "clusters") == names
        assert state(two_batches.pictures) == originals
    assert state(two_batches.output / "clusters").keys() >= {f"{a}/{b}" for a, found in names.items() for b in found}


def test_another_batch_transfer_places_the_batches_again_and_none_removes_them(two_batches: Project) -> None:
    originals, names = state(two_batches.pictures), placed(two_batches.output / "batches" / "0001")
    assert kinds(two_batches.output / "batches", two_batches.pictures) == {"symlink"}
    for transfer in ("copy", "hardlink"):
        run = two_batches.run(**KEEP, batch_transfer=transfer)
        assert run.ok, run.err
        assert run.jobs == Counter(place_batch=2)
        assert kinds(two_batches.output / "batches", two_batches.pictures) == {transfer}
        assert placed(two_batches.output / "batches" / "0001") == names
    run = two_batches.run(**KEEP, batch_transfer="none")
    assert run.ok, run.err
    assert run.jobs == Counter(place_batch=2)
    assert not list(two_batches.output.glob("batches/*/*"))
    assert two_batches.plan(**KEEP, batch_transfer="none").planned == Counter()
    assert state(two_batches.pictures) == originals


def test_a_deleted_result_folder_is_placed_again_once(two_batches: Project) -> None:
    folders = [two_batches.output / "clusters", two_batches.output / "batches" / "0002"]
    before = [placed(folder) for folder in folders]
    for folder in folders:
        shutil.rmtree(folder)
    run = two_batches.run(**KEEP)
    assert run.ok, run.err
    assert run.jobs == Counter(place=1, place_batch=1)
    assert [placed(folder) for folder in folders] == before
    assert two_batches.plan(**KEEP).planned == Counter()


def test_a_correction_by_hand_stops_placing_until_overwrite_is_said(two_batches: Project) -> None:
    clusters = two_batches.output / "clusters"
    names = placed(clusters)
    moved = next((clusters / "cluster_0001").glob("*.jpg"))
    moved.rename(clusters / "cluster_0002" / f"mine {moved.name}")
    corrected = placed(clusters)
    assert two_batches.plan(**KEEP).planned == Counter(), "a correction alone runs nothing"
    with unchanged(two_batches.output):  # the table and the page too
        run = two_batches.run(**KEEP, transfer="hardlink", representative="first")
    assert not run.ok
    line = [line for line in run.err.splitlines() if "changed by hand" in line]
    assert line, run.err
    assert "overwrite=true" in line[0]
    assert "Traceback" not in run.text
    assert placed(clusters) == corrected
    run = two_batches.run(**KEEP, transfer="hardlink", overwrite=True)
    assert run.ok, run.err
    assert run.jobs == Counter(place=1)
    assert placed(clusters) == names
    assert two_batches.plan(**KEEP, transfer="hardlink").planned == Counter()


def test_a_table_that_no_run_made_is_not_replaced(two_batches: Project) -> None:
    other = two_batches.folder / "other"
    other.mkdir()
    (other / "clusters.csv").write_text("mine")
    run = two_batches.run(**KEEP, output="other")
    assert run.code != 0
    assert [line for line in run.err.splitlines() if line.startswith("icas: output:") and "clusters.csv" in line]
    assert [path.name for path in other.iterdir()] == ["clusters.csv"]
    assert (other / "clusters.csv").read_text() == "mine"


def test_a_failed_run_ends_with_the_reason_and_what_to_do(two_batches: Project) -> None:
    table = two_batches.output / "extract/ssim/0002.parquet"
    table.write_bytes(table.read_bytes()[:300])
    run = two_batches.run(**{**KEEP, "threshold": 0.9})
    assert run.code != 0
    *_, reason, again = run.err.splitlines()
    assert reason.startswith("icas: ")
    assert "0002.parquet" in reason
    assert again == "icas: not finished; once that is put right, the same command goes on where this run stopped"


def test_a_corrected_batch_folder_is_kept_and_named(two_batches: Project) -> None:
    extra = two_batches.output / "batches" / "0001" / "cluster_0001" / "added.jpg"
    shutil.copy(next(two_batches.pictures.glob("*.jpg")), extra)
    run = two_batches.run(**KEEP, batch_transfer="none")
    assert not run.ok
    assert any("batches/0001" in line and "changed by hand" in line for line in run.err.splitlines()), run.err
    assert extra.exists()


def test_without_a_merge_the_result_holds_the_batches_own_clusters(two_batches: Project) -> None:
    run = two_batches.run(**{**KEEP, "merge": "none"})
    assert run.ok, run.err
    assert not {"extract", "compare", "cluster", "compare_across", "place_batch"} & run.jobs.keys()
    own = {
        frozenset(each)
        for batch in ("0001", "0002")
        for folder, each in _sources(two_batches.output / "batches" / batch, two_batches.pictures).items()
        if folder != "outliers"
    }
    outliers = {
        frozenset([path])
        for batch in ("0001", "0002")
        for path in _sources(two_batches.output / "batches" / batch, two_batches.pictures).get("outliers", [])
    }
    assert two_batches.partition() == own | outliers
    assert {name: len(found) for name, found in placed(two_batches.output / "clusters").items()} == sizes(two_batches)


def _sources(folder: Path, pictures: Path) -> dict[str, list[str]]:
    return {
        each.name: [path.resolve().relative_to(pictures.resolve()).as_posix() for path in each.iterdir()]
        for each in folder.iterdir()
        if each.is_dir()
    }


def test_numbers_stay_and_equal_names_both_arrive_when_the_smallest_cluster_outgrows_the_others(
    two_batches: Project,
) -> None:
    before = {row["path"]: row["cluster"] for row in two_batches.rows()}
    assert max(sizes(two_batches), key=lambda name: sizes(two_batches)[name]) == "cluster_0001"
    last = max(before.values(), key=int)
    member = next(path for path, cluster in before.items() if cluster == last)
    scene = int(member.rpartition("_")[2].removesuffix(".jpg"))
    for subfolder in ("again", "once more"):
        add_pictures(two_batches.pictures / subfolder, scenes=1, copies=3, start=scene)
    run = two_batches.run(**KEEP)
    assert run.ok, run.err
    after = {row["path"]: row["cluster"] for row in two_batches.rows()}
    assert {path: after[path] for path in before} == before
    assert max(sizes(two_batches), key=lambda name: sizes(two_batches)[name]) == f"cluster_{int(last):04d}"
    names = placed(two_batches.output / "clusters")[f"cluster_{int(last):04d}"]
    assert len(names) == 9
    assert {f"again__0_scene_{scene:03d}.jpg", f"0_scene_{scene:03d}.jpg"} <= set(names)


def test_hard_links_become_copies_on_another_file_system_and_it_is_said(two_batches: Project, memory: Path) -> None:
    output = memory / "out"
    shutil.copytree(two_batches.output, output, symlinks=True)
    shutil.rmtree(output / "clusters")
    (output / "clusters.csv").unlink()
    run = two_batches.run(**KEEP, output=str(output), transfer="hardlink", batch_transfer="none")
    assert run.ok, run.err
    assert run.jobs["place"] == 1
    assert kinds(output / "clusters", two_batches.pictures) == {"copy"}
    assert json.loads((output / "place" / "receipt.json").read_text())["copied_instead_of_linked"] == 17
    assert any("17" in line and "hard link" in line for line in run.err.splitlines()), run.err
