"""The clustering models of scikit-learn that may compete, each with the parameters of its grid."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from icas_core.competition.grids import cluster_counts, neighbour_counts, radii, smallest_sizes, values_of
from icas_core.errors import IcasError
from icas_core.tables import OUTLIER

# Beyond so many points the time or the memory of these models grows out of hand.
_MANY = 20_000
_REGULAR = 1e-3  # of a variance of 1: no component shrinks to a point


@dataclass(frozen=True)
class Model:
    """A clustering model. parameters: those of its grid with their defaults, named as in scikit-learn.

    counts: the parameter that is a number of clusters. compact: whether its clusters are what lies nearest to their
    means. weighted: whether it takes a weight for each point. most: the points up to which it is fitted.
    """

    parameters: Mapping[str, Any]
    counts: str = ""
    compact: bool = False
    weighted: bool = False
    most: float = float("inf")


@dataclass(frozen=True)
class Candidate:
    """One model with one choice of its grid's values."""

    model: str
    settings: Mapping[str, Any]

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.settings.items())


MODELS = {
    "kmeans": Model({"n_clusters": "default"}, counts="n_clusters", compact=True, weighted=True),
    "agglomerative": Model({"n_clusters": "default", "linkage": ["ward", "average"]}, counts="n_clusters", most=_MANY),
    "dbscan": Model({"eps": "default", "min_samples": "default"}, weighted=True, most=_MANY),
    "gaussian_mixture": Model(
        {"n_components": "default", "covariance_type": ["tied", "diag"]}, counts="n_components", compact=True
    ),
    "hdbscan": Model({"min_cluster_size": "default"}, most=_MANY),
}


def known(models: Iterable[str]) -> list[str]:
    """The names of models, each once; IcasError lists those there are."""
    names = list(dict.fromkeys(models))
    if unknown := [name for name in names if name not in MODELS]:
        raise IcasError(f"deep.compete: found {unknown[0]!r}; accepted: {', '.join(MODELS)}")
    return names


def asked_counts(model: str, grid: Mapping[str, Any]) -> list[int]:
    """The numbers of clusters that the user gave for a model."""
    return values_of(grid.get(MODELS[model].counts, "default")) or []


def candidates_of(model: str, grid: Mapping[str, Any], points: np.ndarray, pictures: int) -> list[Candidate]:
    """A model with every combination of its grid's values. points: (n, p), which stand for so many pictures."""
    names = list(MODELS[model].parameters)
    given = {name: values_of({**MODELS[model].parameters, **grid}[name]) for name in names}
    if model == "dbscan":
        neighbours = given["min_samples"] or neighbour_counts(len(points))
        return [
            Candidate(model, {"eps": eps, "min_samples": count})
            for count in neighbours
            for eps in given["eps"] or radii(points, count)
        ]
    automatic = {"min_cluster_size": smallest_sizes(len(points)), MODELS[model].counts: cluster_counts(pictures)}
    lists = [automatic[name] if (values := given[name]) is None else values for name in names]
    return [Candidate(model, dict(zip(names, values, strict=True))) for values in product(*lists)]


@dataclass
class Fitting:
    """Fits candidates to (n, p) points; what several of them share is computed once. sizes: each point's weight."""

    points: np.ndarray
    sizes: np.ndarray | None
    seed: int
    _folder: TemporaryDirectory[str] = field(default_factory=TemporaryDirectory)

    def labels(self, candidate: Candidate) -> np.ndarray:
        """The int64 (n,) labels that a candidate gives the points, −1 for noise."""
        model = MODELS[candidate.model]
        weights = {"sample_weight": self.sizes} if model.weighted and self.sizes is not None else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fit that did not converge is scored like any other
            labels = _MAKERS[candidate.model](self, **candidate.settings).fit_predict(self.points, **weights)
        return np.where(labels < 0, OUTLIER, labels).astype(np.int64)

    def close(self) -> None:
        """Forget what was shared."""
        self._folder.cleanup()

    def kmeans(self, n_clusters: int) -> Any:
        """KMeans, the best of a few starts."""
        from sklearn.cluster import KMeans

        return KMeans(n_clusters, n_init=10, random_state=self.seed)

    def agglomerative(self, n_clusters: int, linkage: str) -> Any:
        """AgglomerativeClustering; a linkage's tree is built once and cut for each number of clusters."""
        from sklearn.cluster import AgglomerativeClustering

        return AgglomerativeClustering(n_clusters, linkage=linkage, compute_full_tree=True, memory=self._folder.name)

    def dbscan(self, eps: float, min_samples: int) -> Any:
        """DBSCAN."""
        from sklearn.cluster import DBSCAN

        return DBSCAN(eps=eps, min_samples=min_samples)

    def gaussian_mixture(self, n_components: int, covariance_type: str) -> Any:
        """GaussianMixture."""
        from sklearn.mixture import GaussianMixture

        return GaussianMixture(
            n_components, covariance_type=covariance_type, reg_covar=_REGULAR, random_state=self.seed
        )

    def hdbscan(self, min_cluster_size: int) -> Any:
        """HDBSCAN."""
        from sklearn.cluster import HDBSCAN

        return HDBSCAN(min_cluster_size=min_cluster_size, copy=True)


_MAKERS: dict[str, Callable[..., Any]] = {
    "kmeans": Fitting.kmeans,
    "agglomerative": Fitting.agglomerative,
    "dbscan": Fitting.dbscan,
    "gaussian_mixture": Fitting.gaussian_mixture,
    "hdbscan": Fitting.hdbscan,
}
