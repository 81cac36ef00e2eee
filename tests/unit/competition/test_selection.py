"""The choice among scored clusterings is never a bad one, whatever the embeddings look like."""

from __future__ import annotations

import logging
import math
from itertools import cycle, islice

import numpy as np
import pytest
from scipy.stats import rankdata

from icas_core.competition.batch import cluster_embeddings
from icas_core.competition.competing import Rules
from icas_core.competition.models import MODELS
from icas_core.competition.scores import Scores
from icas_core.competition.selection import SELECTIONS, best, ratings, refusal
from icas_core.competition.similarity import cosine_of
from icas_core.errors import IcasError
from icas_core.similarity.features import Features, write_features

GOOD = Scores(4, 1.0, 0.5, 0.9, 120.0)
CALM = Scores(3, 0.9, 0.4, 0.8, 150.0)
POOR = Scores(5, 0.75, 0.1, 2.0, 20.0)


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        (GOOD, ""),
        (Scores(1, 1.0), "a single cluster"),
        (Scores(0, 0.0), "no cluster"),
        (Scores(4, 0.69, 0.9, 0.1, 900), "31% noise"),
        (Scores(11, 1.0, 0.9, 0.1, 900), "more than 10 clusters"),
        (Scores(4, 1.0, 0.9, math.nan, 900), "no finite score"),
        (Scores(4, 1.0, 0.9, 0.0, math.inf), "no finite score"),
    ],
)
def test_the_guards_name_what_is_wrong(scores: Scores, why: str) -> None:
    assert refusal(scores, 10) == why


def test_the_rank_is_the_mean_of_three_ranks_weighted_by_coverage() -> None:
    every = [GOOD, CALM, POOR]
    columns = [[0.5, 0.36, 0.075], [-0.9, -0.8, -2.0], [120, 135, 15]]
    expected = -np.mean([rankdata([-value for value in column]) for column in columns], axis=0)
    np.testing.assert_allclose(ratings(every, "rank"), expected)
    assert (best(every, "rank"), best(every, "silhouette")) == (1, 0)


def test_many_equal_clusterings_count_once_in_the_ranks() -> None:
    few, many = [GOOD, CALM, POOR], [GOOD, *[CALM] * 5, POOR]
    assert ratings(many, "rank")[[0, 1, -1]].tolist() == ratings(few, "rank").tolist()


def test_minmax_is_the_mean_of_what_tells_them_apart() -> None:
    np.testing.assert_allclose(ratings([GOOD, CALM, POOR], "minmax")[2], 0)
    same = [GOOD, Scores(3, 1.0, 0.4, 0.9, 120.0)]
    assert ratings(same, "minmax").tolist() == [1, 0]


@pytest.mark.parametrize("selection", SELECTIONS)
def test_equal_scores_are_no_error_and_the_fewest_clusters_win(selection: str) -> None:
    every = [Scores(count, 1.0, 0.3, 1.0, 50.0) for count in (7, 3, 5)]
    assert np.isfinite(ratings(every, selection)).all()
    assert best(every, selection) == 1
    assert best(every[:1], selection) == 0


def test_an_unknown_selection_is_named() -> None:
    with pytest.raises(IcasError, match="deep.selection: found 'worst'; accepted: rank, silhouette, minmax"):
        ratings([GOOD], "worst")


def _nothing(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    return rng.normal(size=(count, size))


def _equal(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    return np.repeat(rng.normal(size=(1, size)), count, axis=0)


def _zeros(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    return np.zeros((count, size))


def _two_different(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    return rng.normal(size=(2, size))[rng.integers(0, 2, count)]


def _all_but_one(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    rows = _equal(rng, count, size)
    rows[-1:] += 1
    return rows


def _not_a_number(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    rows = rng.normal(size=(count, size))
    rows[rng.random(count) < rng.choice([0.1, 0.5, 1.0])] = rng.choice([np.nan, np.inf, -np.inf])
    return rows


def _line(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    return np.outer(np.arange(count), rng.normal(size=size))


def _far_away(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    rows = rng.normal(size=(count, size))
    rows[: max(1, count // 50)] *= 1e15
    return rows


def _tiny(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    return rng.normal(size=(count, size)) * 1e-20 + 1


def _clusters_in_noise(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    rows = rng.uniform(-20, 20, size=(count, size))
    rows[: count // 3] = rng.normal(size=(count // 3, size)) * 0.01 + rng.integers(0, 3, (count // 3, 1))
    return rows


SHAPES = (
    *(_nothing, _equal, _zeros, _two_different, _all_but_one, _not_a_number, _line, _far_away, _tiny),
    _clusters_in_noise,
)
COUNTS = (0, 1, 2, 3, 4, 5, 7, 12, 40, 90)


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__.strip("_"))
def test_no_embedding_raises_and_none_leaves_one_cluster_or_much_noise(
    shape, selection: str, tmp_path, caplog: pytest.LogCaptureFixture
) -> None:
    """Ten of each shape with each selection: 300 in all, models and their numbers in turn."""
    models = islice(cycle(MODELS), SELECTIONS.index(selection), None)
    for number, count in enumerate(COUNTS):
        rng = np.random.default_rng([SHAPES.index(shape), number])
        rows = shape(rng, count, int(rng.choice([1, 2, 9, 70]))).astype(np.float32)
        few = {name: {} for name in islice(models, 3)}
        few |= {"kmeans": {"n_clusters": [2, 6, 50]}} if number % 3 == 0 else {}
        features = Features([f"{row:03}.jpg" for row in range(count)], (rows,))
        write_features(features, tmp_path / "features.parquet")
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            clusters, outcome = cluster_embeddings(
                features,
                Rules(few, selection),
                components=8,
                representative="medoid",
                similarity_of=cosine_of([str(tmp_path / "features.parquet")]),
            )
        found = clusters["cluster"].to_numpy()
        good = np.isfinite(rows).all(axis=1) if count else np.zeros(0, bool)
        assert (found[~good] == -1).all()
        chosen = [row for row in outcome.rows if row.chosen]
        if chosen:
            assert len(np.unique(found[found != -1])) >= 2
            assert (found[good] != -1).mean() >= 0.7
        else:
            assert (found == -1).all()
            assert any(record.getMessage().startswith("no clusters of") for record in caplog.records)
