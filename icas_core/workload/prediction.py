"""From what a sample costs to what a run costs: comparisons, seconds and memory, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import exp

from icas_core.workload.sample import Costs, MethodCosts

# Measured on small jobs, beside what a job's own process counts: the shell and the end of the process; the same of a
# forked job; and what the main process spends on planning, starting and recording a job.
AROUND_A_JOB = 0.10
AROUND_A_FORKED_JOB = 0.02
PLANNING_A_JOB = 0.03
# What the process that forks the jobs spends on loading their libraries.
LOADING = 0.4
# What is held at most of prepared features, whatever their number (see similarity.prepared).
_PREPARED = 192.0
_PAGE = 1000  # pictures on a page of the gallery, drawn before it is written
_THUMBNAIL = 0.02  # megabytes of a picture on that page: the thumbnail as text, and its share of the page
_ROW = 0.0006  # megabytes of a picture or an edge in the tables of the merge


@dataclass(frozen=True)
class Plan:
    """A run to predict.

    batches: number and pictures of each batch. cores: processors used at once. merge, representative: as the
    configuration says. placed_batches: whether batches get folders. main: processor seconds of planning so far. forked:
    whether the jobs are forked from one process, or each starts anew.
    """

    batches: Mapping[int, int]
    of_blocks: int
    merge: str
    representative: str
    placed_batches: bool
    cores: int
    main: float
    forked: bool = False

    @property
    def around(self) -> float:
        """Processor seconds of a job beside those that it counts."""
        return AROUND_A_FORKED_JOB if self.forked else AROUND_A_JOB

    @property
    def pictures(self) -> int:
        """In all batches."""
        return sum(self.batches.values())


@dataclass(frozen=True)
class Stage:
    """A stage: its jobs, the pairs they may have to compare, seconds of processor time and by the clock, megabytes.

    megabytes: 10**6 bytes, of its largest job.
    """

    name: str
    jobs: int
    pairs: float
    seconds: float
    clock: float
    megabytes: float


@dataclass(frozen=True)
class Held:
    """What a batch is expected to hold: clusters, outliers, and how many pictures a cluster has."""

    clusters: float
    outliers: float
    members: float

    def representatives(self, merge: str, pictures: float) -> float:
        """How many pictures of the batch take part in the merge."""
        counts = {"none": 0.0, "representatives": self.clusters, "outliers": self.clusters + self.outliers}
        return pictures if merge == "all" else min(counts[merge], pictures)


def held_by(costs: Costs, pictures: float) -> Held:
    """What a batch of so many pictures holds, if its pairs are similar as often as the sample's."""
    alike = costs.alike
    outliers = pictures * (1 - alike.near) * exp(-alike.far * pictures)
    members = max(2.0, 1 + alike.neighbours + alike.far * pictures)
    return Held((pictures - outliers) / members, outliers, members)


def predict(plan: Plan, costs: Costs) -> list[Stage]:
    """Every stage of a run from nothing, in order; the main process, which plans, last."""
    read = {number: pictures * costs.readable for number, pictures in plan.batches.items()}
    held = {number: held_by(costs, pictures) for number, pictures in read.items()}
    taking = {number: held[number].representatives(plan.merge, read[number]) for number in read}
    stages = [_each(plan, "split", costs)]
    for name, method in costs.methods.items():
        stages.append(_each(plan, f"extract {name}", costs, method.picture, method.extracting, kind=1))
        stages.append(_compare(plan, f"compare {name}", costs, method, list(read.values())))
        if plan.merge != "none" and len(read) > 1:
            stages.append(_across(plan, f"compare_across {name}", costs, method, taking))
    stages.append(_cluster(plan, costs, list(held.values())))
    stages.append(_each(plan, "represent", costs))
    if plan.placed_batches:
        stages.append(_each(plan, "place_batch", costs, costs.placing_batch))
    stages.append(_merge(plan, costs))
    stages.append(_one(plan, "place", costs, costs.placing, costs.memory[0] + plan.pictures * _ROW))
    shown = costs.memory[0] + min(plan.pictures, _PAGE) * _THUMBNAIL * 3 + plan.pictures * _ROW
    stages.append(_one(plan, "gallery", costs, costs.showing, shown))
    jobs = sum(stage.jobs for stage in stages)
    planning = plan.main + jobs * PLANNING_A_JOB + plan.forked * LOADING
    return [*stages, Stage("snakemake", 1, 0, planning, planning, costs.memory[0] * 2)]


