"""The command: python -m icas_core.similarity.ahead: compile every inner loop ahead of the first job."""

from __future__ import annotations

import numpy as np

from icas_core.similarity.features import Features, stacked
from icas_core.similarity.forest import Forest
from icas_core.similarity.pairs import paired_similarities, similar_pairs
from icas_core.similarity.registry import METHODS
from icas_core.similarity.sizes import positions

_COMPILED = ("ssim", "minhash", "imagehash", "orb", "tm")
_HIGH, _LOW = 0.9, 0.2  # searches that prune by different means


def compile_all() -> None:
    """Extract and compare a few pictures of noise in all ways that a job may: what they need is kept on disk."""
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (120, 140 + 20 * (k % 2), 3), dtype=np.uint8) for k in range(6)]
    for name in _COMPILED:
        method = METHODS[name]
        parameters = method.settled()
        made = [
            method.extract(positions(picture, method.default_size, "none", method)[0], **parameters)
            for picture in pictures
        ]
        features = Features([str(row) for row in range(len(made))], (stacked(made),))
        for threshold in (_HIGH, _LOW):
            similar_pairs(features, method=name, threshold=threshold, forest=Forest())
        rows = np.arange(len(features))
        paired_similarities(features, features, rows, rows, method=name)
        stack = features.variants[0]
        method.similarities(stack, stack, **parameters)


if __name__ == "__main__":
    compile_all()
