"""What each rule's jobs took in finished runs, next to what a cluster's profile asks for.

python -m workflow.measured results/photos [more outputs …] --profile profiles/slurm
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from icas_core.errors import IcasError
from icas_core.usage import read_usage

PROFILE = Path(__file__).parents[1] / "profiles" / "slurm"
_MIB = 1024 * 1024
HEADER = "| rule | jobs | most memory, MB | asked, MB | longest, s | asked, minutes |\n|---|---:|---:|---|---:|---|"


@dataclass(frozen=True)
class Measured:
    """The most of a rule's jobs: megabytes (2**20 bytes, as `mem_mb`) of the largest, seconds of the longest."""

    jobs: int
    megabytes: float
    seconds: float


def measured(outputs: Iterable[Path]) -> dict[str, Measured]:
    """What the jobs of each rule took in the runs into these folders; IcasError where one has no benchmarks."""
    found: dict[str, list[tuple[float, float]]] = {}
    for output in outputs:
        files = sorted((output / "benchmarks").glob("*/*.tsv"))
        if not files:
            raise IcasError(
                f"{output}: found no benchmarks/<rule>/*.tsv; accepted: the output folder of a finished run"
            )
        for file in files:
            found.setdefault(file.parent.name, []).extend(_jobs(file, output / "logs"))
    return {
        rule: Measured(len(jobs), max(megabytes for megabytes, _ in jobs), max(seconds for _, seconds in jobs))
        for rule, jobs in found.items()
        if jobs
    }


def _jobs(benchmark: Path, logs: Path) -> Iterator[tuple[float, float]]:
    """The megabytes and seconds that a benchmark file tells of, one line a job.

    Snakemake looks at a job's memory every half second only, so that of short jobs it sees next to nothing; the job's
    own log has the most that its process held at once.
    """
    told = read_usage(logs / benchmark.parent.name / f"{benchmark.stem}.log")
    least = told.megabytes * 1e6 / _MIB if told else 0.0
    with open(benchmark, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            yield max(_number(row["max_rss"]), least), _number(row["s"])


def _number(text: str) -> float:
    return 0.0 if text in ("NA", "-") else float(text)


def read_asked(profile: Path) -> dict[str, Mapping[str, Any]]:
    """What a profile asks for each rule; under `default` for all that have nothing of their own."""
    file = profile / "config.yaml"
    if not file.is_file():
        raise IcasError(f"--profile: {file}: no such file; accepted: a folder with a config.yaml, as {PROFILE}")
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {"default": written.get("default-resources", {}), **written.get("set-resources", {})}


def table(taken: Mapping[str, Measured], asked: Mapping[str, Mapping[str, Any]]) -> str:
    """A line for each rule (Markdown), what was measured beside what is asked for."""
    lines = [HEADER]
    for rule, most in sorted(taken.items(), key=lambda item: -item[1].megabytes):
        own = {**asked["default"], **asked.get(rule, {})}
        memory, runtime = own.get("mem_mb", ""), own.get("runtime", "")
        lines.append(
            f"| `{rule}` | {most.jobs} | {math.ceil(most.megabytes):,} | {memory} | {most.seconds:,.1f} | {runtime} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m workflow.measured", description=__doc__.partition("\n")[0])
    parser.add_argument("outputs", nargs="+", type=Path, help="output folders of finished runs")
    parser.add_argument("--profile", type=Path, default=PROFILE, help="the profile's folder (profiles/slurm)")
    given = parser.parse_args()
    try:
        print(table(measured(given.outputs), read_asked(given.profile)))
    except IcasError as error:
        sys.exit(f"icas: {error}")


if __name__ == "__main__":
    main()
