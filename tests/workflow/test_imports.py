"""No job loads a large library that it does not use: loading would cost more than most jobs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.workflow.runs import ROOT, Project, add_pictures, environment

HEAVY = {"torch", "sklearn", "matplotlib", "pandas", "numba"}
SCRIPTS = sorted(path.stem for path in (ROOT / "scripts").glob("*.py"))
# The jobs that compare pictures, the one that measures the others, and the one that trains.
COMPARING = ("compare", "cluster", "compare_across", "merge", "merge_folders", "estimate")
USED = {"train": {"torch"}} | {script: {"numba"} for script in COMPARING}

# Python runs this before anything else where it finds it; the name of a job's script ends in that of the rule's.
RECORDER = """
import atexit, os, sys
def record():
    if folder := os.environ.get("MODULES_OF_JOBS"):
        name = os.path.basename(sys.argv[0]).removesuffix(".py").rpartition(".")[2]
        with open(os.path.join(folder, name), "a") as file:
            file.write(" ".join(sys.modules) + "\\n")
atexit.register(record)
"""


@pytest.mark.parametrize("script", SCRIPTS)
def test_reading_a_script_loads_nothing_heavy(script: str) -> None:
    code = f"import runpy, sys; runpy.run_path({str(ROOT / 'scripts' / script)!r} + '.py'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) <= ({"torch"} if script == "train" else set())


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The modules that each script's jobs had loaded at their ends, in real runs of the targets of the main job."""
    folder = tmp_path_factory.mktemp("imports")
    (folder / "site").mkdir()
    (folder / "site/sitecustomize.py").write_text(RECORDER)
    (folder / "modules").mkdir()
    project = Project(folder / "project")
    add_pictures(project.pictures, scenes=8, copies=2)
    # Started anew, each: forked ones have what all of them use.
    recorder = {"PYTHONPATH": str(folder / "site"), "MODULES_OF_JOBS": str(folder / "modules")}
    surroundings = {**environment(), **recorder, "ICAS_FORK": "0"}
    keys = {"batch_size": 8, "merge": "all", "threshold": 0.8}
    for targets in ([], ["estimate"], ["move_images"], ["undo_move"], ["merge_folders"]):
        folders = {"folders": "out/batches", "output": "merged"} if targets == ["merge_folders"] else {}
        command = project.command(*targets, **keys, **folders)
        done = subprocess.run(
            command, cwd=project.folder, env=surroundings, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
    return {path.name: set(path.read_text().split()) for path in (folder / "modules").iterdir()}


JOBS = (
    *("split", "extract", "compare", "cluster", "represent", "place_batch", "compare_across", "merge", "place"),
    *("gallery", "estimate", "move_images", "undo_move", "merge_folders"),
)


@pytest.mark.workflow
@pytest.mark.slow
@pytest.mark.parametrize("script", JOBS)
def test_a_job_has_loaded_at_its_end_only_what_it_uses(script: str, loaded: dict[str, set[str]]) -> None:
    assert "icas_core.logs" in loaded[script]
    assert HEAVY & loaded[script] <= USED.get(script, set())
    assert "scipy.linalg" not in loaded[script]


@pytest.mark.workflow
@pytest.mark.slow
def test_comparing_has_loaded_numba(loaded: dict[str, set[str]]) -> None:
    """Else the recorder would have recorded nothing."""
    assert "numba" in loaded["compare"]
