"""Named parameters: the given ones laid over the defaults, each checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from icas_core.errors import IcasError


def settled_parameters(
    of: str,
    defaults: Mapping[str, Any],
    given: Mapping[str, Any] | None = None,
    *,
    choices: Mapping[str, tuple[str, ...]] | None = None,
    limits: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, Any]:
    """The defaults with the `given` parameters over them, each of its default's type.

    of: what has these parameters, for the messages. choices: the accepted words of those that are words; a word
    without choices is any text. limits: the least and the greatest accepted number; without them a number is above 0.
    Raises IcasError naming a parameter that is unknown or has no such value.
    """
    settled = dict(defaults)
    for name, value in (given or {}).items():
        if name not in settled:
            raise IcasError(f"{of}.{name}: no such parameter; accepted: {', '.join(settled) or 'none'}")
        accepted = _refused(value, defaults[name], (choices or {}).get(name), (limits or {}).get(name))
        if accepted is not None:
            raise IcasError(f"{of}.{name}: found {value!r}; accepted: {accepted}")
        settled[name] = type(defaults[name])(value)
    return settled


def _refused(value: Any, default: Any, words: tuple[str, ...] | None, limits: tuple[float, float] | None) -> str | None:
    """What would be accepted instead of this value; None where it is accepted."""
    if words is not None:
        return None if value in words else ", ".join(words)
    if isinstance(default, str):
        return None if isinstance(value, str) else "a text"
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    kind = type(default)
    least, most = limits or (0, math.inf)
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if number and kind(value) == value and least <= value <= most and (limits is not None or value > 0):
        return None
    if limits is None:
        return f"a {kind.__name__} above 0"
    kind_of = "a whole number" if kind is int else "a number"
    return f"{kind_of} from {least:g}" + (f" to {most:g}" if most < math.inf else "")
