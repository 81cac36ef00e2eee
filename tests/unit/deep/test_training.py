"""Training: it learns, is seeded, keeps its best epoch, ends early, and goes on after a kill."""

from __future__ import annotations

import csv
import logging
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from icas_core.deep.autoencoder import Autoencoder
from icas_core.deep.dataset import Dataset, chosen, read_dataset, usual_size
from icas_core.deep.embedding import embed_pictures
from icas_core.deep.losses import loss_of
from icas_core.deep.train import train_model
from icas_core.deep.training import Schedule, Training, batches_of, usual_epochs
from icas_core.deep.warping import warped
from icas_core.errors import IcasError
from icas_core.report.training import draw_reconstructions, plot_losses, write_losses

ROOT = Path(__file__).parents[3]
OWN = Path(__file__).parent / "own_models.py"
RECIPE = {
    **{"model": "autoencoder", "size": [16, 16], "code": 8, "loss": "mse", "loss_model": "vgg19"},
    **{"loss_checkpoint": "", "pictures": 100, "validation": 0.2, "epochs": 4, "patience": 9, "learning_rate": 0.003},
    **{"batch": 8, "warp": 0.1, "seed": 3, "device": "cpu"},
}


def training(tensors: torch.Tensor, **changed) -> tuple[Training, Dataset]:
    torch.manual_seed(0)
    plan = {"epochs": 6, "patience": 9, "learning_rate": 0.003, "batch": 8, "warp": 0.1, "seed": 0, **changed}
    model = Autoencoder((16, 16), code=8)
    loss = loss_of("mse", model="vgg19", checkpoint=None, device=torch.device("cpu"))
    return Training(model, loss, Schedule(**plan), torch.device("cpu")), Dataset(tensors[5:], tensors[:5])


def weights(made: Training) -> torch.Tensor:
    return torch.cat([value.flatten().float() for value in made.model.state_dict().values()])


@pytest.mark.parametrize("loss", ["mse", "l1", "perceptual"])
def test_each_loss_teaches_it_to_rebuild(small_pictures, tmp_path, loss) -> None:
    folder, names = small_pictures
    given = {**RECIPE, "loss": loss, "loss_model": f"{OWN}:SmallFeatures", "epochs": 12, "warp": 0}
    trained = train_model(folder, names, **given, state=tmp_path / "state.pt")
    first, last = trained.losses[0], trained.losses[-1]
    assert last[0] < first[0] * 0.8
    assert min(judged for _, judged in trained.losses) < first[1]
    assert trained.originals.shape == trained.rebuilt.shape == (6, 16, 16, 3)


def test_what_was_trained_embeds(small_pictures, tmp_path) -> None:
    folder, names = small_pictures
    trained = train_model(folder, names, **RECIPE, state=tmp_path / "state.pt")
    trained.write(tmp_path / "model.pt")
    features, _ = embed_pictures(folder, names, model="autoencoder", checkpoint=tmp_path / "model.pt", device="cpu")
    assert features.variants[0].shape == (30, 8)
    assert np.isfinite(features.variants[0]).all()
    assert features.variants[0].std(axis=0).min() > 0


def test_a_users_own_model_learns_and_embeds(small_pictures, tmp_path) -> None:
    folder, names = small_pictures
    trained = train_model(folder, names, **{**RECIPE, "model": f"{OWN}:Small"}, state=tmp_path / "state.pt")
    trained.write(tmp_path / "model.pt")
    features, _ = embed_pictures(folder, names, model=f"{OWN}:Small", checkpoint=tmp_path / "model.pt", device="cpu")
    assert features.variants[0].shape == (30, 64)
    for name, message in [("OtherShape", r"forward gave \(8, 1, 16, 16\)"), ("Pretrained", "accepted: never")]:
        with pytest.raises(IcasError, match=message):
            train_model(folder, names, **{**RECIPE, "model": f"{OWN}:{name}"}, state=tmp_path / "other.pt")


def test_the_same_seed_gives_the_same_model_and_another_seed_another(small_pictures, tmp_path) -> None:
    folder, names = small_pictures
    first, again, other = (
        train_model(folder, names, **{**RECIPE, "seed": seed}, state=tmp_path / f"{run}.pt")
        for run, seed in enumerate((3, 3, 4))
    )
    assert first.losses == again.losses != other.losses
    for name, value in first.checkpoint["state"].items():
        assert torch.equal(value, again.checkpoint["state"][name]), name


