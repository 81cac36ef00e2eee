"""The status line: where the person is, what there is to tell, and whether all is saved."""

from __future__ import annotations

from typing import NamedTuple

from icas_core.painter.session import Session
from icas_core.painter.viewport import Viewport

_LONGEST = 90  # characters of a reason


class Status(NamedTuple):
    """The left and the right side of the line; bad: the right one is to be heeded."""

    left: str
    right: str
    bad: bool


def status_of(session: Session, viewport: Viewport | None) -> Status:
    """The line for a session as it is looked at."""
    saver, state, prompting = session.saver, session.state, session.prompting
    left = f"{session.name}   {session.index + 1} of {len(session.options.names)}, {session.progress.done} done"
    if state is None:
        left += "   getting the segments ready …" if session.picture is not None else "   opening …"
    if viewport is not None and viewport.zoom > 1:
        left += f"   zoom {viewport.zoom:.1f}"
    note = session.hand.message or (prompting.busy or prompting.note if prompting is not None else "")
    note = note or (state.note if state is not None else "")
    note = note or ("not done any more: space writes its masks" if session.outdated else "")
    if note:
        left += f"   {note}"
    error = saver.error
    if saver.unsaved or error:
        return Status(left, ("UNSAVED: " if saver.unsaved else "") + _short(error), True)
    kept = session.progress.begun(session.name)
    return Status(left, ("saving …" if saver.busy else "saved" if kept else "") + "   h: help", False)


def _short(text: str) -> str:
    return text if len(text) < _LONGEST else text[: _LONGEST - 2] + " …"
