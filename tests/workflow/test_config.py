"""Configuration in real runs: a file and the command line are the same to Snakemake, and folders keep their names."""

from __future__ import annotations

import subprocess
from collections import Counter
from typing import Any

import pytest
import yaml

from tests.workflow.runs import Project, Run, add_pictures, environment

pytestmark = pytest.mark.workflow
TYPED: dict[str, Any] = {
    "method": "ORB&ImageHash",
    "threshold": "{orb: .05, ImageHash: 0.7}",
    "floor": "0.01",
    "size": "{orb: [48, 48]}",
    "variants": "Mirror",
    "decode": "fast",
    "batch_size": "4",
    "merge": "Representatives",
    "representative": "first",
    "transfer": "hardlink",
    "batch_transfer": "none",
    "imagehash": "{hash_size: 8}",
    "orb": "{match: crosscheck, features: 100, least: 1}",
}
IN_A_FILE: dict[str, Any] = {
    "images": "2024_01",
    "output": "007",
    "method": "orb & imagehash",
    "threshold": {"imagehash": 0.7, "orb": "0.05"},
    "floor": 0.01,
    "size": {"orb": ["48", 48.0]},
    "variants": "mirror",
    "decode": "FAST",
    "batch_size": 4.0,
    "merge": "representatives",
    "representative": "First",
    "transfer": "hardlink",
    "batch_transfer": "none",
    "imagehash": {"hash_size": "8"},
    "orb": {"features": 100, "least": "1", "match": "CrossCheck"},
}


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A run of eight pictures in two batches, with many keys on the command line."""
    project = Project(tmp_path_factory.mktemp("config"), pictures="2024_01", output="007")
    add_pictures(project.pictures, scenes=4, copies=2)
    run = project.run(**TYPED)
    assert run.ok, run.err
    return project


def from_a_file(project: Project, **changed: Any) -> Counter[str]:
    """The jobs of a run whose whole configuration stands in a file; paths are written without quotes."""
    text = yaml.safe_dump({**IN_A_FILE, **changed})
    (project.folder / "mine.yaml").write_text(text.replace("'2024_01'", "2024_01").replace("'007'", "007"))
    plan = project.command("-n", "--configfile", "mine.yaml")
    without_config = plan[: plan.index("--config")]
    done = subprocess.run(
        without_config, cwd=project.folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Run(done.returncode, done.stdout, done.stderr).planned


def test_folders_whose_names_look_like_numbers_are_found(typed: Project) -> None:
    assert {path.name for path in typed.folder.iterdir() if path.is_dir()} >= {"2024_01", "007"}
    assert typed.summary()["found"] == 8
    assert not list(typed.output.glob("batches/*/*"))


def test_the_same_keys_in_a_file_leave_nothing_to_do(typed: Project) -> None:
    assert from_a_file(typed) == Counter()


@pytest.mark.parametrize(
    ("changed", "runs", "never"),
    [
        ({"threshold": {"imagehash": 0.8, "orb": 0.1}}, {"cluster", "merge"}, {"extract", "compare", "split"}),
        ({"imagehash": {"hash_size": 9}}, {"extract", "compare", "cluster"}, {"split"}),
        ({"transfer": "copy"}, {"place"}, {"merge", "cluster", "gallery"}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_another_value_in_the_file_runs_what_depends_on_it(
    typed: Project, changed: dict[str, Any], runs: set[str], never: set[str]
) -> None:
    planned = from_a_file(typed, **changed)
    assert runs <= planned.keys()
    assert not never & planned.keys()
