"""Every model that a user may name embeds pictures, and each mistake is one line."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from torchvision import models

from icas_core.deep.autoencoder import Autoencoder
from icas_core.deep.choices import choice_of
from icas_core.deep.embedders import load_embedder
from icas_core.deep.embedding import embed_pictures
from icas_core.errors import IcasError

OWN = Path(__file__).parent / "own_models.py"


def checkpoint(folder: Path, name: str = "model.pt", **changed) -> str:
    torch.manual_seed(0)
    model = Autoencoder((32, 32), code=8)
    content = {"icas": 1, "model": "autoencoder", "size": (32, 32), "code": 8, "state": model.state_dict(), **changed}
    torch.save({key: value for key, value in content.items() if value is not None}, folder / name)
    return str(folder / name)


def test_models_are_found_in_upper_and_lower_case_but_for_paths() -> None:
    assert choice_of("EfficientNet_Lite0").kind == "efficientnet_lite0"
    assert choice_of("Torchvision:ResNet18").name == "resnet18"
    assert (choice_of(f"{OWN}:Small").file, choice_of(f"{OWN}:Small").name) == (OWN, "Small")


@pytest.mark.parametrize("own", [(32, 20), (64, 64), (70, 50), (96, 90), (200, 300), (6000, 4000)])
def test_efficientnet_enlarges_pictures_twice_at_most_and_not_beyond_224(own: tuple[int, int]) -> None:
    side = choice_of("efficientnet_lite0").size_of(own)[0]
    assert 128 <= side <= 224
    assert side % 32 == 0
    assert side in (128, 224) or 2 * max(own) <= side < 2 * max(own) + 32


def test_a_trained_autoencoder_embeds_at_the_size_it_was_trained_at(small_pictures, tmp_path) -> None:
    folder, names = small_pictures
    file = checkpoint(tmp_path)
    features, _ = embed_pictures(folder, names, model="autoencoder", checkpoint=file, device="cpu")
    assert features.variants[0].shape == (30, 8)
    assert features.variants[0].dtype == np.float32
    with pytest.raises(IcasError, match=r"size: found \[48, 48\], but the model was trained at \[32, 32\]"):
        embed_pictures(folder, names, model="autoencoder", checkpoint=file, size=[48, 48])


def test_a_users_own_model_embeds(small_pictures) -> None:
    folder, names = small_pictures
    features, _ = embed_pictures(folder, names, model=f"{OWN}:Pretrained", size=[20, 20], device="cpu")
    assert features.variants[0].shape == (30, 3)
    assert 0 <= features.variants[0].min() <= features.variants[0].max() <= 1


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("resnet", "deep.model: found 'resnet'; accepted: autoencoder, efficientnet_lite0, hog, torchvision:<name> or"),
        ("torchvision:", "deep.model: found 'torchvision:'"),
        ("torchvision:resnet81", "torchvision has no classifier 'resnet81'; did you mean 'torchvision:resnet"),
        ("gone.py:Net", "deep.model: gone.py: no such file"),
        (f"{OWN}:Missing", "own_models.py: found no torch.nn.Module 'Missing'; accepted: .*Pretrained, Small"),
        (f"{OWN}:NoModule", "found no torch.nn.Module 'NoModule'"),
        (f"{OWN}:WithoutEmbed", "WithoutEmbed defines no embed; accepted: a module with forward and embed"),
        (f"{OWN}:WantsArguments", r"WantsArguments\(\) failed \(TypeError"),
        ("autoencoder", "deep.checkpoint: found none; the autoencoder needs one that train has written"),
    ],
)
def test_a_model_that_is_not_to_be_had_is_told_in_one_line(model: str, message: str) -> None:
    with pytest.raises(IcasError, match=message) as refused:
        load_embedder(model, device="cpu")
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_python_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (:\n")
    with pytest.raises(IcasError, match=r"broken.py: cannot be run \(SyntaxError") as refused:
        load_embedder(f"{tmp_path}/broken.py:Net")
    assert "\n" not in str(refused.value)


def test_an_embedding_of_another_shape_is_told_in_one_line(small_pictures) -> None:
    folder, names = small_pictures
    with pytest.raises(IcasError, match="embed gave .* for 30 pictures; accepted: one row for each"):
        embed_pictures(folder, names, model=f"{OWN}:OneNumberForAll", device="cpu")


def test_a_checkpoint_that_does_not_fit_is_told_in_one_line(tmp_path: Path) -> None:
    small = torch.nn.Linear(2, 2).state_dict()
    torch.save(small, tmp_path / "small.pt")
    (tmp_path / "text.pt").write_text("no checkpoint")
    torch.save({"icas": 1, "code": np.array}, tmp_path / "code.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    for model, file, message in [
        ("autoencoder", tmp_path / "gone.pt", "gone.pt: no such file"),
        ("autoencoder", tmp_path / "text.pt", "text.pt: not a checkpoint of weights"),
        ("autoencoder", tmp_path / "code.pt", "code.pt: not a checkpoint of weights"),
        ("autoencoder", tmp_path / "list.pt", "list.pt: holds list; accepted: a state_dict"),
        ("autoencoder", tmp_path / "small.pt", "small.pt: not written by the rule train"),
        ("autoencoder", checkpoint(tmp_path, "nine.pt", code=9), r"'encoder.*' is \(8, .*, accepted: \(9, "),
        ("autoencoder", checkpoint(tmp_path, "half.pt", size=None), "half.pt: not written by the rule train"),
        ("efficientnet_lite0", tmp_path / "small.pt", "small.pt: does not fit the model: it has no weights"),
        ("efficientnet_lite0", checkpoint(tmp_path), "of the model autoencoder; deep.model is efficientnet_lite0"),
        (f"{OWN}:Small", tmp_path / "small.pt", "does not fit the model"),
        ("hog", tmp_path / "small.pt", "hog has no weights"),
    ]:
        with pytest.raises(IcasError, match=message) as refused:
            load_embedder(model, checkpoint=file, device="cpu")
        assert "\n" not in str(refused.value)


def test_a_classifier_of_torchvision_gives_what_its_last_layer_is_given(tmp_path, monkeypatch, small_pictures) -> None:
    """With weights made on the spot, put where torchvision keeps those that it has downloaded."""
    torch.manual_seed(4)
    network = models.shufflenet_v2_x0_5().eval()
    weights = models.get_model_weights("shufflenet_v2_x0_5").DEFAULT
    monkeypatch.setattr(type(weights), "get_state_dict", lambda self, **_: network.state_dict())
    folder, names = small_pictures
    features, _ = embed_pictures(folder, names[:2], model="torchvision:shufflenet_v2_x0_5", size=[64, 64], device="cpu")
    seen = []
    network.fc.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    preset = weights.transforms()
    from icas_core.deep.reading import pictures_at

    pictures = np.stack([made.pictures[0] for _, made in pictures_at(folder, names[:2], size_of=lambda own: (64, 64))])
    batch = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    mean, deviation = (torch.tensor(one).view(3, 1, 1) for one in (preset.mean, preset.std))
    with torch.inference_mode():
        network((batch - mean) / deviation)
    np.testing.assert_allclose(features.variants[0], torch.nn.functional.normalize(seen[0]), atol=1e-5)


def test_weights_that_cannot_be_downloaded_are_told_in_one_line(tmp_path, monkeypatch) -> None:
    def offline(*_, **__):
        raise URLError("no network here")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", offline)
    monkeypatch.setattr("torch.hub.urlopen", offline)
    with pytest.raises(IcasError, match=r"weights of torchvision:resnet18 could not be downloaded \(no network here\)"):
        load_embedder("torchvision:resnet18", device="cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_told_in_one_line() -> None:
    with pytest.raises(IcasError, match="device: found 'cuda', but torch sees no GPU here; accepted: auto or cpu"):
        load_embedder("efficientnet_lite0", device="cuda")
