"""The window: events in, pictures out, until the person has chosen or left."""

from __future__ import annotations

from icas_core.painter.events import Event, Pointer
from icas_core.painter.window import Windows
from icas_core.threshold.choosing import Choosing
from icas_core.threshold.drawing import drawn
from icas_core.threshold.thumbnails import Thumbnails

NAME = "icas threshold"
_CORNER = (20, 40)


class Chooser:
    """Leads events to the state, and shows what came of them."""

    def __init__(self, state: Choosing, thumbnails: Thumbnails) -> None:
        self.state = state
        self._thumbnails = thumbnails
        self._windows = Windows()
        self._shown: tuple[Choosing, int] | None = None

    def run(self) -> Choosing:
        """Until the person has chosen or left; gives how."""
        self._windows.open(NAME, self.state.size, _CORNER)
        try:
            self._windows.run(self._act, self._draw, lambda: not self.state.outcome)
        finally:
            self._windows.close()
        return self.state

    def _act(self, event: Event) -> None:
        if isinstance(event, Pointer) and event.kind == "wheel":
            self._shown = None  # what the window zoomed by itself is taken back
        if not self.state.outcome:
            self.state = self.state.after(event)

    def _draw(self) -> None:
        now = (self.state, self._thumbnails.ready)
        if self._shown is not None and self._shown[0] is now[0] and self._shown[1] == now[1]:
            return
        self._shown = now
        canvas = drawn(self.state, self._thumbnails)
        self._windows.unzoom(canvas)
        self._windows.show(NAME, canvas)
