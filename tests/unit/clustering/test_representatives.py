import numpy as np
import pytest
from tables_of import PlaneSimilarity, clusters, representatives

from icas_core.clustering import representatives as representatives_module
from icas_core.clustering.representatives import medoid, representative_rows, representatives_of, with_representatives
from icas_core.errors import IcasError


def test_medoid_is_the_member_most_similar_to_all_others():
    rng = np.random.default_rng(1)
    positions = {f"{number:03d}": float(rng.normal()) for number in range(300)}
    similarity = PlaneSimilarity(positions)
    values = np.array(list(positions.values()))
    sums = (1 / (1 + np.abs(values[:, None] - values[None]))).sum(axis=1)
    assert medoid(list(positions), similarity) == list(positions)[int(np.argmax(sums))]


def test_equal_members_are_represented_by_the_first_path():
    assert medoid(["c", "a", "b"], PlaneSimilarity(dict.fromkeys("abc", 0))) == "a"
    assert medoid(["b", "a"], PlaneSimilarity({"a": 0, "b": 9})) == "a"
    assert medoid(["b"], PlaneSimilarity({})) == "b"


def test_a_large_cluster_is_judged_against_a_sample_and_the_same_one_each_time(monkeypatch):
    monkeypatch.setattr(representatives_module, "SAMPLE", 100)
    monkeypatch.setattr(representatives_module, "PAIRS_A_CALL", 10_000)
    positions = {f"{number:05d}": (number - 240) / 100 for number in range(500)}
    similarity = PlaneSimilarity(positions)
    found = medoid(list(positions), similarity)
    assert abs(positions[found]) <= 0.3  # the centre is at 0, the rim at 2.6
    assert sum(similarity.calls) == 500 * 100 - 100
    assert max(similarity.calls) <= 10_000
    assert medoid(list(reversed(positions)), PlaneSimilarity(positions)) == found


def test_many_small_clusters_are_judged_in_few_calls():
    paths = [f"{number:05d}" for number in range(9000)]
    similarity = PlaneSimilarity({path: [0, 1, 9][number % 3] for number, path in enumerate(paths)})
    chosen = representative_rows(paths, np.arange(9000) // 3 + 1, "medoid", similarity)
    assert np.flatnonzero(chosen).tolist() == list(range(1, 9000, 3))
    assert len(similarity.calls) == 1


def test_medoid_without_similarities_is_refused():
    with pytest.raises(IcasError, match="medoid"):
        representative_rows(["a", "b"], np.array([1, 1]), "medoid")


def test_representatives_can_be_chosen_anew():
    table = clusters({"a": 1, "b": 1, "c": 1, "d": -1})
    similarity = PlaneSimilarity({"a": 0, "b": 5, "c": 6, "d": 0})
    assert representatives(with_representatives(table, representative="medoid", similarity_of=similarity)) == {"b"}


@pytest.mark.parametrize(
    ("merge", "expected"),
    [("none", []), ("representatives", ["a", "d"]), ("outliers", ["a", "c", "d"]), ("all", list("abcde"))],
)
def test_the_word_for_merge_decides_which_pictures_take_part(merge, expected):
    table = clusters({"a": 1, "b": 1, "c": -1, "d": 2, "e": 2})
    assert representatives_of(table, merge=merge)["path"].to_pylist() == expected


def test_an_unknown_word_for_merge_names_what_is_accepted():
    with pytest.raises(IcasError, match="merge: found 'some', accepted are none, representatives, outliers, all"):
        representatives_of(clusters({"a": 1}), merge="some")
