"""One screen for all tests of windows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.windows.screens import Screen, missing


@pytest.fixture(scope="session")
def screen() -> Iterator[Screen]:
    lacking = missing()
    if lacking:
        pytest.skip(lacking)
    there = Screen()
    yield there
    there.end()
