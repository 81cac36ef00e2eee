"""Let libraries do without what they would load only in case we use it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Hiding:
    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == self._name:
            raise ModuleNotFoundError(f"{name} is hidden for the moment", name=name)
        return None


@contextmanager
def absent(module: str) -> Iterator[None]:
    """Importing `module` fails as if it were not installed, unless it was imported before."""
    hiding = _Hiding(module)
    sys.meta_path.insert(0, hiding)
    try:
        yield
    finally:
        sys.meta_path.remove(hiding)


def leave_out(module: str) -> None:
    """From now on importing `module` fails in this process, unless it has been imported before."""
    sys.modules.setdefault(module, None)  # type: ignore[arg-type]  # as the import system documents it
