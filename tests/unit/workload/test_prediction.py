"""The prediction counts the jobs and pairs that a run has, and grows as it does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from icas_core.usage import Usage
from icas_core.workload.prediction import (
    AROUND_A_FORKED_JOB,
    AROUND_A_JOB,
    LOADING,
    Plan,
    Stage,
    held_by,
    predict,
)
from icas_core.workload.sample import Alike, Costs, MethodCosts
from icas_core.workload.told import told

METHOD = MethodCosts(picture=0.01, extracting=0.1, pair=1e-6, chosen=1e-5, start=0.3, bytes=600)


def costs(near: float = 0.0, far: float = 0.0, neighbours: float = 0.0) -> Costs:
    return Costs(
        pictures=384,
        methods={"ssim": METHOD},
        alike=Alike(near, neighbours, far),
        start=0.2,
        placing=0.001,
        placing_batch=0.001,
        showing=0.002,
        clustering=1e-5,
        clusters=0.2,
        memory=(100, 150, 250),
        readable=1.0,
    )


def plan(batches: int = 3, size: int = 1000, merge: str = "outliers", cores: int = 1) -> Plan:
    sizes = dict.fromkeys(range(1, batches + 1), size)
    return Plan(sizes, of_blocks=2, merge=merge, representative="medoid", placed_batches=True, cores=cores, main=1.0)


def stages(of: Plan, given: Costs) -> dict[str, Stage]:
    return {stage.name: stage for stage in predict(of, given)}


def test_within_batches_all_pairs_are_possible() -> None:
    assert stages(plan(), costs())["compare ssim"].pairs == 3 * 1000 * 999 / 2


@pytest.mark.parametrize(("merge", "each"), [("all", 1000), ("outliers", 1000), ("representatives", 0)])
def test_across_batches_the_pairs_are_those_of_the_pictures_that_take_part(merge: str, each: int) -> None:
    """Nothing is similar: all pictures are outliers, and no cluster has a representative."""
    across = stages(plan(merge=merge), costs())["compare_across ssim"]
    assert across.pairs == pytest.approx(3 * each**2)
    # Batches 1 and 3 are one block, batch 2 the other: within the first, and across both.
    assert across.jobs == 2


def test_without_a_merge_or_with_one_batch_nothing_is_compared_across() -> None:
    assert "compare_across ssim" not in stages(plan(merge="none"), costs())
    assert "compare_across ssim" not in stages(plan(batches=1), costs())


def test_the_more_are_alike_the_fewer_represent_a_batch() -> None:
    taking = [held_by(costs(near, far, near), 1000).representatives("outliers", 1000) for near, far in ALIKE]
    assert taking == sorted(taking, reverse=True)
    assert taking[0] == 1000
    assert held_by(costs(1.0, 0.0, 3.0), 1000).representatives("outliers", 1000) == pytest.approx(250)


ALIKE = [(0.0, 0.0), (0.5, 0.0), (0.5, 0.002), (0.9, 0.01)]


def test_more_cores_take_less_by_the_clock_and_as_much_processor_time() -> None:
    one, four = (predict(plan(cores=cores), costs()) for cores in (1, 4))
    assert sum(s.seconds for s in one) == pytest.approx(sum(s.seconds for s in four))
    assert sum(s.clock for s in four) < sum(s.clock for s in one)


def test_larger_batches_take_more_memory_up_to_what_is_kept_prepared() -> None:
    small, large = (stages(plan(size=size), costs())["compare ssim"].megabytes for size in (1000, 20_000))
    assert 250 < small < large < 250 + 192 + 2 * 20_000 * 600 / 1e6 + 1


def test_the_text_names_every_stage_and_the_error_where_a_run_is_finished() -> None:
    predicted = predict(plan(), costs())
    text = told(plan(), costs(), predicted, {})
    assert all(stage.name in text for stage in predicted)
    assert "measured on 384 of them" in text
    assert "finished" not in text
    text = told(plan(), costs(), predicted, {"extract ssim": Usage(60, 150)})
    assert "used 60 s of processor time, predicted were 31 s (0.52 times)" in text


def test_forked_jobs_cost_less_each_and_their_libraries_once() -> None:
    anew = stages(plan(batches=100), costs())
    forked = stages(replace(plan(batches=100), forked=True), costs())
    assert forked.pop("snakemake").seconds - anew.pop("snakemake").seconds == pytest.approx(LOADING)
    saved = {name: stage.seconds - forked[name].seconds for name, stage in anew.items()}
    each = AROUND_A_JOB - AROUND_A_FORKED_JOB
    assert saved == {name: pytest.approx(each * stage.jobs) for name, stage in anew.items()}
