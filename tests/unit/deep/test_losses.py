"""The losses are those of their libraries, and the perceptual one's mistakes are told in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import vgg11

from icas_core.deep.losses import Perceptual, Stages, feature_model, loss_of
from icas_core.errors import IcasError

OWN = Path(__file__).parent / "own_models.py"
CPU = torch.device("cpu")


def pair(side: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    lots = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, side, side, generator=lots), torch.rand(2, 3, side, side, generator=lots)


def test_mse_and_l1_are_the_mean_squared_and_absolute_difference() -> None:
    a, b = pair()
    for name, expected in (("mse", ((a - b) ** 2).mean()), ("l1", (a - b).abs().mean())):
        found = loss_of(name, model="vgg19", checkpoint=None, device=CPU)(a, b)
        assert float(found) == pytest.approx(float(expected))


def test_the_perceptual_loss_is_the_absolute_difference_of_normalised_features() -> None:
    torch.manual_seed(1)
    network = vgg11(init_weights=True).features.eval()
    loss = Perceptual(Stages(network))
    a, b = pair()
    normalised = [(x - loss.mean) / loss.deviation for x in (a, b)]
    expected = []
    for number, layer in enumerate(network):
        if isinstance(layer, nn.MaxPool2d):
            first, second = (network[:number](x) for x in normalised)
            expected.append((first - second).abs().mean())
    assert len(expected) == 5
    assert float(loss(a, b)) == pytest.approx(float(torch.stack(expected).mean()), rel=1e-5)
    assert float(loss(a, a)) == 0
    assert float(loss(a, b)) == pytest.approx(float(loss(b, a)))


def test_the_perceptual_loss_teaches_the_model_and_not_its_features() -> None:
    loss = loss_of("perceptual", model=f"{OWN}:SmallFeatures", checkpoint=None, device=CPU)
    a, b = pair()
    a.requires_grad_()
    loss(a, b).backward()
    assert a.grad is not None
    assert a.grad.abs().sum() > 0
    assert all(weights.grad is None for weights in loss.parameters())


def test_pictures_too_small_for_all_poolings_use_the_earlier_stages() -> None:
    loss = Perceptual(Stages(vgg11().features.eval()))
    a, b = pair(8)
    assert loss(a, b) > 0


def test_weights_of_the_loss_come_from_a_file(tmp_path: Path) -> None:
    first = feature_model(f"{OWN}:SmallFeatures", None)
    torch.save(first.state_dict(), tmp_path / "weights.pt")
    again = feature_model(f"{OWN}:SmallFeatures", str(tmp_path / "weights.pt"))
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_a_wrong_loss_model_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    torch.save({"x": torch.zeros(1)}, tmp_path / "other.pt")
    for model, checkpoint, message in [
        ("vgg20", None, "deep.loss_model: found 'vgg20'; accepted: vgg19, or"),
        ("gone.py:Net", None, "deep.loss_model: gone.py: no such file"),
        (f"{OWN}:NoModule", None, "deep.loss_model: .*found no torch.nn.Module 'NoModule'"),
        (f"{OWN}:SmallFeatures", str(tmp_path / "other.pt"), "deep.loss_checkpoint: .*no weights 'first.weight'"),
    ]:
        with pytest.raises(IcasError, match=message) as refused:
            feature_model(model, checkpoint)
        assert "\n" not in str(refused.value)
