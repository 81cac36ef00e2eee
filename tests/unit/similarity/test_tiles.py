from __future__ import annotations

import numpy as np
import pytest

from icas_core.similarity import prepared
from icas_core.similarity.prepared import PreparedStacks
from icas_core.similarity.tiles import tiles_of


@pytest.mark.parametrize(("n", "m"), [(0, None), (1, None), (100, None), (257, None), (60, 35), (7, 200), (0, 9)])
@pytest.mark.parametrize("kept", [1, 3])
@pytest.mark.parametrize("halved", [False, True])
def test_tiles_cover_every_pair_once(n, m, kept, halved):
    times = np.zeros((n, n if m is None else m), int)
    for a0, a1, b0, b1 in tiles_of(n, m, rows=16, kept=kept, halved=halved):
        assert a1 - a0 <= 16
        assert b1 - b0 <= 16
        times[a0:a1, b0:b1] += 1
    wanted = np.triu(np.ones((n, n), int), 1) if m is None else np.ones((n, m), int)
    assert (times[wanted == 1] == 1).all()


def test_a_prepared_stack_is_made_once_while_there_is_room(monkeypatch):
    monkeypatch.setattr(prepared, "KEPT_BYTES", 250)
    made: list[str] = []

    def make(name: str) -> np.ndarray:
        made.append(name)
        return np.zeros(100, np.uint8)

    stacks = PreparedStacks()
    for name in "aabacabb":
        stacks.of(name, lambda name=name: make(name))
    # c pushes b out, since a was used after it.
    assert made == ["a", "b", "c", "b"]
