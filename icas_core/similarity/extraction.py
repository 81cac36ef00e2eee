"""Make the features of many pictures, in threads."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from icas_core.errors import IcasError, RejectedPicture
from icas_core.images import read_rgb
from icas_core.similarity.features import Features, stacked
from icas_core.similarity.method import Method, Size
from icas_core.similarity.registry import METHODS, method_of
from icas_core.similarity.sizes import positions, settled_size, variant_count
from icas_core.similarity.threads import libraries_in_one_thread
from icas_core.thumbnails import Keep, thumbnail_beside

LOG = logging.getLogger(__name__)
Made = TypeVar("Made")

_WAITING = 4  # pictures queued for each thread: decoded pictures are large, features small


@dataclass(frozen=True)
class _Made:
    """What extraction makes of one picture: a feature for each position, and its thumbnail."""

    features: list[np.ndarray]
    thumbnail: bytes


@dataclass(frozen=True)
class _Recipe:
    """All that one picture's features depend on beside the picture."""

    root: Path
    method: Method
    size: Size
    variants: str
    fast: bool
    parameters: dict[str, Any]

    def at_least(self) -> tuple[int, int] | None:
        """The least (width, height) a fast decoder may reduce a picture to; None when it may not."""
        if isinstance(self.size, tuple):
            return self.size
        if self.size == "original" and self.method.reduced is not None:
            return self.method.reduced(**self.parameters)
        return None

    def made_of(self, path: str, *, drawn: bool) -> _Made | str:
        """What is kept of a picture, with its thumbnail where it is `drawn`, or the reason why it is rejected."""
        least = self.at_least() if self.fast else None
        try:
            picture = read_rgb(self.root / path, at_least=least)
            compared = positions(picture, self.size, self.variants, self.method)
            features = [self.method.extract(position, **self.parameters) for position in compared]
            small = thumbnail_beside(picture, self.root / path, reduced=least is not None) if drawn else b""
            return _Made(features, small)
        except RejectedPicture as rejection:
            return str(rejection)
        except MemoryError:
            return "too large for the memory of this machine"


def extract_features(
    root: Path | str,
    paths: Sequence[str],
    *,
    method: str,
    size: object = "default",
    variants: str = "none",
    decode: str = "exact",
    threads: int = 1,
    parameters: Mapping[str, Any] | None = None,
    progress: Any = None,
    thumbnails: Keep | None = None,
) -> tuple[Features, list[tuple[str, str]]]:
    """The features of the pictures `paths` below `root`, and the rejected ones as (path, reason), in order.

    size: "default" (the method's own), "original", (width, height) or a factor up to 1. variants: "none",
    "mirror" or "all". decode: "exact", or "fast" to let the decoder reduce large pictures.
    progress: an object with .advance(n). thumbnails: is given each picture's, in order. At most a few pictures a thread
    are in memory at once.
    Raises IcasError on an unknown method, size, parameter or word, and where a method that compares
    pictures of one size only is given pictures of different sizes.
    """
    chosen = method_of(method)
    count = variant_count(variants)
    if decode not in ("exact", "fast"):
        raise IcasError(f"decode: found {decode!r}; accepted: exact, fast")
    recipe = _Recipe(
        Path(root), chosen, settled_size(size, chosen), variants, decode == "fast", chosen.settled(parameters)
    )
    kept: list[str] = []
    rejected: list[tuple[str, str]] = []
    features: list[list[np.ndarray]] = [[] for _ in range(count)]
    make = partial(recipe.made_of, drawn=thumbnails is not None)
    for path, made in made_in_order(make, paths, threads):
        if isinstance(made, str):
            rejected.append((path, made))
        else:
            kept.append(path)
            for column, feature in zip(features, made.features, strict=True):
                column.append(feature)
            if thumbnails is not None:
                thumbnails(path, made.thumbnail)
            if not made.features[0].shape[0]:
                LOG.warning("%s: %s", path, chosen.empty)
        if progress is not None:
            progress.advance(1)
    if not chosen.unequal_sizes:
        require_one_size(chosen, kept, features[0])
    return Features(kept, tuple(stacked(column) for column in features)), rejected


def require_one_size(method: Method, paths: Sequence[str], features: Sequence[np.ndarray]) -> None:
    """IcasError naming two pictures whose sizes differ, and the methods that would take them."""
    for path, feature in zip(paths, features, strict=True):
        if feature.shape != features[0].shape:
            (h, w), (tall, wide) = features[0].shape, feature.shape
            able = ", ".join(name for name, other in METHODS.items() if other.unequal_sizes)
            raise IcasError(
                f"size: {method.name} compares pictures of one size only, but {paths[0]} is {w}x{h} and {path} "
                f"is {wide}x{tall}; give a size such as [20, 20], or one of the methods {able}"
            )


def made_in_order(make: Callable[[str], Made], paths: Sequence[str], threads: int) -> Iterator[tuple[str, Made]]:
    """Each path with what `make` gives for it, in the order given, however many threads there are.

    At most a few results a thread are made ahead of the reader; one thread makes each as it is asked for, since handing
    every picture to another thread and back would cost a tenth of the time.
    """
    if threads <= 1:
        with libraries_in_one_thread():
            for path in paths:
                yield path, make(path)
        return
    with libraries_in_one_thread(), ThreadPoolExecutor(threads) as pool:
        rest = iter(paths)
        waiting: deque[tuple[str, Future[Made]]] = deque()
        try:
            for path in islice(rest, threads * _WAITING):
                waiting.append((path, pool.submit(make, path)))
            while waiting:
                path, future = waiting.popleft()
                yield path, future.result()
                for following in islice(rest, 1):
                    waiting.append((following, pool.submit(make, following)))
        finally:
            for _, future in waiting:
                future.cancel()