def test_a_training_that_goes_on_gives_what_an_uninterrupted_one_gives(tensors, tmp_path) -> None:
    whole, dataset = training(tensors)
    whole.run(dataset, tmp_path / "whole.pt", {"epochs": 6})

    class Killed(Exception):
        pass

    class Killer:
        seen = 0

        def advance(self, n: int) -> None:
            self.seen += n
            if self.seen > 19 * 3:
                raise Killed

    broken, _ = training(tensors)
    with pytest.raises(Killed):
        broken.run(dataset, tmp_path / "state.pt", {"epochs": 6}, Killer())
    assert len(torch.load(tmp_path / "state.pt", weights_only=True)["losses"]) == 3
    resumed, _ = training(tensors, seed=0)
    done = resumed.run(dataset, tmp_path / "state.pt", {"epochs": 6})
    assert done.losses == whole.progressed.losses
    assert torch.equal(weights(resumed), weights(whole))


def test_more_pictures_do_not_end_what_was_begun_and_other_settings_do(tensors, tmp_path) -> None:
    begun, dataset = training(tensors, epochs=3)
    begun.run(dataset, tmp_path / "state.pt", {"epochs": 6})
    more = Dataset(torch.cat([dataset.training, dataset.training]), dataset.validation)
    further, _ = training(tensors)
    assert len(further.run(more, tmp_path / "state.pt", {"epochs": 6}).losses) == 6
    assert further.progressed.losses[:3] == begun.progressed.losses
    other, _ = training(tensors, learning_rate=0.001)
    assert other.run(dataset, tmp_path / "state.pt", {"epochs": 5}).losses[0] != begun.progressed.losses[0]


def test_the_best_epoch_by_the_validation_loss_is_kept_and_it_ends_early(tensors, tmp_path, monkeypatch) -> None:
    made, dataset = training(tensors, epochs=20, patience=3)
    seen = []
    judged = iter([0.5, 0.3, float("nan"), 0.4, 0.31, 0.1])

    def judge(_):
        seen.append(weights(made).clone())
        return next(judged)

    monkeypatch.setattr(made, "_judge", judge)
    done = made.run(dataset, tmp_path / "state.pt", {})
    assert (len(done.losses), done.best_epoch) == (5, 2)
    assert torch.equal(weights(made), seen[1])


def test_a_loss_that_is_no_number_is_told_in_one_line(tensors, tmp_path, monkeypatch) -> None:
    made, dataset = training(tensors, epochs=2)
    monkeypatch.setattr(made, "_judge", lambda _: float("nan"))
    with pytest.raises(IcasError, match=r"deep.learning_rate: found 0.003.*accepted: a lower one"):
        made.run(dataset, tmp_path / "state.pt", {})


def test_a_lone_picture_and_a_broken_one_are_no_failure(tmp_path) -> None:
    (tmp_path / "b.png").write_text("x")
    with pytest.raises(IcasError, match="none of 1 pictures in .* can be read"):
        train_model(tmp_path, ["b.png"], **RECIPE, state=tmp_path / "state.pt")
    Image.new("RGB", (20, 20), "red").save(tmp_path / "a.png")
    trained = train_model(tmp_path, ["a.png", "b.png"], **RECIPE, state=tmp_path / "state.pt")
    assert len(trained.losses) == 4


def test_pictures_are_drawn_as_if_by_lot_and_more_of_them_change_little() -> None:
    names = [f"{number:04}.png" for number in range(1000)]
    some = chosen(names, 100)
    assert len(some) == 100
    assert some != sorted(some)
    assert len(set(some) & set(chosen([*names, *(f"new{number}" for number in range(10))], 100))) > 90


def test_the_size_to_learn_at_is_that_of_the_pictures(small_pictures, tmp_path) -> None:
    assert usual_size(*small_pictures) == (32, 32)
    for name in ("a.png", "b.png"):
        Image.new("RGB", (300, 200)).save(tmp_path / name)
    assert usual_size(tmp_path, ["gone.png", "a.png", "b.png"]) == (64, 64)


def test_no_picture_is_learnt_from_and_judged_by(small_pictures) -> None:
    folder, names = small_pictures
    dataset = read_dataset(folder, names, size=(16, 16), validation=0.2)
    assert (len(dataset.training), len(dataset.validation)) == (24, 6)
    learnt = {picture.numpy().tobytes() for picture in dataset.training}
    assert not learnt & {picture.numpy().tobytes() for picture in dataset.validation}


