"""What the command lines of the core share: one line for a mistake, values as they are typed, JSON files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from icas_core.errors import IcasError
from icas_core.tables import written_atomically


class Parser(argparse.ArgumentParser):
    """A parser whose refusal is an IcasError."""

    def error(self, message: str) -> NoReturn:
        """Raise the IcasError."""
        raise IcasError(message)


def run(name: str, command: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """The command's exit code; 2 after one line on stderr that begins with `name` and tells what was wrong."""
    try:
        return command(arguments)
    except (IcasError, OSError) as error:
        print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


def number_or_text(text: str) -> int | float | str:
    """A typed value: a whole number, a number, or the text itself."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def typed_parameters(texts: Sequence[str], methods: Sequence[str], default: str = "") -> dict[str, dict[str, Any]]:
    """Each method's parameters out of `name=value`, of the method `default`, and `method.name=value`.

    IcasError for a text of neither form, or of none of these methods.
    """
    given: dict[str, dict[str, Any]] = {name: {} for name in methods}
    for text in texts:
        key, equals, value = text.partition("=")
        name, _, parameter = key.rpartition(".")
        name = name or default
        if not equals or name not in given:
            raise IcasError(f"parameter: found {text!r}; accepted: name=value, with several methods method.name=value")
        given[name][parameter] = number_or_text(value)
    return given


def write_json(path: str, content: Mapping[str, Any]) -> None:
    """Write `content` under `path` atomically, indented."""
    with written_atomically(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
