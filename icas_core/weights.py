"""Read checkpoints, and put their weights into a model; what does not fit is told in one line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from icas_core.errors import IcasError


def read_checkpoint(path: Path | str, key: str = "deep.checkpoint") -> dict[str, Any]:
    """What torch.save wrote under `path`: weights and plain values only, never code. key: what errors name."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise IcasError(f"{key}: {path}: no such file; accepted: a checkpoint written by torch.save") from None
    except Exception as error:  # damaged bytes raise nearly anything in torch.load
        reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise IcasError(
            f"{key}: {path}: not a checkpoint of weights ({reason}); accepted: what torch.save writes of a state_dict"
        ) from error
    if not isinstance(content, dict):
        raise IcasError(f"{key}: {path}: holds {type(content).__name__}; accepted: a state_dict")
    return content


def fit(module: nn.Module, state: Mapping[str, Any], path: Path | str, key: str = "deep.checkpoint") -> None:
    """Load a state_dict into `module`; IcasError names the first weight that does not fit."""
    own = module.state_dict()
    for name in own:
        if name not in state:
            raise IcasError(f"{key}: {path}: does not fit the model: it has no weights {name!r}")
    for name, value in state.items():
        if name not in own:
            raise IcasError(f"{key}: {path}: does not fit the model, which has no weights {name!r}")
        shape = tuple(getattr(value, "shape", ()))
        if shape != tuple(own[name].shape):
            raise IcasError(
                f"{key}: {path}: does not fit the model: {name!r} is {shape}, accepted: {tuple(own[name].shape)}"
            )
    module.load_state_dict(state)


def device_of(word: str) -> torch.device:
    """The device that `device` names: auto is the first GPU that CUDA offers, else the processor."""
    if word == "cpu" or (word == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise IcasError("device: found 'cuda', but torch sees no GPU here; accepted: auto or cpu")
    return torch.device("cuda")
