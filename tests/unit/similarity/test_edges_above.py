"""Pruned or not, the edges are the same."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icas_core.similarity.registry import METHODS

THRESHOLDS = st.sampled_from([0.0, 0.3, 0.45, 0.5, 0.7, 0.75, 0.9, 0.95, 0.96, 1.0])


def stacks(method: str, seed: int, n: int, m: int) -> tuple[np.ndarray, np.ndarray, dict]:
    """Features of random pictures, of which some are near copies, and the method's parameters."""
    rng = np.random.default_rng(seed)
    parameters = {"imagehash": {"hash_size": int(rng.choice([3, 8, 10, 16, 33]))}, "minhash": {"permutations": 300}}
    settled = METHODS[method].settled(parameters.get(method))
    if method == "tm":
        side = int(rng.choice([1, 5, 16, 23]))
        every = rng.integers(0, 256, (n + m, side, side, 3)) * rng.uniform(0, 1, (n + m, 1, 1, 1))
        every[:: rng.integers(2, 5)] = every[0] + rng.integers(0, 2, every.shape)[:: rng.integers(2, 5)][:1]
        every[rng.integers(n + m)] = 0
        return *np.split(np.clip(every, 0, 255).astype(np.uint8), [n]), settled
    if method == "imagehash":
        bits = rng.integers(0, 2, (n + m, settled["hash_size"] ** 2), dtype=np.uint8)
        flips = rng.random(bits.shape) < rng.choice([0, 0.02, 0.1, 0.25], (n + m, 1))
        bits[1::2] = (bits[0] ^ flips)[1::2]
        packed = np.packbits(bits, axis=1)
        words = np.zeros((n + m, -(-packed.shape[1] // 8) * 8), np.uint8)
        words[:, : packed.shape[1]] = packed
        return *np.split(words.view(np.uint64), [n]), settled
    if method == "embedding":
        rows = rng.standard_normal((n + m, 64)).astype(np.float32) * rng.choice([0, 1e-3, 1, 40], (n + m, 1))
        rows[1::3] = rows[0] + rng.choice([0, 0.3], rows.shape)[1::3]
        return *np.split(rows, [n]), settled
    numbers = rng.integers(0, 4, (n + m, 300), dtype=np.uint32) * np.uint32(rng.choice([1, 256, 77_777]))
    copied = rng.random(numbers.shape) < rng.choice([0.3, 0.6, 0.95, 1], (n + m, 1))
    numbers[copied] = np.broadcast_to(numbers[0], numbers.shape)[copied]
    return *np.split(numbers, [n]), settled


@pytest.mark.parametrize("method", ["imagehash", "minhash", "tm", "embedding"])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40), m=st.integers(1, 300), threshold=THRESHOLDS)
def test_the_edges_are_the_similarities_at_or_above_the_threshold(method, seed, n, m, threshold):
    left, right, parameters = stacks(method, seed, n, m)
    chosen = METHODS[method]
    wanted = np.random.default_rng(seed).random((n, m)) < 0.8
    every = chosen.similarities(left, right, **parameters)
    a, b, similarity, pruned = chosen.edges_above(
        chosen.prepare(left, **parameters), chosen.prepare(right, **parameters), threshold, wanted=wanted, **parameters
    )
    rows, columns = np.nonzero(wanted & (every >= np.float32(threshold)))
    order = np.lexsort((b, a))
    np.testing.assert_array_equal(a[order], rows)
    np.testing.assert_array_equal(b[order], columns)
    np.testing.assert_array_equal(similarity[order], every[rows, columns])
    assert 0 <= pruned <= wanted.sum() - len(rows)


def test_pictures_of_several_shapes_have_their_edges_too():
    rng = np.random.default_rng(2)
    pictures = [rng.integers(0, 256, (*shape, 3), dtype=np.uint8) for shape in ((5, 6), (9, 9), (4, 4), (9, 3))]
    chosen = METHODS["tm"]
    every = chosen.similarities(pictures, pictures)
    wanted = np.triu(np.ones((4, 4), np.bool_), 1)
    prepared = chosen.prepare(pictures)
    a, b, similarity, pruned = chosen.edges_above(prepared, prepared, 0.5, wanted=wanted)
    rows, columns = np.nonzero(wanted & (every >= np.float32(0.5)))
    np.testing.assert_array_equal(np.stack([a, b]), np.stack([rows, columns]))
    np.testing.assert_array_equal(similarity, every[rows, columns])
    assert pruned == 0


OTHER_PROCESSOR = """
import numpy as np
from icas_core.similarity.compiled import MATRIX_UNIT
from icas_core.similarity.kernels.registers import BY_TABLE, BYTES
from icas_core.similarity.registry import METHODS
assert (BY_TABLE, BYTES, MATRIX_UNIT) == EXPECTED
rng = np.random.default_rng(5)
sets = [rng.integers(0, 3, (count, 32), dtype=np.uint8) for count in (3, 40, 90)]
sets.append(~sets[0])
words = rng.integers(0, 2**63, (40, 4)).astype(np.uint64)
for match in ("lowe", "crosscheck"):
    print(METHODS["orb"].similarities(sets, sets, **METHODS["orb"].settled({"least": 1, "match": match})).tolist())
print(METHODS["imagehash"].similarities(words, words, hash_size=16, highfreq_factor=4).tolist())
"""


def without_matrix_unit() -> dict[str, str]:
    """This very processor, less what only the newest have."""
    from llvmlite import binding

    features = binding.get_host_cpu_features().flatten().split(",")
    kept = [feature.replace("+amx", "-amx") for feature in features]
    return {"NUMBA_CPU_NAME": binding.get_host_cpu_name(), "NUMBA_CPU_FEATURES": ",".join(kept)}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"NUMBA_CPU_NAME": "generic"}, (False, 32)),
        ({"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+popcnt"}, (True, 32)),
        (without_matrix_unit(), None),
    ],
    ids=["any", "haswell", "no matrix unit"],
)
def test_every_kind_of_processor_counts_the_same(settings, expected, tmp_path):
    from llvmlite import binding

    from icas_core.similarity.kernels.registers import BY_TABLE, BYTES

    if "haswell" in settings.values() and not binding.get_host_cpu_features().get("avx2"):
        pytest.skip("this processor has no AVX2")
    expected = (BY_TABLE, BYTES) if expected is None else expected
    environment = {**os.environ, **settings, "NUMBA_CACHE_DIR": str(tmp_path)}
    source = OTHER_PROCESSOR.replace("EXPECTED", str((*expected, False)))
    run = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    scope: dict = {"found": []}
    exec(
        OTHER_PROCESSOR.replace("assert (BY_TABLE, BYTES, MATRIX_UNIT) == EXPECTED", "").replace(
            "print(", "found.append("
        ),
        scope,
    )
    assert [line.strip() for line in run.stdout.splitlines()] == [str(values) for values in scope["found"]]
