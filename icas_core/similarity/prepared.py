"""Prepared features, kept while there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

KEPT_BYTES = 192 * 2**20


class PreparedStacks:
    """The latest prepared stacks, of KEPT_BYTES at most; threads may share it."""

    def __init__(self) -> None:
        self._stacks: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, Lock] = {}
        self._bytes = 0
        self._lock = Lock()

    def of(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The stack of this key, made unless it is kept; a thread waits for one that another is making."""
        with self._lock:
            making = self._making.setdefault(key, Lock())
        with making:
            with self._lock:
                if key in self._stacks:
                    self._stacks.move_to_end(key)
                    return self._stacks[key]
            made = make()
            with self._lock:
                if key not in self._stacks:
                    self._stacks[key] = made
                    self._bytes += _bytes(made)
                while self._bytes > KEPT_BYTES and len(self._stacks) > 1:
                    gone, stack = self._stacks.popitem(last=False)
                    self._bytes -= _bytes(stack)
                    # Who waits for this lock still holds it; who comes later makes the stack again.
                    self._making.pop(gone, None)
        return made


def _bytes(stack: Any) -> int:
    if isinstance(stack, list):
        return sum(feature.nbytes for feature in stack)
    return int(stack.nbytes)
