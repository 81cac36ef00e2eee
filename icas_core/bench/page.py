"""Write the figures as a page."""

from __future__ import annotations

from collections.abc import Sequence

from icas_core.bench.rows import Row

_SECTIONS = {
    "kernels": "Comparing",
    "threads": "Two threads over one",
    "extraction": "Extraction",
    "errors": "Errors",
    "end to end": "End to end",
}
_HEAD = """# Benchmarks

Made by `make bench`{quick}; `make bench QUICK=1` measures the same rows in under three minutes. *Ours* and *theirs* are
medians over parts of the pictures, measured in turn on the same pairs; theirs is the library called for each pair. All
on one core unless said, in CPU seconds; the peak memory is that of a process that does nothing else.

{machine}

*Preparation*: making ready what comparing needs of each picture, which a run does once for many tiles. Where it is
counted, each of a tile's pictures was made ready for this one tile.
"""
_GROWTH = """
## Growth

![Pairs compared in full and CPU seconds over the number of pictures](images/growth.png)

Searches for edges at each method's own threshold, among parts of photographs. The dashed lines are every pair, and the
library called for each of them at its measured speed.

{table}
"""


def page_of(rows: Sequence[Row], points: Sequence[dict[str, float]], machine: str, notes: str, *, quick: bool) -> str:
    """The page as Markdown."""
    parts = [_HEAD.format(machine=machine, quick=" (this one: `QUICK=1`)" if quick else "")]
    for section, title in _SECTIONS.items():
        chosen = [row for row in rows if row.section == section]
        if chosen:
            parts.append(f"\n## {title}\n\n{_table(chosen)}\n")
    lines = [f"| {p['method']} | {p['pictures']:,} | {p['seconds']:.3g} | {p['compared']:,} |" for p in points]
    parts.append(
        _GROWTH.format(
            table="\n".join(["| method | pictures | CPU seconds | compared in full |", "|---|---|---|---|", *lines])
        )
    )
    return "".join([*parts, notes])


def _table(rows: Sequence[Row]) -> str:
    head = ["", "preparation", "ours", "theirs", "ratio", "unit", "error", "peak MB, ours / theirs"]
    lines = [" | ".join(_cells(row)) for row in rows]
    notes = sorted({f"{row.name}: {row.note}." for row in rows if row.note})
    table = "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {line} |" for line in lines)])
    return "\n".join([table, *(f"\n{note}" for note in notes)])


def _cells(row: Row) -> list[str]:
    memory = f"{_number(row.memory_ours)} / {_number(row.memory_theirs)}" if row.memory_ours else ""
    error = "" if row.error is None else f"{row.error:.1e}" if row.error else "0"
    ratio = "" if row.ratio is None else f"**{_number(row.ratio)}**"
    return [row.name, row.preparation, _number(row.ours), _number(row.theirs), ratio, row.unit, error, memory]


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