def test_few_pictures_are_seen_more_often_than_many() -> None:
    assert usual_epochs(100, 64) == 100
    assert usual_epochs(1_000_000, 64) == 10
    assert 10 < usual_epochs(3000, 64) < 100


@pytest.mark.parametrize(("rows", "size", "sizes"), [(65, 64, {33, 32}), (64, 64, {64}), (1, 64, {1}), (3, 8, {3})])
def test_no_batch_is_left_with_a_single_picture(rows: int, size: int, sizes: set[int]) -> None:
    parts = list(batches_of(torch.arange(rows), size))
    assert {len(part) for part in parts} == sizes
    assert torch.equal(torch.cat(parts), torch.arange(rows))


def test_warps_are_small_seeded_and_none_at_all_when_not_wanted(tensors) -> None:
    pictures = tensors.float() / 255
    assert warped(pictures, 0, torch.Generator()) is pictures
    first, again = (warped(pictures, 0.1, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, again)
    differences = (first - pictures).abs().mean((1, 2, 3))
    assert (differences > 0).all()
    strangers = (pictures[:, None] - pictures[None]).abs().mean((2, 3, 4))
    assert differences.mean() < 0.6 * strangers.mean()


def test_losses_and_reconstructions_are_drawn(tmp_path) -> None:
    losses = [(0.5, 0.6), (0.3, 0.4), (0.2, 0.5)]
    write_losses(losses, tmp_path / "losses.csv")
    with open(tmp_path / "losses.csv", encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3"]
    plot_losses(losses, 2, tmp_path / "losses.png", name="mse")
    with Image.open(tmp_path / "losses.png") as picture:
        assert len(picture.convert("RGB").getcolors(100_000)) > 20
    originals = np.full((8, 20, 30, 3), 40, np.uint8)
    draw_reconstructions(originals, originals + 100, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as picture:
        colours = {colour: count for count, colour in picture.getcolors(10)}
    assert colours[40, 40, 40] == colours[140, 140, 140] == 8 * 80 * 120


KILLED = """
import sys
from pathlib import Path
import torch
from icas_core.deep.train import train_model
from tests.unit.deep.test_training import RECIPE

folder, state = map(Path, sys.argv[1:])
names = sorted(file.name for file in folder.iterdir())
train_model(folder, names, **{**RECIPE, "epochs": 60, "patience": 60}, state=state)
"""


def test_a_training_killed_with_kill_9_goes_on_from_its_last_epoch(small_pictures, tmp_path, caplog) -> None:
    folder, names = small_pictures
    state = tmp_path / "state.pt"
    command = [sys.executable, "-c", KILLED, str(folder), str(state)]
    process = subprocess.Popen(command, cwd=ROOT)
    while not state.exists() or len(torch.load(state, weights_only=True)["losses"]) < 3:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    done = torch.load(state, weights_only=True)["losses"]
    given = {**RECIPE, "epochs": 60, "patience": 60}
    with caplog.at_level(logging.INFO):
        trained = train_model(folder, names, **given, state=state)
    assert f"going on after epoch {len(done)} of an earlier run" in caplog.text
    assert "epoch 1:" not in caplog.text
    assert trained.losses[: len(done)] == [tuple(pair) for pair in done]
    assert len(trained.losses) == 60


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU: training and embedding there have not been tried")
def test_a_gpu_trains_and_embeds_as_the_processor_does(small_pictures, tmp_path) -> None:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    folder, names = small_pictures
    trained = train_model(folder, names, **{**RECIPE, "device": "cuda", "epochs": 12}, state=tmp_path / "state.pt")
    assert trained.losses[-1][0] < trained.losses[0][0]
    trained.write(tmp_path / "model.pt")
    for model, checkpoint in (("autoencoder", tmp_path / "model.pt"), ("efficientnet_lite0", None)):
        labels = []
        for device in ("cuda", "cpu"):
            features, _ = embed_pictures(folder, names, model=model, checkpoint=checkpoint, device=device)
            labels.append(KMeans(5, n_init=10, random_state=0).fit_predict(features.variants[0]))
        assert adjusted_rand_score(*labels) >= 0.99, model
