"""What a person sees who mistyped something: one clear line, and nothing is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from icas_core.batches import plan_batches, scan, write_ledger
from tests.workflow.runs import ROOT, Project, Run, add_pictures, snapshot

pytestmark = pytest.mark.workflow
# What Snakemake says at the start of every run, whatever comes.
BANNER = ("Using workflow specific profile", f"Config file {ROOT}")


@dataclass(frozen=True)
class Mistake:
    """What was typed behind --config, in a file, or done beforehand; and the fragments that the line must hold."""

    says: tuple[str, ...]
    typed: dict[str, str]
    file: str | None = None
    before: Callable[[Project], object] = lambda project: None
    targets: tuple[str, ...] = ()


def _output_of_another_folder(project: Project) -> None:
    other = project.folder / "other pictures"
    add_pictures(other, scenes=1, copies=2)
    ledger = plan_batches(scan(other), None, folder=str(other.resolve()), batch_size=9)
    write_ledger(ledger, project.output / "ledger.parquet")


def _journal_of_moved_pictures(project: Project) -> None:
    (project.output / "moved").mkdir(parents=True)
    (project.output / "moved" / "journal.jsonl").write_text('["icas", 1, "/a", "/b"]\n')


def _empty(project: Project) -> None:
    shutil.rmtree(project.pictures)
    project.pictures.mkdir()


MISTAKES = {
    "a misspelt key": Mistake(("'imagse'", "did you mean 'images'?"), {"imagse": "x"}),
    "a misspelt key in a file": Mistake(("'treshold'", "did you mean 'threshold'?"), {}, "treshold: 0.5\n"),
    "an unknown key in a section": Mistake(("'orb.feature'", "did you mean 'orb.features'?"), {"orb": "{feature: 1}"}),
    "a wrong type": Mistake(("'batch_size'", "found 'many'", "a whole number from 2"), {"batch_size": "many"}),
    "a threshold above 1": Mistake(("'threshold'", "found 1.5", "0 to 1"), {"threshold": "1.5"}),
    "nan": Mistake(("'threshold'", "found nan", "0 to 1"), {"threshold": "nan"}),
    ".nan in a file": Mistake(("'threshold'", "found nan", "0 to 1"), {}, "threshold: .nan\n"),
    "a missing folder": Mistake(("'images'", "nowhere", "no such folder"), {"images": "nowhere"}),
    "a file for a folder": Mistake(("'images'", "a file"), {"images": "pictures/0_scene_000.jpg"}),
    "an empty folder": Mistake(("'images'", "found no picture"), {}, before=_empty),
    "an unknown method": Mistake(("'method'", "found 'sift'", "ssim, minhash"), {"method": "sift"}),
    "a size of nothing": Mistake(("'size'", "[width, height]"), {"size": "[0,0]"}),
    "a size too small for the method": Mistake(("size", "[3, 3]", "7x7"), {"size": "[3,3]"}),
    "a batch of one": Mistake(("'batch_size'", "found 1", "from 2"), {"batch_size": "1"}),
    "pictures inside the output": Mistake(("'images'", "inside the output"), {"output": "."}),
    "an output that is a file": Mistake(
        ("'output'", "out is a file"), {}, before=lambda project: project.output.write_text("mine")
    ),
    "the output of other pictures": Mistake(
        ("output", "other pictures", "choose another output"), {}, before=_output_of_another_folder
    ),
    "pictures that were moved": Mistake(("have been moved", "undo_move"), {}, before=_journal_of_moved_pictures),
    "merge_folders without folders": Mistake(("'folders'", "batch folders"), {}, targets=("merge_folders",)),
    "merge_folders by clustering anew": Mistake(
        ("'method'", "found deep", "embedding"), {"method": "deep", "folders": "pictures"}, targets=("merge_folders",)
    ),
    "a file that is no YAML": Mistake(("not valid JSON or YAML",), {}, "a: b: c\n\t- x\n"),
    "a file that is no table": Mistake(("keys at top level",), {}, "- images\n"),
}


def make(folder: Path, mistake: Mistake) -> tuple[Run, bool]:
    """Make the mistake in a project of its own; the run, and whether it left everything as it was."""
    project = Project(folder)
    add_pictures(project.pictures, scenes=2, copies=2)
    mistake.before(project)
    arguments = list(mistake.targets)
    if mistake.file is not None:
        (folder / "mine.yaml").write_text(mistake.file)
        arguments += ["--configfile", "mine.yaml"]
    before = snapshot(folder)
    run = project.run(*arguments, **mistake.typed)
    return run, _without_snakemake(snapshot(folder), folder) == _without_snakemake(before, folder)


def _without_snakemake(found: dict[str, tuple[int, int, int]], folder: Path) -> dict[str, tuple[int, int, int]]:
    own = str(folder / ".snakemake")
    return {path: state for path, state in found.items() if not path.startswith(own) and path != str(folder)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Run, bool]]:
    """Every mistake, made; two at a time."""
    folders = [tmp_path_factory.mktemp("mistake") for _ in MISTAKES]
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(MISTAKES, pool.map(make, folders, MISTAKES.values()), strict=True))


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_ends_in_one_clear_line_and_nothing_is_written(what: str, made: dict[str, tuple[Run, bool]]) -> None:
    run, untouched = made[what]
    assert run.code != 0
    assert "Traceback" not in run.text
    lines = [line for line in run.text.splitlines() if line.strip() and not line.startswith(BANNER)]
    said = [line for line in lines if line != "WorkflowError:"]
    assert len(said) == 1, run.text
    assert all(fragment in said[0] for fragment in MISTAKES[what].says), said[0]
    assert untouched


def test_a_configuration_file_that_is_missing_is_named(project: Project) -> None:
    add_pictures(project.pictures, scenes=1, copies=2)
    run = project.run("--configfile", "nowhere.yaml")
    # Snakemake ends before it reads the workflow, with a traceback of its own; its last line names the file.
    assert run.code != 0
    assert "nowhere.yaml" in run.err.strip().splitlines()[-1]
    assert not project.output.exists()
