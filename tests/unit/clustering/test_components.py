import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import DisjointSet
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tables_of import PlaneSimilarity, clusters, edges, numbers, partition, representatives

from icas_core.clustering.components import cluster_batch, component_labels, number_clusters
from icas_core.errors import IcasError
from icas_core.tables import CLUSTERS

NAMES = [f"{letter}{number}.jpg" for letter in "ab" for number in range(10)]
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1]))


def clustered(paths, *pairs, **options):
    return cluster_batch(paths, edges(*pairs), **{"representative": "first", **options})


def test_a_chain_of_pairs_is_one_cluster_and_a_picture_alone_is_an_outlier():
    similarity = PlaneSimilarity({"a": 0, "b": 1, "c": 3, "d": 9})
    table = clustered(["d", "c", "b", "a"], ("a", "b"), ("b", "c"), similarity_of=similarity)
    assert table.schema.equals(CLUSTERS)
    assert np.isnan(table["similarity"][3].as_py())
    assert table["similarity"].to_pylist()[:3] == [1, 0.5, 0.25]
    assert table.drop(["similarity"]).to_pydict() == {
        "path": ["a", "b", "c", "d"],
        "cluster": [1, 1, 1, -1],
        "representative": [True, False, False, False],
    }


@given(pairs=PAIRS)
def test_clusters_are_the_components_that_a_union_find_gives(pairs):
    sets = DisjointSet(NAMES)
    for pair in pairs:
        sets.merge(*pair)
    assert partition(clustered(NAMES, *pairs)) == {frozenset(subset) for subset in sets.subsets()}


def test_a_pair_named_256_times_still_joins():
    assert partition(clustered(["a", "b"], *[("a", "b")] * 256)) == {frozenset("ab")}


def test_clusters_are_numbered_by_size_and_ties_by_first_path():
    table = clustered(list("abcdefg"), ("a", "b"), ("c", "d"), ("e", "f"), ("f", "g"))
    assert numbers(table) == {"a": 2, "b": 2, "c": 3, "d": 3, "e": 1, "f": 1, "g": 1}


@given(pairs=PAIRS)
def test_numbers_run_from_one_without_a_hole_and_sizes_fall(pairs):
    found = np.array(list(numbers(clustered(NAMES, *pairs)).values()))
    sizes = np.bincount(found[found > 0])[1:]
    assert (sizes >= 2).all()
    assert (np.diff(sizes) <= 0).all()


@given(pairs=PAIRS)
def test_a_rerun_on_the_same_pairs_keeps_every_number(pairs):
    first = clustered(NAMES, *pairs).drop(["similarity"])
    assert clustered(NAMES, *reversed(pairs), previous=first).drop(["similarity"]).equals(first)


@given(before=PAIRS, after=PAIRS)
def test_the_strongest_claim_of_more_than_half_gives_a_cluster_its_number(before, after):
    previous = clustered(NAMES[:-3], *[pair for pair in before if not set(pair) & set(NAMES[-3:])])
    now = clustered(NAMES[2:], *[pair for pair in after if not set(pair) & set(NAMES[:2])], previous=previous)
    old, new = numbers(previous), numbers(now)
    unclaimed = []
    for cluster in sorted(set(new.values()) - {-1}):
        members = {path for path in new if new[path] == cluster}
        claims = []
        for number in set(old.values()) - {-1}:
            present = {path for path in old if old[path] == number and path in new}
            if 2 * len(present & members) > len(present):
                claims.append((len(present & members), -number))
        if claims:
            assert cluster == -max(claims)[1]
        else:
            unclaimed.append((cluster, -len(members), min(members)))
    assert sorted(unclaimed, key=lambda found: found[1:]) == unclaimed


def test_a_cluster_that_outgrows_another_keeps_its_number():
    previous = clusters({"a": 1, "b": 1, "c": 1, "d": 2, "e": 2})
    now = clustered(list("abcdefghi"), ("a", "b"), ("b", "c"), *zip("defgh", "efghi", strict=True), previous=previous)
    assert numbers(now) == dict.fromkeys("abc", 1) | dict.fromkeys("defghi", 2)


