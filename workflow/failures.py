"""Say at the very end, below Snakemake's own words, why a run did not finish."""

from __future__ import annotations

import atexit
import re
import sys
from pathlib import Path

_NAMED = 3
# A line that a job's log gives a level: see icas_core.logs.
_ERROR = re.compile(r"^[\d-]+ [\d:]+ ERROR (.+)$", re.MULTILINE)


def say_last(logs: Path, since: float) -> None:
    """When this process ends, say in lines what the jobs that failed since then (a time) have said in their logs."""
    atexit.register(_say, reasons(logs, since))


def reasons(logs: Path, since: float) -> list[str]:
    """The last error in each log below `logs` that was written since then; each reason once."""
    found = []
    for log in sorted(logs.glob("*/*.log")):
        if log.stat().st_mtime >= since and (
            errors := _ERROR.findall(log.read_text(encoding="utf-8", errors="replace"))
        ):
            found.append(errors[-1])
    return list(dict.fromkeys(found))


def _say(lines: list[str]) -> None:
    more = [f"{len(lines) - _NAMED} more jobs failed; their logs say why"] if len(lines) > _NAMED else []
    when = "once that is put right, the same command" if lines else "the same command again"
    for line in [*lines[:_NAMED], *more, f"not finished; {when} goes on where this run stopped"]:
        print(f"icas: {line}", file=sys.stderr)
