"""The defaults are the same wherever they are shown: the schema, config.yaml and the methods themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import validate

from icas_core.errors import IcasError
from icas_core.segmentation.registry import SEGMENTERS
from icas_core.similarity.registry import METHODS
from workflow.judging import SCHEMA, load_schema

ROOT = Path(__file__).parents[2]
SCHEMA_OF = load_schema()["properties"]


def defaults_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Each property's default, sections spelt out."""
    return {
        key: defaults_of(rule) if rule.get("type") == "object" else rule["default"]
        for key, rule in schema["properties"].items()
    }


def test_config_yaml_shows_the_defaults_of_the_schema_in_its_order() -> None:
    shown = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    assert shown == defaults_of(load_schema())
    assert list(shown) == list(SCHEMA_OF)


def test_an_empty_configuration_is_filled_with_the_same_defaults() -> None:
    config: dict[str, Any] = {}
    validate(config, str(SCHEMA))
    assert config == defaults_of(load_schema())


def test_a_section_for_each_method_with_parameters_holds_its_own_defaults() -> None:
    sections = {name: defaults_of(rule) for name, rule in SCHEMA_OF.items() if rule.get("type") == "object"}
    del sections["deep"]
    assert sections == {
        name: dict(method.parameters) for name, method in {**METHODS, **SEGMENTERS}.items() if method.parameters
    }


@pytest.mark.parametrize("method", METHODS)
def test_a_method_accepts_what_its_section_accepts(method: str) -> None:
    section = SCHEMA_OF.get(method, {"properties": {}})["properties"]
    for name, rule in section.items():
        for value in rule.get("enum", [rule["default"]]):
            assert METHODS[method].settled({name: value})[name] == value


@pytest.mark.parametrize("name", SEGMENTERS)
def test_a_segmenter_accepts_what_its_section_accepts_and_no_more(name: str) -> None:
    segmenter = SEGMENTERS[name]
    for parameter, rule in SCHEMA_OF[name]["properties"].items():
        assert rule.get("enum") == (list(segmenter.choices[parameter]) if "enum" in rule else None)
        for end, beyond in (("minimum", -1), ("maximum", 1)):
            if end in rule:
                assert segmenter.settled({parameter: rule[end]})[parameter] == rule[end]
                with pytest.raises(IcasError, match=f"{name}.{parameter}: found"):
                    segmenter.settled({parameter: rule[end] + beyond})
    assert SCHEMA_OF["segment_method"]["enum"] == list(SEGMENTERS)


def test_the_schema_knows_every_method_and_no_other() -> None:
    names = SCHEMA_OF["method"]["pattern"].split("(")[2].split(")")[0].split("|")
    assert sorted(names) == sorted(METHODS)
    for key in ("threshold", "size"):
        table = next(rule for rule in SCHEMA_OF[key]["anyOf"] if rule.get("type") == "object")
        assert sorted(table["properties"]) == sorted(METHODS)


def test_every_key_says_what_it_is_and_what_it_accepts() -> None:
    for key, rule in SCHEMA_OF.items():
        assert rule["description"], key
        assert rule["accepts"], key
