"""How far a rebuilt picture is from its original."""

from __future__ import annotations

from collections.abc import Callable
from urllib.error import URLError

import torch
from torch import nn

from icas_core.deep.choices import check_loss_model, class_in_file
from icas_core.deep.own import own_module
from icas_core.errors import IcasError
from icas_core.weights import fit, read_checkpoint

# Of two (n, 3, height, width) float32 RGB in 0..1, the rebuilt and the original, one number.
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def loss_of(name: str, *, model: str, checkpoint: str | None, device: torch.device) -> Loss:
    """The loss that `deep.loss` names: mse, l1 or perceptual; the latter with `deep.loss_model` and its checkpoint."""
    plain: dict[str, Loss] = {"mse": nn.functional.mse_loss, "l1": nn.functional.l1_loss}
    if name in plain:
        return plain[name]
    return Perceptual(feature_model(model, checkpoint)).to(device).eval()


class Perceptual(nn.Module):
    """The mean absolute difference of the features that a trained network sees in two pictures.

    features: a module that takes RGB normalised as ImageNet's pictures are and gives one tensor, or several, each of
    which counts alike. Source: Johnson, Alahi and Fei-Fei 2016.
    """

    def __init__(self, features: nn.Module) -> None:
        super().__init__()
        self.features = features.requires_grad_(False)
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, rebuilt: torch.Tensor, original: torch.Tensor) -> torch.Tensor:
        """The loss, 0 for equal pictures."""
        seen, wanted = self._seen(rebuilt), self._seen(original.detach())
        return torch.stack([(a - b).abs().mean() for a, b in zip(seen, wanted, strict=True)]).mean()

    def _seen(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        features = self.features((pictures - self.mean) / self.deviation)
        return [features] if isinstance(features, torch.Tensor) else list(features)


class Stages(nn.Module):
    """The features of a chain of layers before each of its poolings: five of VGG19."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """One (n, channels, height, width) tensor a stage; maps too small to be pooled again end it early."""
        found = []
        for layer in self.layers:
            if isinstance(layer, nn.MaxPool2d):
                found.append(pictures)
                if min(pictures.shape[2:]) < 2:
                    break
            pictures = layer(pictures)
        return found


def feature_model(model: str, checkpoint: str | None) -> nn.Module:
    """The network of the perceptual loss; IcasError, in one line, where it or its weights are not to be had."""
    check_loss_model(model)
    if own := class_in_file(model, "deep.loss_model"):
        network = own_module(*own, methods=("forward",), key="deep.loss_model")
        if checkpoint:
            fit(network, read_checkpoint(checkpoint, "deep.loss_checkpoint"), checkpoint, "deep.loss_checkpoint")
        return network
    return Stages(_vgg19(checkpoint))


def _vgg19(checkpoint: str | None) -> nn.Sequential:
    try:
        from torchvision.models import VGG19_Weights, vgg19
    except ImportError:
        raise IcasError("deep.loss: perceptual needs torchvision, not installed here; run 'make setup-deep'") from None
    if checkpoint:
        network = vgg19()
        fit(network, read_checkpoint(checkpoint, "deep.loss_checkpoint"), checkpoint, "deep.loss_checkpoint")
        return network.features
    weights = VGG19_Weights.DEFAULT
    try:
        return vgg19(weights=weights).features
    except (URLError, OSError) as error:
        raise IcasError(
            f"deep.loss: the weights of vgg19 could not be downloaded ({getattr(error, 'reason', error)}); get online "
            f"once, or fetch {weights.url} elsewhere and give deep.loss_checkpoint, or take deep.loss mse"
        ) from error
