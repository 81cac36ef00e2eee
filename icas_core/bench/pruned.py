"""The command: python -m icas_core.bench.pruned FOLDER: pruned searches find the same edges as full ones."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from icas_core.bench.others import extracted
from icas_core.bench.pictures import Photographs
from icas_core.errors import IcasError
from icas_core.similarity.comparing import Comparison
from icas_core.similarity.pairs import similar_pairs
from icas_core.similarity.registry import METHODS

THRESHOLDS = tuple(step / 100 for step in range(30, 96, 5))
_TOGETHER = 512
_PRUNING = ("ssim", "minhash", "imagehash", "tm")


def main(arguments: Sequence[str]) -> int:
    """Compare both over every threshold; the exit code is 1 where they differ."""
    parser = argparse.ArgumentParser(prog="python -m icas_core.bench.pruned", description=__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--most", type=int, default=4000, help="pictures of the folder that are compared")
    given = parser.parse_args(arguments)
    try:
        photographs = Photographs(given.pictures)
        count = min(given.most, len(photographs.paths))
        differing = [_differing(photographs, name, count) for name in _PRUNING]
    except IcasError as error:
        print(f"icas: {error}", file=sys.stderr)
        return 1
    return int(any(differing))


def _differing(photographs: Photographs, name: str, count: int) -> int:
    """At how many thresholds the edges differ; each is told."""
    method = METHODS[name]
    side = method.default_size[0] if isinstance(method.default_size, tuple) else 100
    features = extracted(islice(photographs.whole(), count), name, side, method.settled())
    every = _similarities(Comparison.of(features, None, name, None))
    differing = 0
    for threshold in THRESHOLDS:
        found = similar_pairs(features, method=name, threshold=threshold)
        a, b = np.nonzero(np.triu(every >= np.float32(threshold), 1))
        same = all(
            np.array_equal(one, other) for one, other in ((found.a, a), (found.b, b), (found.similarity, every[a, b]))
        )
        differing += not same
        counts = f"{len(a):,} edges, {found.counts['pruned']:,} of {found.counts['possible']:,} pairs pruned"
        print(f"{name} at {threshold:.2f}: {counts}: {'the same' if same else 'DIFFERENT'}", flush=True)
    return differing


def _similarities(compared: Comparison) -> np.ndarray:
    """(n, n) float32 of every pair, without pruning."""
    starts = range(0, len(compared.left), _TOGETHER)
    ranges = [np.arange(start, min(start + _TOGETHER, len(compared.left))) for start in starts]
    return np.block([[compared.tile(a, b) for b in ranges] for a in ranges])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
