"""Deep features in whole runs: trained once, embedded a batch at a time, compared like any other feature."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from icas_core.similarity.features import read_features
from tests.workflow.runs import Project, add_pictures, environment, kill, unchanged

pytestmark = pytest.mark.workflow

# Few and small: what is tried here is which jobs run, not what the model learns.
LEARNT = {"method": "embedding", "batch_size": 8, "batch_transfer": "none"}
MODEL = {"model": "autoencoder", "epochs": 2, "code": 8}
NO_TORCH = """
import sys

class NoTorch:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision"):
            raise ModuleNotFoundError(f"No module named {name!r}: it is hidden", name=name)

sys.meta_path.insert(0, NoTorch)
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A project of three batches whose autoencoder has been trained, and a copy to restore it from."""
    folder = tmp_path_factory.mktemp("deep")
    project = Project(folder / "project")
    add_pictures(project.pictures, scenes=7, copies=3, side=32)
    run = project.run(**LEARNT, deep=MODEL)
    assert run.ok, run.err
    assert (run.jobs["train"], run.jobs["extract_deep"], run.jobs["compare"]) == (1, 3, 3)
    return project, project.save(folder / "saved")


def test_a_training_leaves_its_weights_its_curve_and_its_pictures(trained: tuple[Project, Path]) -> None:
    project = trained[0].restore(trained[1])
    made = {file.name for file in (project.output / "train").iterdir()}
    assert made == {"model.pt", "losses.csv", "losses.png", "reconstructions.png"}
    assert "epoch 2: training loss" in (project.output / "logs/train/all.log").read_text()
    features = read_features(project.output / "extract/embedding/0001.parquet")
    assert features.variants[0].shape == (8, 8)
    assert sum(map(len, project.partition())) == 21
    assert (project.output / "report.html").read_text(encoding="utf-8").count("data:image/png;base64,") == 2


def test_a_model_is_trained_once_unless_it_is_asked_for(trained: tuple[Project, Path]) -> None:
    project = trained[0].restore(trained[1])
    assert not project.plan(**LEARNT, deep=MODEL).planned
    add_pictures(project.pictures, scenes=1, copies=2, side=32, start=50)
    more = project.plan(**LEARNT, deep=MODEL).planned
    assert (more["train"], more["extract_deep"]) == (0, 1)
    assert project.plan(**LEARNT, deep={**MODEL, "loss": "l1"}).planned["train"] == 1
    assert project.plan(**LEARNT, deep={**MODEL, "train": "changes"}).planned["train"] == 1
    run = project.run("out/train/model.pt", **LEARNT, deep={**MODEL, "train": "changes"})
    assert run.jobs["train"] == 1, run.err
    assert not project.plan("out/train/model.pt", **LEARNT, deep={**MODEL, "train": "changes"}).planned
    add_pictures(project.pictures, scenes=1, copies=1, side=32, start=60)
    assert project.plan(**LEARNT, deep={**MODEL, "train": "changes"}).planned["train"] == 1
    (project.output / "train/model.pt").unlink()
    again = project.plan(**LEARNT, deep={**MODEL, "train": "changes"}).planned
    assert (again["train"], again["extract_deep"]) == (1, 3)


def test_with_a_checkpoint_nothing_is_trained(trained: tuple[Project, Path]) -> None:
    project = trained[0].restore(trained[1])
    (project.output / "train/model.pt").rename(project.folder / "mine.pt")
    planned = project.plan(**LEARNT, deep={**MODEL, "checkpoint": "mine.pt"}).planned
    assert (planned["train"], planned["extract_deep"]) == (0, 3)


def test_a_training_that_was_killed_goes_on_in_the_next_run(project: Project) -> None:
    add_pictures(project.pictures, scenes=8, copies=3, side=32)
    long = {**MODEL, "epochs": 40, "patience": 40}
    target = "out/train/model.pt"
    log = project.output / "logs/train/all.log"
    with unchanged(project.pictures):
        process = project.start(target, **LEARNT, deep=long)
        while not log.exists() or "epoch 3:" not in log.read_text():
            assert process.poll() is None, (project.folder / "started.log").read_text()
            time.sleep(0.05)
        kill(process)
        run = project.run(target, **LEARNT, deep=long)
    assert run.ok, run.err
    text = log.read_text()
    assert "going on after epoch" in text
    assert "epoch 1:" not in text
    assert "epoch 40:" in text
    assert not (project.output / "train/state.pt").exists()


def run_without_torch(project: Project, **config: Any) -> subprocess.CompletedProcess[str]:
    """Run as on a machine on which torch is not installed."""
    hiding = project.folder / "hiding"
    hiding.mkdir(exist_ok=True)
    (hiding / "sitecustomize.py").write_text(NO_TORCH)
    return subprocess.run(
        project.command(**config),
        cwd=project.folder,
        env={**environment(), "PYTHONPATH": str(hiding)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("method", ["deep", "embedding", "ssim+embedding"])
def test_without_torch_the_run_says_in_one_line_what_to_install(project: Project, method: str) -> None:
    add_pictures(project.pictures, scenes=2, copies=2)
    done = run_without_torch(project, method=method)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("icas:")]
    assert len(lines) == 1
    assert "efficientnet_lite0 needs torch" in lines[0]
    assert "make setup-deep" in lines[0]
    assert "Traceback" not in done.stdout + done.stderr
    assert not project.output.exists()


def test_without_torch_every_other_method_and_hog_run_to_their_end(project: Project) -> None:
    add_pictures(project.pictures, scenes=3, copies=2)
    for config in ({"method": "ssim+minhash+imagehash+orb+tm"}, {"method": "embedding", "deep": {"model": "hog"}}):
        done = run_without_torch(project, batch_size=4, **config)
        assert done.returncode == 0, done.stderr
    assert sum(map(len, project.partition())) == 6


@pytest.mark.parametrize(
    ("deep", "message"),
    [
        ({"model": "resnet"}, "deep.model: found 'resnet'; accepted: autoencoder, efficientnet_lite0, hog"),
        ({"model": "Mine.py:Net"}, "deep.model: Mine.py: no such file"),
        ({"checkpoint": "gone.pt"}, "'deep.checkpoint': gone.pt: no such file"),
        ({"model": "autoencoder", "train": "never"}, "'deep.train': found never"),
        ({"loss_model": "vgg20"}, "deep.loss_model: found 'vgg20'"),
        ({"epochs": 0}, "'deep': found"),
        ({"modell": "hog"}, "'deep.modell': there is no such key; did you mean 'deep.model'"),
    ],
)
def test_a_wrong_setting_is_one_line_before_anything_runs(project: Project, deep: dict, message: str) -> None:
    add_pictures(project.pictures, scenes=1, copies=2)
    run = project.run(method="deep", deep=deep)
    assert run.code == 1
    lines = [line for line in run.err.splitlines() if line.startswith("icas:")]
    assert len(lines) == 1
    assert message in lines[0]
    assert not run.jobs
