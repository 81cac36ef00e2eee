"""A module of the user's own, from a file of Python."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from torch import nn

from icas_core.errors import IcasError


def own_module(file: Path, name: str, *, methods: tuple[str, ...], key: str) -> nn.Module:
    """An instance of the class `name` in `file`, made without arguments.

    methods: what the class must define beside being a torch.nn.Module. key: the config key that errors name.
    """
    spec = importlib.util.spec_from_file_location(f"icas_own_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise IcasError(f"{key}: {file}: no such file; accepted: path/to/file.py:ClassName")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise IcasError(f"{key}: {file}: cannot be run ({_in_short(error)})") from error
    kind = getattr(module, name, None)
    if not isinstance(kind, type) or not issubclass(kind, nn.Module):
        raise IcasError(
            f"{key}: {file}: found no torch.nn.Module {name!r}; accepted: {_modules(module) or 'none here'}"
        )
    for method in methods:
        if getattr(kind, method, None) in (None, getattr(nn.Module, method, None)):
            raise IcasError(
                f"{key}: {file}: {name} defines no {method}; accepted: a module with {' and '.join(methods)}"
            )
    try:
        return kind()
    except Exception as error:
        raise IcasError(f"{key}: {file}: {name}() failed ({_in_short(error)}); it must need no arguments") from error


def _modules(module: Any) -> str:
    kinds = (name for name, one in vars(module).items() if isinstance(one, type) and issubclass(one, nn.Module))
    return ", ".join(sorted(kinds))


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:160]
