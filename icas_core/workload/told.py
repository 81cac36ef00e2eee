"""The estimate as text for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from icas_core.logs import duration
from icas_core.usage import Usage
from icas_core.workload.prediction import Plan, Stage
from icas_core.workload.sample import Costs

_HEAD = f"{'stage':<26}{'jobs':>7}{'pairs':>12}{'processor':>12}{'by the clock':>14}{'memory':>10}"


def told(plan: Plan, costs: Costs, stages: Sequence[Stage], used: Mapping[str, Usage]) -> str:
    """The prediction of each stage and in all, and beside it what a finished run `used`, if there is one."""
    measured = bool(used)
    lines = [
        f"{plan.pictures:,} pictures in {_many(len(plan.batches), 'batch', 'es')}, {_many(plan.cores, 'core', 's')}; "
        f"measured on {costs.pictures:,} of them.",
        "",
        _HEAD + (f"{'measured':>12}{'memory':>10}" if measured else ""),
    ]
    for stage in stages:
        line = _row(stage.name, stage.jobs, stage.pairs, stage.seconds, stage.clock, stage.megabytes)
        if measured and stage.name in used:
            line += f"{_time(used[stage.name].seconds):>12}{used[stage.name].megabytes:>7.0f} MB"
        lines.append(line)
    total = sum(stage.seconds for stage in stages)
    clock = sum(stage.clock for stage in stages)
    memory = max(stage.megabytes for stage in stages)
    lines.append(_row("in all", sum(s.jobs for s in stages), sum(s.pairs for s in stages), total, clock, memory))
    lines += ["", f"About {duration(clock)} on {plan.cores} cores, {duration(total)} of processor time."]
    return "\n".join([*lines, *_compared(stages, used)])


def _compared(stages: Sequence[Stage], used: Mapping[str, Usage]) -> list[str]:
    both = [stage for stage in stages if stage.name in used]
    if not both:
        return []
    predicted, measured = sum(stage.seconds for stage in both), sum(used[stage.name].seconds for stage in both)
    memory, most = max(stage.megabytes for stage in both), max(used[stage.name].megabytes for stage in both)
    return [
        f"The finished run's jobs used {duration(measured)} of processor time, predicted were {duration(predicted)} "
        f"({predicted / max(measured, 1e-9):.2f} times); and at most {most:,.0f} MB, predicted were {memory:,.0f} MB "
        f"({memory / max(most, 1):.2f} times)."
    ]


def _row(name: str, jobs: int, pairs: float, seconds: float, clock: float, megabytes: float) -> str:
    counted = f"{round(pairs):,}" if pairs else ""
    return f"{name:<26}{jobs:>7,}{counted:>12}{_time(seconds):>12}{_time(clock):>14}{megabytes:>7.0f} MB"


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 99.5 else duration(seconds)


def _many(count: int, what: str, plural: str) -> str:
    return f"{count:,} {what}{plural if count != 1 else ''}"
