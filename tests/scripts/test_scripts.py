"""Each script of the main job reads, makes one call into the core, and writes; a mistake ends in one line."""

from __future__ import annotations

import csv
import json
import os
import runpy
import shutil
import tempfile
from pathlib import Path

import pytest

from icas_core.batches import plan_batches, scan, write_ledger
from icas_core.similarity.features import read_features
from icas_core.tables import CLUSTERS, EDGES, MANIFEST, MERGED, read_notes, read_rejected, read_table
from tests.scripts.jobs import SCRIPTS, job_of, run_script
from tests.workflow.runs import add_pictures, snapshot

MAIN = ("split", "extract", "compare", "cluster", "represent", "merge", "place")
PICTURES = sorted(f"{copy}_scene_{scene:03d}.jpg" for scene in range(3) for copy in range(2))


def make_project(folder: Path) -> Path:
    """Six pictures of three scenes, a broken one, and the ledger of their one batch."""
    add_pictures(folder / "pictures", scenes=3, copies=2)
    (folder / "pictures" / "broken.jpg").write_text("no picture")
    root = str(folder / "pictures")
    write_ledger(plan_batches(scan(root), None, folder=root, batch_size=9), folder / "out/ledger.parquet")
    return folder


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose scripts have been run one after the other."""
    folder = make_project(tmp_path_factory.mktemp("scripts"))
    for name in MAIN:
        run_script(name, job_of(name, folder))
    return folder


def test_split_writes_the_batchs_manifest(ran: Path) -> None:
    manifest = read_table(job_of("split", ran).output.manifest, MANIFEST)
    assert manifest["path"].to_pylist() == sorted([*PICTURES, "broken.jpg"])


def test_extract_writes_features_and_what_it_rejected(ran: Path) -> None:
    job = job_of("extract", ran)
    features = read_features(job.output.features)
    assert features.paths == PICTURES
    assert features.variants[0].shape == (6, 16, 16)
    assert read_rejected(job.output.rejected) == [("broken.jpg", "not a picture")]


def test_compare_writes_the_similar_pairs_and_their_counts(ran: Path) -> None:
    job = job_of("compare", ran)
    pairs = read_table(job.output.edges, EDGES).to_pylist()
    assert [(pair["image_a"], pair["image_b"]) for pair in pairs] == [
        (f"0_scene_{scene:03d}.jpg", f"1_scene_{scene:03d}.jpg") for scene in range(3)
    ]
    assert read_notes(job.output.edges)["counts"]["possible"] == 15


def test_cluster_writes_the_clusters_and_keeps_their_numbers(ran: Path) -> None:
    job = job_of("cluster", ran)
    clusters = read_table(job.output.clusters, CLUSTERS)
    assert sorted(clusters["cluster"].to_pylist()) == [1, 1, 2, 2, 3, 3]
    assert read_table(job.params.numbers, CLUSTERS).equals(clusters)


def test_represent_writes_one_picture_a_cluster(ran: Path) -> None:
    represented = read_table(job_of("represent", ran).output.represented, CLUSTERS)
    assert represented["cluster"].to_pylist() == [1, 2, 3]


def test_merge_writes_the_whole_folders_clusters(ran: Path) -> None:
    merged = read_table(job_of("merge", ran).output.clusters, MERGED)
    assert merged["path"].to_pylist() == PICTURES
    assert set(merged["batch"].to_pylist()) == {"0001"}


def test_place_writes_folders_the_table_and_the_receipt(ran: Path) -> None:
    job = job_of("place", ran)
    with open(job.output.table, encoding="utf-8", newline="") as file:
        numbers = {row["path"]: int(row["cluster"]) for row in csv.DictReader(file)}
    assert sorted(numbers) == PICTURES
    for path, number in numbers.items():
        assert (Path(job.params.folder) / f"cluster_{number:04d}" / path).is_file()
    assert json.loads(Path(job.output.receipt).read_text())["placed"] == 6


@pytest.mark.parametrize("name", MAIN)
def test_each_script_says_in_its_log_what_it_did_or_stays_silent(name: str, ran: Path) -> None:
    log = Path(job_of(name, ran).log[0])
    assert log.exists()
    assert "ERROR" not in log.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in MAIN if name != "split"])
def test_a_missing_input_ends_in_one_line_and_nothing_is_written(
    name: str, ran: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    job = job_of(name, tmp_path)
    before = {path: state for path, state in snapshot(tmp_path).items() if "logs" not in path}
    with pytest.raises(SystemExit) as ended:
        run_script(name, job)
    assert ended.value.code == 1
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert str(tmp_path / "out") in lines[0]
    assert lines[0] in Path(job.log[0]).read_text(encoding="utf-8") or job.log[0] in lines[0]
    files = {path for path in snapshot(tmp_path) if Path(path).is_file() and "logs" not in path}
    assert files <= before.keys()


def test_split_of_a_batch_that_the_ledger_has_not_is_refused(
    ran: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    job = job_of("split", ran)
    job.wildcards.batch = "0009"
    job.output.manifest = str(tmp_path / "0009.parquet")
    job.log = [str(tmp_path / "0009.log")]
    with pytest.raises(SystemExit) as ended:
        run_script("split", job)
    assert ended.value.code == 1
    assert "has no batch 0009" in capfd.readouterr().err
    assert not Path(job.output.manifest).exists()


def test_place_stops_before_what_a_person_changed(tmp_path: Path, ran: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ran, tmp_path / "project", symlinks=True)
    job = job_of("place", tmp_path / "project", images=str(ran / "pictures"))
    mine = Path(job.params.folder) / "cluster_0001" / "mine.jpg"
    mine.write_text("mine")
    with pytest.raises(SystemExit):
        run_script("place", job)
    assert "changed by hand" in capfd.readouterr().err
    assert mine.exists()
    job.config["overwrite"] = True
    run_script("place", job)
    assert not mine.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else; the odd pictures show it to others")
def test_a_picture_without_permission_is_rejected_and_the_rest_goes_on(ran: Path) -> None:
    """Run as nobody: root may read everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = make_project(Path(name))
        run_script("split", job_of("split", folder))
        job = job_of("extract", folder)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, 65534, 65534)
        os.chown(folder / "pictures" / PICTURES[0], 0, 0)
        (folder / "pictures" / PICTURES[0]).chmod(0)
        script = runpy.run_path(str(SCRIPTS / "extract.py"), run_name="extract")
        os.seteuid(65534)
        try:
            script["main"](job)
        finally:
            os.seteuid(0)
        assert read_rejected(job.output.rejected) == [(PICTURES[0], "no permission"), ("broken.jpg", "not a picture")]
        assert len(read_features(job.output.features)) == 5
