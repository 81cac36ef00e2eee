import math

from icas_core.report.contents import Cluster, Picture, clusters_of, pages_of


def names(pictures):
    return [picture.path for picture in pictures]


def cluster_of(number, size):
    pictures = tuple(Picture(f"{number}_{i}", 1.0, representative=i == 0) for i in range(size))
    return Cluster(number, pictures, size, 1.0, 0)


def test_the_representative_comes_first_and_the_least_similar_member_last(merged_of):
    merged = merged_of({1: [("z", 1.0), ("low", 0.7), ("high", 0.9)]})
    (cluster,), _ = clusters_of(merged, None)
    assert names(cluster.pictures) == ["z", "high", "low"]
    assert [picture.weakest for picture in cluster.pictures] == [False, False, True]
    assert math.isclose(cluster.lowest, 0.7, rel_tol=1e-6)


def test_clusters_come_by_number_and_outliers_by_path(merged_of):
    merged = merged_of({-1: [("b", None), ("a", None)], 2: [("c", 1), ("d", 1)], 1: [("e", 1), ("f", 1)]})
    clusters, outliers = clusters_of(merged, None)
    assert [cluster.number for cluster in clusters] == [1, 2]
    assert names(outliers) == ["a", "b"]


def test_a_member_below_the_threshold_is_chained_and_one_at_the_threshold_is_not(merged_of):
    merged = merged_of({1: [("r", 1.0), ("at", 0.85), ("below", 0.84)]})
    (cluster,), _ = clusters_of(merged, 0.85)
    assert {picture.path for picture in cluster.pictures if picture.chained} == {"below"}
    assert cluster.chained == 1


def test_unknown_similarities_come_last_and_are_no_lowest(merged_of):
    merged = merged_of({1: [("r", 1.0), ("nan", float("nan")), ("none", None), ("known", 0.9)]})
    (cluster,), _ = clusters_of(merged, 0.5)
    assert names(cluster.pictures)[:2] == ["r", "known"]
    assert [picture.similarity for picture in cluster.pictures[2:]] == [None, None]
    assert math.isclose(cluster.lowest, 0.9, rel_tol=1e-6)


def test_the_member_of_a_pair_is_not_singled_out(merged_of):
    (cluster,), _ = clusters_of(merged_of({1: [("r", 1.0), ("m", 0.9)]}), None)
    assert not any(picture.weakest for picture in cluster.pictures)


def test_nothing_at_all_is_one_empty_page(merged_of):
    pages = pages_of(*clusters_of(merged_of({}), 0.5), page_size=10)
    assert [(page.number, page.pictures) for page in pages] == [(1, [])]


def test_pages_hold_every_picture_once_in_order_and_at_most_page_size():
    clusters = [cluster_of(number, size) for number, size in enumerate((5, 4, 4, 3, 2), start=1)]
    outliers = [Picture(f"o{i}", None) for i in range(25)]
    pages = pages_of(clusters, outliers, page_size=10)
    shown = [path for page in pages for path in names(page.pictures)]
    assert shown == [path for cluster in clusters for path in names(cluster.pictures)] + names(outliers)
    assert all(len(page.pictures) <= 10 for page in pages)
    assert [page.number for page in pages] == list(range(1, len(pages) + 1))
    assert all(names(page.outliers) == names(outliers[page.first_outlier :][: len(page.outliers)]) for page in pages)


def test_a_cluster_that_fits_a_page_is_not_split():
    pages = pages_of([cluster_of(1, 6), cluster_of(2, 6)], [], page_size=10)
    assert [[cluster.number for cluster in page.clusters] for page in pages] == [[1], [2]]


def test_each_part_of_a_cluster_larger_than_a_page_starts_with_the_representative():
    pages = pages_of([cluster_of(1, 25)], [], page_size=10)
    parts = [part for page in pages for part in page.clusters]
    assert [(part.part, part.parts, part.size) for part in parts] == [(1, 3, 25), (2, 3, 25), (3, 3, 25)]
    assert {part.pictures[0].path for part in parts} == {"1_0"}
    assert [path for part in parts for path in names(part.pictures[1:])] == [f"1_{i}" for i in range(1, 25)]
