"""From what the user typed to a configuration that the schema accepts: normalise, judge in one line.

Pure functions: a value may come from a file or from the command line, as text, a list of texts, a whole number or a
number that is none.
"""

from __future__ import annotations

import difflib
import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from icas_core.errors import IcasError

SCHEMA = Path(__file__).parent / "schemas" / "config.schema.json"
_TEXT = {"images", "output", "folders", "annotations", "picker", "templates", "attentions", "segments", "masks"}
# Inside a section, what keeps its case: paths and names of classes.
_CASED = {"model", "checkpoint", "cache", "loss_model", "loss_checkpoint"}
# What YAML reads as a truth in a file.
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?\.?(nan|inf)", re.IGNORECASE)


def load_schema() -> dict[str, Any]:
    """The closed schema of the configuration."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def as_typed(config: Mapping[str, Any], entries: Iterable[str], files: Iterable[Path | str]) -> dict[str, Any]:
    """The configuration with its paths as the user typed them: `2024_01`, `007` and `1e3` are folders, not numbers.

    entries: what stands behind --config, as name=value, which outdoes `files`, the configuration files in the order in
    which they are read.
    """
    typed = dict(entry.split("=", 1) for entry in entries if "=" in entry)
    changed = [key for key in _TEXT if not isinstance(config.get(key), str)]
    written: dict[str, Any] = {}
    for file in files if changed else ():
        written.update(yaml.load(Path(file).read_text(encoding="utf-8"), yaml.BaseLoader) or {})  # noqa: S506 (texts only)
    texts = {key: written[key] for key in changed if isinstance(written.get(key), str)}
    return {**config, **texts, **{key: typed[key] for key in _TEXT if key in typed}}


def normalise(key: str, value: Any) -> Any:
    """The same value whether it came from a file or from the command line.

    Paths stay text, also when they look like a number; elsewhere words lose their case, numbers and truths written as
    text become numbers and truths, also inside lists and tables, and whole floats become ints.
    """
    if key in _TEXT or key in _CASED:
        return "" if value is None else os.path.expanduser(str(value))
    if isinstance(value, Mapping):
        if key == "classes":  # a class may have any name, also that of a key
            return {str(name): normalise("colour", item) for name, item in value.items()}
        return {str(name).lower(): normalise(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [normalise(key, item) for item in value]
    if isinstance(value, str):
        value = _from_text(value.strip().lower(), key)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def judge(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Normalise a configuration and raise IcasError, in one line, for the first key that is not right."""
    normal = {key: normalise(key, value) for key, value in config.items()}
    for key, value in normal.items():
        if key not in schema["properties"]:
            raise IcasError(_unknown(key, list(schema["properties"])))
        error = next(iter(Draft202012Validator(dict(schema)).iter_errors({key: value})), None)
        if error is not None or _has_nan(value):
            raise IcasError(_refusal(key, config[key], error, schema["properties"][key]))
    return normal


def _from_text(text: str, key: str) -> Any:
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _NUMBER.fullmatch(text):
        number = float(text.replace(".nan", "nan").replace(".inf", "inf"))
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else number
    return text.replace(" ", "") if key == "method" else text


def _has_nan(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_nan, value.values()))
    if isinstance(value, list):
        return any(map(_has_nan, value))
    return isinstance(value, float) and not math.isfinite(value)


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"accepted: {', '.join(known)}"
    return f"config key '{key}': there is no such key; {hint}"


def _refusal(key: str, given: Any, error: ValidationError | None, rule: Mapping[str, Any]) -> str:
    if error is not None and error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = list(error.schema.get("properties", {})) if isinstance(error.schema, Mapping) else []
        odd = next((name for name in error.instance if name not in known), None)
        if odd is not None:
            table = ".".join(map(str, error.absolute_path)) or key
            return _unknown(f"{table}.{odd}", [f"{table}.{name}" for name in known])
    shown = " ".join(repr(given).split())
    return f"config key '{key}': found {shown[:80]}; accepted: {rule['accepts']}"
