"""A row of the table of figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Row:
    """One figure: ours beside theirs, in one unit.

    ratio: how many times better ours is; None where there are not two numbers. error: the largest difference of ours
    from the library's number, None where none is compared. section: where the page shows it. preparation: whether
    making ready what comparing needs is in our time. cpu_ours, cpu_theirs: CPU seconds of one measurement of that many
    `pairs`. memory_ours, memory_theirs: peak MB of a process that does this alone.
    """

    name: str
    ours: float | None
    theirs: float | None
    ratio: float | None
    unit: str
    error: float | None = None
    section: str = ""
    preparation: str = ""
    pairs: int | None = None
    cpu_ours: float | None = None
    cpu_theirs: float | None = None
    memory_ours: float | None = None
    memory_theirs: float | None = None
    note: str = ""

    def content(self) -> dict[str, Any]:
        """The row as JSON holds it."""
        return asdict(self)


def with_memory(rows: Iterable[Row], ours: float | None, theirs: float | None) -> list[Row]:
    """The same rows with the peak memory of their group."""
    return [replace(row, memory_ours=ours, memory_theirs=theirs) for row in rows]
