"""The measurement runs, every action that it times does something, and undo takes little memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from icas_core.painter.measure import _actions, _program, measured_undo


def test_every_action_that_is_timed_is_a_step(tmp_path: Path) -> None:
    program = _program((1920, 1080), tmp_path)
    for name, groups in _actions(6).items():
        for events in groups():
            for event in events[:-1]:
                program.act(event)
            before = program.session.state
            program.act(events[-1])
            assert program.session.state is not before or name == "continuous fill", name
            assert before is not None
            assert program.session.state is not None
            changed = program.session.state.painting is not before.painting
            assert changed or events[-1].__class__.__name__ == "Key", name
    program.session.close()


@pytest.mark.alone
def test_a_step_takes_a_kilobyte_at_most_and_a_thousand_64_megabytes(tmp_path: Path) -> None:
    undo = measured_undo((1920, 1080), tmp_path)
    assert undo.steps == 1000
    assert undo.median <= 1000
    assert undo.total <= 64e6
    assert undo.grown <= 64e6
