"""One Slurm of two nodes of two processors each for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.slurm.nodes import Slurm, lacking, started


@pytest.fixture(scope="session")
def slurm() -> Iterator[Slurm]:
    """Start it once for all tests and end it after them; skipped where it cannot be had."""
    if reason := lacking():
        pytest.skip(reason)
    with started(nodes=2, processors=2) as running:
        yield running
