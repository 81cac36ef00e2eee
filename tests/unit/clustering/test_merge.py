import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables_of import PlaneSimilarity, clusters, edges, numbers, partition, representatives

from icas_core.clustering.components import cluster_batch
from icas_core.clustering.merge import merge_clusters, without_merge
from icas_core.errors import IcasError
from icas_core.tables import MERGED

NAMES = [f"{number:02d}.jpg" for number in range(24)]
SIMILARITY = PlaneSimilarity({name: index for index, name in enumerate(NAMES)})


def merged(batches, *tables, **options):
    return merge_clusters(batches, tables, **{"representative": "first", "similarity_of": SIMILARITY, **options})


@given(
    pairs=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] < pair[1])),
    batch_of=st.lists(st.sampled_from(["0001", "0002", "0007"]), min_size=len(NAMES), max_size=len(NAMES)),
)
def test_any_split_into_batches_with_all_pairs_gives_what_one_batch_gives(pairs, batch_of):
    home = dict(zip(NAMES, batch_of, strict=True))
    batches = {
        name: cluster_batch(
            [path for path in NAMES if home[path] == name],
            edges(*[pair for pair in pairs if {home[path] for path in pair} == {name}]),
            representative="first",
        )
        for name in set(batch_of)
    }
    cross = [edges(pair) for pair in pairs if home[pair[0]] != home[pair[1]]]
    table = merged(batches, *cross)
    whole = cluster_batch(NAMES, edges(*pairs), representative="first")
    assert numbers(table) == numbers(whole)
    assert representatives(table) == representatives(whole)
    assert table["batch"].to_pylist() == batch_of


def without_similarities(batch):
    return batch.set_column(3, "similarity", pa.nulls(len(batch), pa.float32()).fill_null(math.nan))


@pytest.mark.parametrize("representative", ["first", "medoid"])
@given(
    pairs=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] < pair[1])),
    batch_of=st.lists(st.sampled_from(["0001", "0002", "0007"]), min_size=len(NAMES), max_size=len(NAMES)),
    joined=st.booleans(),
)
def test_what_the_batches_know_is_what_would_be_asked_for_again(representative, pairs, batch_of, joined):
    home = dict(zip(NAMES, batch_of, strict=True))
    batches = {
        name: cluster_batch(
            [path for path in NAMES if home[path] == name],
            edges(*[pair for pair in pairs if {home[path] for path in pair} == {name}]),
            representative=representative,
            similarity_of=SIMILARITY,
        )
        for name in set(batch_of)
    }
    bare = {name: without_similarities(batch) for name, batch in batches.items()}
    cross = edges(*[pair for pair in pairs if joined and home[pair[0]] != home[pair[1]]])
    kept, again = PlaneSimilarity(SIMILARITY.positions), PlaneSimilarity(SIMILARITY.positions)
    table = merged(batches, cross, representative=representative, similarity_of=kept)
    # to_pydict: NaN is not equal to itself in a table.
    assert str(table.to_pydict()) == str(
        merged(bare, cross, representative=representative, similarity_of=again).to_pydict()
    )
    assert sum(kept.calls) <= sum(again.calls)
    if not cross.num_rows:
        assert not any(kept.calls), "no cluster has changed"
    own = without_merge(batches)
    assert str(own.to_pydict()) == str(without_merge(bare, similarity_of=SIMILARITY).to_pydict())


def test_clusters_joined_by_one_pair_take_all_their_pictures_along():
    batches = {
        "0001": clusters({"00.jpg": 1, "01.jpg": 1, "02.jpg": -1, "03.jpg": -1}),
        "0002": clusters({"04.jpg": 1, "05.jpg": 1, "06.jpg": -1, "07.jpg": -1}),
    }
    table = merged(batches, edges(("00.jpg", "04.jpg")), edges(("02.jpg", "06.jpg")))
    assert table.schema.equals(MERGED)
    assert numbers(table) == {
        **dict.fromkeys(["00.jpg", "01.jpg", "04.jpg", "05.jpg"], 1),
        **dict.fromkeys(["02.jpg", "06.jpg"], 2),
        **dict.fromkeys(["03.jpg", "07.jpg"], -1),
    }
    assert table["batch_cluster"].to_pylist() == [1, 1, -1, -1, 1, 1, -1, -1]


def test_equal_numbers_of_different_batches_are_different_clusters():
    batches = {name: clusters({f"{name}a": 1, f"{name}b": 1}) for name in ("0001", "0002")}
    assert (
        len(
            partition(
                merged(
                    batches,
                    similarity_of=PlaneSimilarity(
                        dict.fromkeys("x", 0) | {f"{name}{letter}": 0 for name in batches for letter in "ab"}
                    ),
                )
            )
        )
        == 2
    )


