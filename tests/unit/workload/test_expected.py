"""The expected number of comparisons is what a simulation of drawn batches counts on average."""

from __future__ import annotations

import numpy as np
import pytest

from icas_core.workload.expected import Class, batch_of, batch_sizes, expected_comparisons


def simulated(classes: list[Class], size: int, rounds: int) -> dict[str, float]:
    """Draw batches of `size` pictures, and count in each, picture by picture, what the formula names."""
    random = np.random.default_rng(0)
    kind = np.concatenate([np.full(one.pictures, number) for number, one in enumerate(classes)])
    alike = np.concatenate([np.arange(one.pictures) < one.similar for one in classes])
    found = []
    for _ in range(rounds):
        drawn = random.choice(len(kind), size, replace=False)
        joins = within = clusters = outliers = 0
        for number in range(len(classes)):
            similar = int((alike & (kind == number))[drawn].sum())
            others = int((~alike & (kind == number))[drawn].sum())
            joins += max(similar - 1, 0)
            within += others * (others - 1) // 2
            clusters += similar > 1
            outliers += others + (similar == 1)
        between = clusters * (clusters - 1) // 2 + outliers * (outliers - 1) // 2 + outliers * clusters
        found.append((joins, within, clusters, outliers, between))
    names = ("joins", "within", "clusters", "outliers", "between")
    return dict(zip(names, np.mean(found, axis=0).tolist(), strict=True))


@pytest.mark.parametrize(
    ("classes", "size"),
    [
        ([Class(30, 0.8)] * 10, 60),
        ([Class(4, 1.0)] * 100 + [Class(1, 0.0)] * 200, 150),
        ([Class(5, 0.6)] * 40 + [Class(60, 0.5)] * 3, 40),
        ([Class(3, 1.0)] * 60, 180),
    ],
    ids=["large classes", "near copies and singles", "mixed", "one batch of all"],
)
def test_a_batch_holds_on_average_what_a_simulation_counts(classes: list[Class], size: int) -> None:
    batch = batch_of(classes, pictures=size, of=sum(one.pictures for one in classes))
    for name, mean in simulated(classes, size, 1500).items():
        assert getattr(batch, name) == pytest.approx(mean, rel=0.02, abs=0.3), name


def test_one_class_of_which_all_are_similar_takes_as_many_comparisons_as_a_tree_has_edges() -> None:
    expected = expected_comparisons([Class(100, 1.0)], [100])
    assert expected.least_within == pytest.approx(99)
    assert expected.possible_across == 0


def test_pictures_that_are_all_different_take_every_pair() -> None:
    expected = expected_comparisons([Class(1, 0.0)] * 500, [100] * 5, merge="outliers")
    assert expected.least_within == pytest.approx(5 * 100 * 99 / 2)
    assert expected.least_within + expected.possible_across == pytest.approx(expected.every_pair)


@pytest.mark.parametrize(("merge", "each"), [("none", 0), ("representatives", 0), ("outliers", 100), ("all", 100)])
def test_across_batches_the_pictures_that_the_merge_asks_for_are_compared(merge: str, each: int) -> None:
    # Nothing is similar: every picture is an outlier of its batch, and no batch has a cluster.
    expected = expected_comparisons([Class(300, 0.0)], [100] * 3, merge=merge)
    assert expected.possible_across == pytest.approx(3 * each * each)


def test_batches_are_full_but_the_last() -> None:
    assert batch_sizes(250, 100) == [100, 100, 50]
    assert batch_sizes(200, 100) == [100, 100]
