"""The threshold that a person chooses: asked for in a window, and kept in a file of the person's own.

It is no rule's output, which Snakemake would delete, and no rule's input: what it says goes into the jobs' params.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from icas_core.errors import IcasError
from icas_core.similarity.registry import method_of
from icas_core.tables import written_atomically
from icas_core.threshold.sample import read_sample, sampled, write_sample
from workflow.settings import Settings

_HEAD = """\
# The threshold of {method}, as chosen in the window (the curve: {method}.png, its numbers: {method}.csv, its pictures:
# sample.csv). Change the number and run again. Delete this file to choose again.
"""
# What Snakemake can be asked for that runs no job.
_NO_RUN = (
    *("dryrun", "touch", "lint", "list_target_rules", "list_rules", "print_compilation", "containerize"),
    *("generate_unit_tests", "dag", "rulegraph", "filegraph", "d3dag", "unlock", "cleanup_metadata", "report"),
    *("conda_cleanup_envs", "conda_create_envs_only", "list_conda_envs", "cleanup_shadow", "list_changes"),
    *("container_cleanup_images", "list_input_changes", "list_params_changes", "list_untracked", "summary"),
    *("detailed_summary", "archive", "delete_all_output", "delete_temp_output"),
)


def settle(settings: Settings, paths: Callable[[], Sequence[str]], *, ask: bool, cores: int) -> Settings:
    """The settings with the chosen thresholds; those that are not chosen yet are asked for, or stay the defaults.

    paths: gives all pictures, in path order. Raises IcasError where nothing is chosen, or a file is malformed.
    """
    chosen = {}
    for method in settings.interactive:
        file = choice_file(settings, method)
        threshold = read_choice(file, chosen_for(settings, method))
        if threshold is None and ask:
            threshold = _ask(settings, method, paths(), cores)
            write_choice(file, method, threshold, chosen_for(settings, method))
            print(f"icas: threshold of {method}: {threshold:g}, kept in {file}", file=sys.stderr)
        if threshold is not None:
            chosen[method] = threshold
    return replace(settings, thresholds={**settings.thresholds, **chosen})


def unchosen(settings: Settings) -> list[str]:
    """The methods whose threshold a person has yet to choose."""
    return [
        method
        for method in settings.interactive
        if read_choice(choice_file(settings, method), chosen_for(settings, method)) is None
    ]


def choice_file(settings: Settings, method: str) -> Path:
    """The file that keeps what was chosen for a method."""
    return settings.output / "threshold" / f"{method}.yaml"


def chosen_for(settings: Settings, method: str) -> dict[str, Any]:
    """What a threshold depends on: with another of these it means something else."""
    stage = settings.extract(method)
    names = ("model", "size", "variants", "parameters")
    kept = {name: stage[name] for name in names if name in stage}
    return json.loads(json.dumps(kept))


def read_choice(file: Path, wanted: Mapping[str, Any]) -> float | None:
    """The threshold in a file; None where there is none, or it was chosen for something else.

    IcasError where the file holds anything but `threshold` and, if it likes, `chosen_for`.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _malformed(file, type(error).__name__) from None
    if not isinstance(content, dict):
        raise _malformed(file, "nothing" if content is None else repr(content))
    odd = next((key for key in content if key not in ("threshold", "chosen_for")), None)
    if odd is not None:
        raise _malformed(file, repr(odd))
    threshold = content.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise _malformed(file, f"threshold: {threshold!r}")
    return float(threshold) if content.get("chosen_for", wanted) == wanted else None


def write_choice(file: Path, method: str, threshold: float, wanted: Mapping[str, Any]) -> None:
    """Keep what was chosen."""
    with written_atomically(file, "w", encoding="utf-8") as lines:
        lines.write(_HEAD.format(method=method))
        lines.write(f"threshold: {threshold:g}\n")
        yaml.safe_dump({"chosen_for": dict(wanted)}, lines, default_flow_style=None, sort_keys=False)


def runs_jobs(arguments: Sequence[str]) -> bool:
    """Whether this command of Snakemake's runs jobs, so that a person may be asked something."""
    from snakemake.cli import get_argument_parser

    try:
        given = vars(get_argument_parser().parse_known_args(list(arguments))[0])
    except SystemExit:
        return False
    return not any(given.get(name) for name in _NO_RUN)


def as_config(typed: Sequence[str] | None, settings: Settings) -> list[str]:
    """What stands behind --config, for the jobs: with numbers, so that no job looks at a file that may change."""
    kept = [entry for entry in typed or () if entry.partition("=")[0] != "threshold"]
    return [*kept, f"threshold={json.dumps(settings.thresholds)}"]


def _ask(settings: Settings, method: str, paths: Sequence[str], cores: int) -> float:
    folder = settings.output / "threshold"
    kept = read_sample(folder / "sample.csv")
    places = sampled(paths, settings.config["threshold_sample"], kept)
    if len(places) < 2:
        raise IcasError(f"config key 'threshold': found interactive with {len(paths)} picture; accepted: a number")
    write_sample([paths[place] for place in places], folder / "sample.csv")
    print(f"icas: comparing {len(places)} of {len(paths)} pictures by {method}; then a window opens", file=sys.stderr)
    answer = _answer(
        {
            "images": str(settings.images),
            "folder": len(paths),
            "paths": [paths[place] for place in places],
            "places": places,
            "method": method,
            "extract": _extract(settings, method),
            "parameters": settings.compare(method)["parameters"] if method != "embedding" else {},
            "default": method_of(method).default_threshold,
            "curve": str(folder / method),
            "threads": cores,
        }
    )
    if answer.get("no_screen"):
        file = choice_file(settings, method)
        raise IcasError(
            f"config key 'threshold': found interactive, but {answer['no_screen']}. Two other ways: set 'threshold' to "
            f"a number (the default of {method} is {method_of(method).default_threshold:g}), or write "
            f"'threshold: <number>' into {file}. The curve: {folder / method}.png, its numbers: {folder / method}.csv"
        )
    if answer.get("error"):
        raise IcasError(answer["error"])
    if answer["threshold"] is None:
        raise IcasError("no threshold was chosen, nothing was run; run again, or set 'threshold' to a number")
    return float(answer["threshold"])


def _answer(job: Mapping[str, Any]) -> dict[str, Any]:
    """What a process of its own answers: a screen that cannot be reached ends the one that opens the window."""
    done = subprocess.run(
        [sys.executable, "-m", "icas_core.threshold"], input=json.dumps(job), capture_output=True, text=True
    )
    if done.returncode == -signal.SIGABRT and Path(f"{job['curve']}.png").exists():
        return {"no_screen": "the window could not be opened (is DISPLAY right?)"}
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise IcasError(f"threshold: the window ended with exit code {done.returncode}, see above")
    return json.loads(done.stdout)


def _extract(settings: Settings, method: str) -> dict[str, Any]:
    stage = settings.comparing()["extract"][method]
    if method == "embedding" and settings.trains:
        trained = settings.output / "train/model.pt"
        if not trained.exists():
            raise IcasError(
                "config key 'threshold': found interactive, but the deep model has yet to learn; accepted at first: "
                "default or a number"
            )
        stage["deep"]["checkpoint"] = str(trained)
    return stage


def _malformed(file: Path, found: str) -> IcasError:
    shown = " ".join(found.split())[:80]
    return IcasError(f"{file}: found {shown}; accepted: threshold: a number from 0 to 1; deleting it asks again")
