"""The file that keeps a chosen threshold: read, written, edited by hand, and told to the jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.cli import parse_config

from icas_core.errors import IcasError
from workflow.choosing import (
    as_config,
    choice_file,
    chosen_for,
    read_choice,
    runs_jobs,
    settle,
    unchosen,
    write_choice,
)
from workflow.judging import judge, load_schema
from workflow.settings import Settings, derive

FOR = {"size": [16, 16], "variants": "none", "parameters": {}}
DEFAULTS = Path(__file__).parents[2] / "config" / "config.yaml"


def settings_of(folder: Path, **keys: Any) -> Settings:
    (folder / "pictures").mkdir(exist_ok=True)
    config = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    places = {"images": str(folder / "pictures"), "output": str(folder / "out")}
    return derive(judge({**config, **places, "threshold": "interactive", **keys}, load_schema()))


def never() -> list[str]:
    raise AssertionError("nobody was to be asked")


def test_what_was_chosen_comes_back(tmp_path: Path) -> None:
    write_choice(tmp_path / "t" / "ssim.yaml", "ssim", 0.612, FOR)
    assert read_choice(tmp_path / "t" / "ssim.yaml", FOR) == 0.612
    assert read_choice(tmp_path / "t" / "orb.yaml", FOR) is None


def test_a_number_alone_holds_for_whatever_is_compared(tmp_path: Path) -> None:
    (tmp_path / "ssim.yaml").write_text("threshold: 1")
    assert read_choice(tmp_path / "ssim.yaml", FOR) == 1.0


@pytest.mark.parametrize("changed", [{"size": [32, 32]}, {"variants": "mirror"}, {"parameters": {"cell": 2}}])
def test_what_was_chosen_for_something_else_does_not_hold(changed: dict[str, Any], tmp_path: Path) -> None:
    write_choice(tmp_path / "ssim.yaml", "ssim", 0.5, FOR)
    assert read_choice(tmp_path / "ssim.yaml", {**FOR, **changed}) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "nothing"),
        ("0.5", "0.5"),
        ("threshold:", "threshold: None"),
        ("threshold: high", "threshold: 'high'"),
        ("threshold: 1.5", "threshold: 1.5"),
        ("threshold: -0.1", "threshold: -0.1"),
        ("threshold: .nan", "threshold: nan"),
        ("threshold: true", "threshold: True"),
        ("threshold: [0.5]", "threshold: [0.5]"),
        ("treshold: 0.5", "'treshold'"),
        ("threshold: 0.5\nfloor: 0.1", "'floor'"),
        ("threshold: 0.5: 1", "ScannerError"),
        ("- !!python/object/apply:os.system ['touch /tmp/x']", "ConstructorError"),
        ("threshold: 0.5\0", "ReaderError"),
    ],
)
def test_a_malformed_file_is_one_line_that_names_it(text: str, found: str, tmp_path: Path) -> None:
    file = tmp_path / "ssim.yaml"
    file.write_text(text)
    with pytest.raises(IcasError) as refused:
        read_choice(file, FOR)
    assert str(refused.value).startswith(f"{file}: found {found}; accepted: threshold: a number from 0 to 1")
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "ssim.yaml").write_bytes(b"threshold: \xff")
    with pytest.raises(IcasError, match="UnicodeDecodeError"):
        read_choice(tmp_path / "ssim.yaml", FOR)


def test_the_settings_take_what_was_chosen_and_nobody_is_asked(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, method="ssim+orb")
    assert settings.interactive == ("ssim", "orb")
    for method, threshold in (("ssim", 0.55), ("orb", 0.25)):
        write_choice(choice_file(settings, method), method, threshold, chosen_for(settings, method))
    assert unchosen(settings) == []
    settled = settle(settings, never, ask=True, cores=1)
    assert settled.thresholds == {"ssim": 0.55, "orb": 0.25}
    assert settled.cluster()["thresholds"] == {"ssim": 0.55, "orb": 0.25}
    assert settled.compare("ssim")["threshold"] == 0.55


def test_in_a_table_only_the_interactive_ones_are_chosen(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, method="ssim&orb", threshold={"ssim": 0.7, "orb": "interactive"})
    assert settings.interactive == ("orb",)
    write_choice(choice_file(settings, "orb"), "orb", 0.1, chosen_for(settings, "orb"))
    assert settle(settings, never, ask=True, cores=1).thresholds == {"ssim": 0.7, "orb": 0.1}


def test_without_asking_the_defaults_hold_where_nothing_is_chosen(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert unchosen(settings) == ["ssim"]
    assert settle(settings, never, ask=False, cores=1) == settings_of(tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("changed", [{"size": [30, 30]}, {"variants": "mirror"}, {"method": "tm"}])
def test_another_method_or_size_is_to_be_chosen_anew(changed: dict[str, Any], tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    write_choice(choice_file(settings, "ssim"), "ssim", 0.5, chosen_for(settings, "ssim"))
    assert unchosen(settings) == []
    assert unchosen(settings_of(tmp_path, **changed)) == [changed.get("method", "ssim")]


def test_a_sample_of_one_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IcasError, match="interactive with 1 picture"):
        settle(settings_of(tmp_path), lambda: ["a.jpg"], ask=True, cores=1)


def test_the_deep_method_has_no_threshold_to_choose(tmp_path: Path) -> None:
    assert settings_of(tmp_path, method="deep").interactive == ()


def test_jobs_are_told_numbers_in_place_of_the_word(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, method="ssim&orb")
    told = as_config(["images=a b", "threshold=interactive", "threshold_sample=9"], settings)
    config = parse_config(told)
    assert config["images"] == "a b"
    assert config["threshold_sample"] == 9
    assert judge(config, load_schema())["threshold"] == settings.thresholds


@pytest.mark.parametrize("typed", ["", "all", "--cores 2 --config threshold=interactive", "-j2 -k", "move_images"])
def test_a_command_that_runs_jobs_may_ask(typed: str) -> None:
    assert runs_jobs(typed.split())


@pytest.mark.parametrize(
    "typed", ["-n", "-np", "--dry-run", "--lint", "--unlock", "--dag", "--summary", "-t", "--list"]
)
def test_a_command_that_runs_none_may_not(typed: str) -> None:
    assert not runs_jobs(["--cores", "2", *typed.split()])
