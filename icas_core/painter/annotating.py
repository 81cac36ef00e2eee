"""Annotating the open picture by grabcut or Segment Anything, until its result becomes ordinary segments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from icas_core.painter.events import Pointer
from icas_core.painter.prompting import Prompting, grabcut_result, grabcut_step, sam_step
from icas_core.painter.work import Work
from icas_core.segmentation.prompts import Prompts

LOOK = "SAM's look at the picture"
_LOOKING = "SAM looks at the picture …"
_SAM_NOTE = "ready: middle drag a box, or click points, then space; h for help"
_GRABCUT_NOTE = "drag a rectangle with the middle button, then space; h for help"
_LARGEST = 100  # pixels, of grabcut's brush

# Segment Anything's objects by prompts (without any: all it finds), as labels with 0 elsewhere.
Predict = Callable[[np.ndarray, Prompts], np.ndarray]


class Annotating:
    """One picture's prompts and what was found by them.

    use: takes the (height, width) int32 labels that become segments, 0 elsewhere; leave: called when the person goes
    back to painting without them; tell: takes what there is to say.
    """

    def __init__(
        self,
        method: str,
        picture: np.ndarray,
        work: Work,
        *,
        predict: Predict | None,
        use: Callable[[np.ndarray], object],
        leave: Callable[[], object],
        tell: Callable[[str], object],
    ) -> None:
        self.prompting = Prompting(method, note=_GRABCUT_NOTE if method == "grabcut" else _SAM_NOTE)
        self._picture = picture
        self._work = work
        self._predict = predict
        self._use, self._leave, self._tell = use, leave, tell
        self._answer_then = False

    def look(self, embed: Callable[[np.ndarray], None]) -> None:
        """Let Segment Anything look at the picture. Nothing waits for it: prompts can be given meanwhile."""
        self._work.begin(LOOK, self._looked, embed, self._picture)
        self.prompting = replace(self.prompting, note=_LOOKING)

    def pointed(self, event: Pointer) -> None:
        """Something that the pointer did, in pixels of the picture."""
        self.prompting = self.prompting.pointed(event)

    def key(self, key: str) -> None:
        """A key while annotating."""
        prompting = self.prompting
        if key == "q":
            self._leave()
        elif prompting.busy:
            self._tell(f"{prompting.busy} is at work")
        elif key == "z":
            self.prompting = prompting.back()
        elif key == "r":
            self.prompting = prompting.reset()
        elif key in (",", "."):
            self.resize(prompting.radius + (2 if key == "." else -2))
        elif key == "space":
            self._answer()
        elif key == "f":
            self._hand_on()

    def resize(self, radius: int) -> None:
        """Another size for grabcut's brush."""
        self.prompting = replace(self.prompting, radius=min(max(radius, 1), _LARGEST))

    def idle(self) -> None:
        """The job under way has ended."""
        self.prompting = replace(self.prompting, busy="")

    def _answer(self) -> None:
        prompting, method = self.prompting, self.prompting.method
        before = prompting.found[0] if prompting.found else None
        if self._work.what == LOOK:
            self._answer_then = True
            self.prompting = replace(prompting, note=f"{_LOOKING}, then it answers")
        elif method == "grabcut":
            self._begin(method, self._found, grabcut_step, self._picture, prompting.prompts, before)
        elif self._predict is not None:
            self._begin(method, self._found, sam_step, self._predict, self._picture, prompting.prompts)

    def _hand_on(self) -> None:
        found = self.prompting.found
        if found is None:
            self._tell("nothing found yet: give prompts, then space")
        elif self.prompting.method == "grabcut":
            self._begin("grabcut", self._use, grabcut_result, self._picture, self.prompting.prompts, found[0])
        else:
            self._use(found[1])

    def _begin(self, what: str, then: Callable[[Any], object], job: Callable[..., Any], *arguments: Any) -> None:
        if self._work.what:
            self._tell(f"{self._work.what} is at work")
            return
        self._work.begin(what, then, job, *arguments)
        self._tell(f"{what} …")
        self.prompting = replace(self.prompting, busy=what, note="")

    def _found(self, found: tuple[Any, np.ndarray]) -> None:
        self.prompting = self.prompting.with_found(found, f"{self.prompting.method}: f hands it to painting")

    def _looked(self, _: object) -> None:
        """Segment Anything knows the picture now: answer what was asked meanwhile."""
        self.prompting = replace(self.prompting, note=_SAM_NOTE)
        if self._answer_then:
            self._answer_then = False
            self._answer()
