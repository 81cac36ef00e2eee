from __future__ import annotations

from threading import Barrier
from time import sleep

import numpy as np
import pytest

from icas_core.similarity import prepared
from icas_core.similarity.prepared import PreparedStacks
from icas_core.similarity.tiles import in_threads, rows_to_share, tiles_of


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


def test_a_stack_that_several_threads_need_at_once_is_made_by_one_of_them():
    made: list[int] = []
    together = Barrier(4, timeout=30)
    stacks = PreparedStacks()

    def make() -> np.ndarray:
        made.append(1)
        sleep(0.05)
        return np.zeros(100, np.uint8)

    def get(_: int) -> np.ndarray:
        together.wait()
        return stacks.of("a", make)

    found = list(in_threads(get, range(4), 4))
    assert len(made) == 1
    assert all(one is found[0] for one in found)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_each_thread_has_several_tiles_unless_they_would_be_tiny(threads):
    for n in (1, 60, 150, 1000, 100_000):
        rows = rows_to_share(n, 1280, threads)
        tiles = len(list(tiles_of(n, None, rows=rows, halved=False)))
        assert threads == 1 or rows <= 64 or tiles >= 4 * threads
        assert threads > 1 or rows == 1280


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_parts(threads):
    assert list(in_threads(lambda part: 2 * part, range(100), threads)) == list(range(0, 200, 2))
    assert list(in_threads(lambda part: 2 * part, [], threads)) == []
