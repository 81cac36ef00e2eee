"""The measurement runs, and every action that it times does something."""

from __future__ import annotations

from pathlib import Path

import pytest

from icas_core.painter.measure import _measure


def test_every_action_is_timed_and_is_a_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _measure((640, 480), tmp_path, 6)
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[1] for row in rows[:5]] == ["fill", "unfill", "continuous", "cut", "undo"]
    assert int(rows[5].split()[2]) >= 12