def _each(plan: Plan, name: str, costs: Costs, picture: float = 0.0, start: float = 0.0, kind: int = 0) -> Stage:
    """A stage with a job for each batch, which costs so much a picture."""
    jobs = [costs.start + plan.around + start + pictures * picture for pictures in plan.batches.values()]
    return Stage(name, len(jobs), 0, sum(jobs), _clock(jobs, plan.cores), costs.memory[kind])


def _compare(plan: Plan, name: str, costs: Costs, method: MethodCosts, sizes: Sequence[float]) -> Stage:
    pairs = [size * (size - 1) / 2 for size in sizes]
    return _pairs(plan, name, costs, method, pairs, max(sizes, default=0))


def _across(plan: Plan, name: str, costs: Costs, method: MethodCosts, taking: Mapping[int, float]) -> Stage:
    blocks: dict[int, list[float]] = {}
    for number, pictures in taking.items():
        blocks.setdefault(number % plan.of_blocks, []).append(pictures)
    pairs, largest = [], 0.0
    for i, j in combinations_with_replacement(sorted(blocks), 2):
        if i != j:
            pairs.append(sum(blocks[i]) * sum(blocks[j]))
            largest = max(largest, sum(blocks[i]) + sum(blocks[j]))
        elif len(blocks[i]) > 1:
            pairs.append((sum(blocks[i]) ** 2 - sum(size**2 for size in blocks[i])) / 2)
    return _pairs(plan, name, costs, method, pairs, largest)


def _pairs(plan: Plan, name: str, costs: Costs, method: MethodCosts, pairs: Sequence[float], largest: float) -> Stage:
    """A stage with a job for each number of pairs; the largest job holds the features of `largest` pictures."""
    sampled = [min(count, max(1_000, min(20_000, count / 50))) for count in pairs]
    begin = costs.start + plan.around + method.start
    jobs = [begin + count * method.pair + sample * method.chosen for count, sample in zip(pairs, sampled, strict=True)]
    features = largest * method.bytes / 1e6
    # Once as read, once joined, and prepared, of which no more is kept than fits.
    memory = costs.memory[2] + 2 * features + min(_PREPARED, 8 * features)
    return Stage(name, len(jobs), sum(pairs), sum(jobs), _clock(jobs, plan.cores), memory)


def _cluster(plan: Plan, costs: Costs, held: Sequence[Held]) -> Stage:
    chosen = sum(method.chosen for method in costs.methods.values())
    loading = sum(method.start for method in costs.methods.values())
    jobs = []
    for pictures, batch in zip(plan.batches.values(), held, strict=True):
        seconds = costs.start + plan.around + costs.clusters + pictures * costs.clustering
        if batch.clusters:
            # Each member with the representative; of two members the first is that, of more all pairs are looked at.
            among = batch.members / 2 if plan.representative == "medoid" and batch.members > 2 else 0
            seconds += loading + batch.clusters * (batch.members - 1) * (1 + among) * chosen
        jobs.append(seconds)
    return Stage("cluster", len(jobs), 0, sum(jobs), _clock(jobs, plan.cores), costs.memory[2])


def _merge(plan: Plan, costs: Costs) -> Stage:
    chosen = sum(method.chosen for method in costs.methods.values())
    members = held_by(costs, plan.pictures).members
    seconds = costs.start + plan.around + plan.pictures * costs.clustering
    if len(plan.batches) > 1 and plan.merge != "none":
        # As if every cluster were joined across batches: only those that are compare again.
        compared = plan.pictures * (1 + (members - 1) / 2 * (plan.representative == "medoid")) * chosen
        seconds += costs.clusters + sum(method.start for method in costs.methods.values()) + compared
    # Features are read for the pictures of clusters only, of one method at a time.
    features = max(method.bytes for method in costs.methods.values()) * plan.pictures / 1e6
    memory = costs.memory[2] + plan.pictures * _ROW + 2 * features
    return Stage("merge", 1, 0, seconds, seconds, memory)


def _one(plan: Plan, name: str, costs: Costs, picture: float, memory: float) -> Stage:
    """A stage of one job that costs so much a picture."""
    seconds = costs.start + plan.around + plan.pictures * picture
    return Stage(name, 1, 0, seconds, seconds, memory)


def _clock(jobs: Sequence[float], cores: int) -> float:
    """Seconds by the clock of jobs that run side by side; few jobs are given several threads each."""
    return sum(jobs) / max(1, cores) if jobs else 0.0
