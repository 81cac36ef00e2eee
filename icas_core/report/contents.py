"""What the gallery shows: merged clusters as pictures, in reading order, cut into pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice

import pyarrow as pa

from icas_core.tables import OUTLIER


@dataclass(frozen=True)
class Picture:
    """One picture; similarity (to its cluster's representative, None when unknown) lies in -1..1."""

    path: str
    similarity: float | None
    representative: bool = False
    chained: bool = False
    weakest: bool = False


@dataclass(frozen=True)
class Cluster:
    """A cluster, or the part of it that one page holds; pictures start with the representative.

    lowest is the smallest similarity of any member to the representative (None when unknown), chained the number of
    members below the threshold: they belong to the cluster only through other members.
    """

    number: int
    pictures: tuple[Picture, ...]
    size: int
    lowest: float | None
    chained: int
    part: int = 1
    parts: int = 1


@dataclass(frozen=True)
class Page:
    """One file of the gallery: clusters, then outliers; first_outlier is the first one's place among all, from 0."""

    number: int
    clusters: tuple[Cluster, ...] = ()
    outliers: tuple[Picture, ...] = ()
    first_outlier: int = 0

    @property
    def pictures(self) -> list[Picture]:
        """Every picture on the page in the order shown, representatives of continued clusters included."""
        return [picture for cluster in self.clusters for picture in cluster.pictures] + list(self.outliers)


def clusters_of(merged: pa.Table, threshold: float | None) -> tuple[list[Cluster], list[Picture]]:
    """Clusters by number and outliers by path from a table of tables.MERGED.

    In a cluster the representative comes first, then the members by falling similarity, unknown ones last.
    """
    columns = ("path", "cluster", "representative", "similarity")
    order = [("cluster", "ascending"), ("representative", "descending"), ("similarity", "descending")]
    rows = merged.select(columns).sort_by([*order, ("path", "ascending")])
    rows = zip(*(rows[name].to_pylist() for name in columns), strict=True)
    clusters, outliers = [], []
    for number, members in groupby(rows, key=lambda row: row[1]):
        if number == OUTLIER:
            outliers = sorted((Picture(path, None) for path, *_ in members), key=lambda picture: picture.path)
        else:
            clusters.append(_cluster(number, [(path, similarity) for path, _, _, similarity in members], threshold))
    return clusters, outliers


def _cluster(number: int, members: list[tuple[str, float | None]], threshold: float | None) -> Cluster:
    # float32 similarities: a pair exactly at the threshold must not seem to lie below it.
    limit = -2.0 if threshold is None else threshold - 1e-6
    known = [(path, value if value is not None and value == value else None) for path, value in members]
    values = [value for _, value in known[1:] if value is not None]
    lowest = min(values, default=None)
    # In a pair there is nothing to compare the one member with, so it is not singled out.
    last = max((i for i, (_, value) in enumerate(known) if i and value == lowest), default=0) if len(known) > 2 else 0
    pictures = tuple(
        Picture(
            path, value, representative=i == 0, chained=bool(i and value is not None and value < limit),
            weakest=bool(i and i == last and lowest is not None),
        )
        for i, (path, value) in enumerate(known)
    )  # fmt: skip
    return Cluster(number, pictures, len(pictures), lowest, sum(picture.chained for picture in pictures))


def pages_of(clusters: list[Cluster], outliers: list[Picture], page_size: int) -> list[Page]:
    """Cut clusters and outliers into pages of about `page_size` pictures, at least one page, numbered from 1.

    A cluster is only split when it alone is larger than a page; each part repeats the representative.
    """
    shelves: list[list[Cluster]] = [[]]
    room = page_size
    for part in (part for cluster in clusters for part in _parts(cluster, page_size)):
        if len(part.pictures) > room and shelves[-1]:
            shelves.append([])
            room = page_size
        shelves[-1].append(part)
        room -= len(part.pictures)
    pages = [Page(i, tuple(shelf)) for i, shelf in enumerate(shelves, start=1)]
    first = max(0, min(room, len(outliers)))
    pages[-1] = Page(len(pages), pages[-1].clusters, tuple(outliers[:first]), 0)
    for start in range(first, len(outliers), page_size):
        pages.append(Page(len(pages) + 1, (), tuple(outliers[start : start + page_size]), start))
    return pages


def _parts(cluster: Cluster, page_size: int) -> Iterator[Cluster]:
    if cluster.size <= page_size:
        yield cluster
        return
    representative, *members = cluster.pictures
    each = max(1, page_size - 1)
    parts = -(-len(members) // each)
    rest = iter(members)
    for part in range(1, parts + 1):
        pictures = (representative, *islice(rest, each))
        yield Cluster(cluster.number, pictures, cluster.size, cluster.lowest, cluster.chained, part, parts)