def test_a_new_cluster_takes_the_lowest_free_number_even_when_it_is_the_largest():
    previous = clusters({"a": 1, "b": 1, "c": 3, "d": 3})
    now = clustered(list("abcdvwxyz"), ("a", "b"), ("c", "d"), ("x", "y"), ("y", "z"), ("v", "w"), previous=previous)
    assert numbers(now) == {"a": 1, "b": 1, "c": 3, "d": 3, "x": 2, "y": 2, "z": 2, "v": 4, "w": 4}


def test_when_two_clusters_become_one_the_greater_overlap_names_it():
    previous = clusters({"a": 1, "b": 1, "c": 2, "d": 2, "e": 2})
    now = clustered(list("abcde"), *zip("abcd", "bcde", strict=True), previous=previous)
    assert set(numbers(now).values()) == {2}


def test_a_cluster_split_in_equal_halves_gives_its_number_to_the_first_as_if_new():
    previous = clusters(dict.fromkeys("abcd", 7))
    now = clustered(list("abcd"), ("a", "b"), ("c", "d"), previous=previous)
    assert numbers(now) == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_only_pictures_still_present_count_for_keeping_a_number():
    previous = clusters({**dict.fromkeys("abcdef", 4), "x": 1, "y": 1})
    assert numbers(clustered(list("ab"), ("a", "b"), previous=previous)) == {"a": 4, "b": 4}


def test_a_batch_without_pictures_and_one_without_pairs():
    assert clustered([]).num_rows == 0
    assert numbers(clustered(["b", "a"])) == {"a": -1, "b": -1}
    assert number_clusters([], np.array([], dtype=np.int64)).dtype == np.int32


def test_a_pair_of_an_unknown_picture_and_a_repeated_picture_are_refused_by_name():
    with pytest.raises(IcasError, match=r"'stranger\.jpg'"):
        clustered(["a", "b"], ("a", "stranger.jpg"))
    with pytest.raises(IcasError, match=r"'a': .*twice"):
        clustered(["a", "b", "a"], ("a", "b"))


def test_medoid_represents_the_cluster_where_asked():
    similarity = PlaneSimilarity({"a": 0, "b": 5, "c": 6, "d": 50})
    table = clustered(list("abcd"), ("a", "b"), ("b", "c"), representative="medoid", similarity_of=similarity)
    assert representatives(table) == {"b"}
    assert representatives(clustered(list("abcd"), ("a", "b"), ("b", "c"))) == {"a"}


def test_an_unknown_word_for_representative_names_what_is_accepted():
    with pytest.raises(IcasError, match="representative: found 'middle', accepted are first, medoid"):
        clustered(["a"], representative="middle")


def test_a_hundred_thousand_pictures_in_a_chain_are_one_cluster():
    paths = pa.array([f"{number:06d}.jpg" for number in range(100_000)])
    chain = pa.table([paths[:-1], paths[1:], pa.array(np.ones(99_999, dtype=np.float32))], schema=edges().schema)
    table = cluster_batch(paths.to_pylist(), chain, representative="first")
    assert set(table["cluster"].to_pylist()) == {1}


@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=60))
def test_components_are_labelled_as_by_scipy(count, pairs):
    left, right = (np.array([pair[side] % count for pair in pairs], np.int64) for side in (0, 1))
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(count, count))
    assert np.array_equal(component_labels(count, left, right), connected_components(graph, directed=False)[1])


def test_components_of_a_million_nodes_are_labelled_as_by_scipy():
    rng = np.random.default_rng(0)
    chain = rng.permutation(500_000)
    left = np.concatenate([chain[:-1], rng.integers(500_000, 1_000_000, 400_000)])
    right = np.concatenate([chain[1:], rng.integers(500_000, 1_000_000, 400_000)])
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(1_000_000, 1_000_000))
    assert np.array_equal(component_labels(1_000_000, left, right), connected_components(graph, directed=False)[1])
