"""What the jobs of a finished run used, from their logs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from icas_core.usage import Usage, added, read_usage

_OF_BATCHES = ("split", "cluster", "represent", "place_batch")
_OF_METHODS = ("extract", "compare", "compare_across")
_ALONE = ("merge", "place", "gallery")


def used_by(output: Path | str, methods: Iterable[str], batches: Iterable[str], *, of_blocks: int) -> dict[str, Usage]:
    """What each stage of the run into `output` used; a stage whose jobs did not all leave their logs is left out.

    of_blocks: how many blocks the batches were joined to.
    """
    logs = Path(output) / "logs"
    if not (Path(output) / "summary.json").exists():
        return {}
    names = list(batches)
    files = {stage: [logs / stage / f"{name}.log" for name in names] for stage in _OF_BATCHES}
    files |= {stage: [logs / stage / "all.log"] for stage in _ALONE}
    for method in methods:
        for stage in _OF_METHODS[:2]:
            rule = "extract_deep" if (stage, method) == ("extract", "embedding") else stage
            files[f"{stage} {method}"] = [logs / rule / f"{method}.{name}.log" for name in names]
        files[f"compare_across {method}"] = sorted((logs / "compare_across").glob(f"{method}.*_of_{of_blocks}.log"))
    found = {}
    for stage, each in files.items():
        usages = [usage for file in each if (usage := read_usage(file)) is not None]
        if usages and len(usages) == len(each):
            found[stage] = added(usages)
    return found