def test_similarity_is_that_to_the_representative():
    batches = {"0001": clusters({"00.jpg": 1, "03.jpg": 1, "09.jpg": -1}), "0002": clusters({"05.jpg": -1})}
    similarity = PlaneSimilarity(SIMILARITY.positions)
    table = merged(batches, edges(("03.jpg", "05.jpg")), representative="medoid", similarity_of=similarity)
    assert representatives(table) == {"03.jpg"}
    found = dict(zip(table["path"].to_pylist(), table["similarity"].to_pylist(), strict=True))
    assert found.pop("09.jpg") != found["03.jpg"]
    assert found == pytest.approx({"00.jpg": 1 / 4, "03.jpg": 1, "05.jpg": 1 / 3})
    assert math.isnan(table["similarity"][3].as_py())
    assert len(similarity.calls) == 2


def test_numbers_stay_when_a_picture_is_added():
    batches = {"0001": clusters({"00.jpg": 1, "01.jpg": 1, "02.jpg": 2, "03.jpg": 2})}
    first = merged(batches)
    grown = {**batches, "0002": clusters({"10.jpg": -1, "11.jpg": -1})}
    again = merged(grown, edges(("02.jpg", "10.jpg")), edges(("03.jpg", "11.jpg")), previous=first)
    assert numbers(again) == {
        "00.jpg": 1, "01.jpg": 1, "02.jpg": 2, "03.jpg": 2, "10.jpg": 2, "11.jpg": 2,
    }  # fmt: skip


def test_a_cluster_of_one_picture_made_by_hand_stays_a_cluster():
    assert numbers(merged({"mine": clusters({"00.jpg": 1, "01.jpg": -1})})) == {"00.jpg": 1, "01.jpg": -1}


def test_a_picture_in_two_batches_and_a_pair_of_an_unknown_picture_are_refused():
    batches = {"0001": clusters({"00.jpg": -1}), "0002": clusters({"00.jpg": -1})}
    with pytest.raises(IcasError, match=r"'00\.jpg'.*twice"):
        merged(batches)
    with pytest.raises(IcasError, match=r"'zz\.jpg'"):
        merged({"0001": clusters({"00.jpg": -1})}, edges(("00.jpg", "zz.jpg")))


def test_no_pictures_at_all_merge_to_an_empty_table():
    assert merged({}).num_rows == 0
    assert merged({"0001": clusters({})}, edges()).num_rows == 0
    assert without_merge({}).schema.equals(MERGED)


def test_without_merge_the_batches_clusters_are_numbered_through():
    batches = {
        "0001": clusters({"00.jpg": 1, "01.jpg": 1, "02.jpg": -1}),
        "0002": clusters({"03.jpg": 1, "04.jpg": 1, "05.jpg": 1, "06.jpg": 2, "07.jpg": 2}),
    }
    table = without_merge(batches)
    assert list(numbers(table).values()) == [2, 2, -1, 1, 1, 1, 3, 3]
    assert representatives(table) == {"00.jpg", "03.jpg", "06.jpg"}
    assert np.isnan(table["similarity"].to_numpy()).tolist() == [False, True, True, False, True, True, False, True]
    filled = without_merge(batches, similarity_of=SIMILARITY, previous=table)
    assert filled["similarity"][1].as_py() == pytest.approx(1 / 2)


def test_a_hundred_thousand_pictures_merge_in_few_calls():
    paths = np.array([f"{number:06d}" for number in range(100_000)])
    batches = {
        f"{batch:04d}": pa.table(
            [
                paths[start : start + 2000],
                np.repeat(np.arange(1, 1001, dtype=np.int32), 2),
                np.tile([True, False], 1000),
                np.tile(np.array([1, np.nan], np.float32), 1000),
            ],
            schema=clusters({}).schema,
        )
        for batch, start in enumerate(range(0, 100_000, 2000), 1)
    }
    ends = np.arange(0, 98_000, 2)
    cross = pa.table([paths[ends], paths[ends + 2000], np.ones(len(ends), dtype=np.float32)], schema=edges().schema)
    similarity = PlaneSimilarity(dict.fromkeys(paths.tolist(), 0))
    table = merge_clusters(batches, [cross] * 3, representative="medoid", similarity_of=similarity)
    assert np.bincount(table["cluster"].to_numpy()).tolist() == [0, *[100] * 1000]
    assert len(similarity.calls) <= 10
