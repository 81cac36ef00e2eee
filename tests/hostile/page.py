"""Write what became of the hostile files into a page: `python -m tests.hostile.page docs/hostile.md`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from icas_core.limits import MAX_ENTRIES, MAX_PIXELS, MAX_SECONDS, MAX_SIDE
from tests.hostile.attempt import Attempt, attempt
from tests.hostile.trial import Outcome

_LARGE = 17_000  # 289 million pixels: just below the limit
_COLUMNS = ("tried", "read", "rejected", "left out", "crashed", "hung")


def main(page: str) -> None:
    """Try all files at their largest and write the page."""
    with TemporaryDirectory(prefix="icas-hostile-") as folder:
        found = attempt(Path(folder), large=_LARGE, limit=MAX_SECONDS)
        Path(page).write_text(written(found), encoding="utf-8")


def written(found: Attempt) -> str:
    """The page's text."""
    total = sum(found.table().values(), start=type(next(iter(found.table().values())))())
    rows = [*found.table().items(), ("**all**", total)]
    worst = sorted(found.outcomes.values(), key=lambda outcome: -outcome.megabytes)[:5]
    slowest = sorted(found.outcomes.values(), key=lambda outcome: -outcome.seconds)[:5]
    browser = "was not opened: no browser here" if found.shown is None else f"asked for nothing but {_asked(found)}"
    lines = [
        "# Hostile files",
        "",
        f"{total['tried']} broken and malicious files, the same ones every time (`tests/hostile/pictures.py`), are",
        "read each by itself in a process of its own, then all in one run of the workflow, whose gallery is opened in",
        "a browser. `python -m tests.hostile.page docs/hostile.md` writes this page; `make test` does the same with",
        "smaller bombs.",
        "",
        f"| kind | {' | '.join(_COLUMNS)} |",
        f"|---|{'---:|' * len(_COLUMNS)}",
        *(f"| {kind} | {' | '.join(str(counts[column]) for column in _COLUMNS)} |" for kind, counts in rows),
        "",
        "*read*: what a decoder makes pixels of, though it may be half a picture. *left out*: no files to a scan",
        "(folders, links to folders, FIFOs, sockets, devices, hidden names). *hung*: 30 s more than the limit of time.",
        "",
        f"**Escaped: {len(found.escaped)}**, looking for: a file outside the output changed, made or deleted; a",
        "command in a name or a file executed; by the gallery a script run or an address elsewhere asked for.",
        f"It {browser}.",
        "",
        f"The run {'ended well' if found.run.ok else 'FAILED'}, every listed file clustered or rejected; its largest",
        f"job used {found.used.megabytes:,.0f} MB, all of its jobs {found.used.seconds:,.0f} s of processor time.",
        "",
        f"**Limits of one picture**: {MAX_PIXELS:,} pixels, {MAX_SIDE:,} a side, {MAX_SECONDS:g} s of processor time",
        "(looked at whenever the decoder asks for more of the file), in a TIFF tables of",
        f"{MAX_ENTRIES:,} entries. Of pictures above 50 million pixels a process decodes one at a time. Frames",
        "and pages after the first are not decoded.",
        "",
        "| most memory | MB |   | longest | CPU-s |",
        "|---|---:|---|---|---:|",
        *(_row(*pair) for pair in zip(worst, slowest, strict=True)),
        "",
        "Tables are parquet, CSV and JSON, arrays are read with `allow_pickle=False` and checkpoints with",
        "`weights_only=True`: nothing that is read can bring code along. The choice of a threshold and the table of",
        "classes are YAML, read by its safe loader.",
        "",
        "The readers were also fuzzed, guided by coverage (`tests/hostile/fuzz.py` says how).",
        "",
    ]
    return "\n".join(lines)


def _row(worst: Outcome, slowest: Outcome) -> str:
    memory = f"{_shown(worst.name)} ({worst.became}) | {worst.megabytes:,.0f}"
    return f"| {memory} |   | {_shown(slowest.name)} ({slowest.became}) | {slowest.seconds:.1f} |"


def _asked(found: Attempt) -> str:
    count = len(found.shown.requests) if found.shown else 0
    return f"files of its own result and pictures ({count} requests)"


def _shown(name: str) -> str:
    return f"`{name.rsplit('/', 1)[-1][:40]}`"


if __name__ == "__main__":
    main(*sys.argv[1:])
