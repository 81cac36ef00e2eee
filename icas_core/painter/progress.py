"""How far the pictures of a folder are, and which of them is opened next."""

from __future__ import annotations

from icas_core.annotations.annotation import State
from icas_core.annotations.store import AnnotationStore
from icas_core.errors import IcasError

_FINISHED = (State.DONE, State.EMPTY)


class Progress:
    """The pictures by name in their order: what is done, what is begun, what cannot be opened.

    notes: what there is to tell about annotations that cannot be read.
    """

    def __init__(self, names: list[str], store: AnnotationStore) -> None:
        self.names = names
        self.skipped: dict[str, str] = {}
        self.notes: list[str] = []
        self._states: dict[str, State] = {}
        for name in names:
            try:
                state = store.state(name)
            except IcasError as error:
                self.notes.append(str(error))
                continue
            if state is not None:
                self._states[name] = state

    @property
    def done(self) -> int:
        """How many pictures are done."""
        return sum(state in _FINISHED for state in self._states.values())

    @property
    def first(self) -> int:
        """The index of the first picture that is not done; of the first where all are."""
        return next(iter(self.left), 0)

    @property
    def left(self) -> list[int]:
        """The indices of the pictures that are not done and can be opened as far as is known."""
        return [
            index
            for index, name in enumerate(self.names)
            if self._states.get(name) not in _FINISHED and name not in self.skipped
        ]

    @property
    def line(self) -> str:
        """How many are done, begun and left."""
        begun = sum(state is State.UNFINISHED for state in self._states.values())
        total = len(self.names)
        return f"{self.done} of {total} pictures done, {begun} begun, {total - self.done - begun} left"

    def begun(self, name: str) -> bool:
        """Whether there is an annotation of a picture."""
        return name in self._states

    def mark(self, name: str, state: State) -> None:
        """Remember how far a picture is."""
        self._states[name] = state

    def skip(self, name: str, reason: str) -> bool:
        """Remember that a picture cannot be opened; whether that is new."""
        known = name in self.skipped
        self.skipped[name] = reason
        return not known

    def last(self, index: int) -> bool:
        """Whether no picture after this one can be opened as far as is known."""
        return all(name in self.skipped for name in self.names[index + 1 :])

    def beside(self, index: int, step: int) -> int | None:
        """The nearest picture that can be opened in the direction of `step`, else the last on the way; None: none."""
        left = [i for i, name in enumerate(self.names) if name not in self.skipped]
        ahead = [i for i in left if (i - index) * step > 0]
        if not left:
            return None
        return min(ahead, key=lambda i: abs(i - index)) if ahead else left[-1 if step > 0 else 0]
