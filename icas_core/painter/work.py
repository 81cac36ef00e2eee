"""What takes longer than a person waits for: at most one job at a time, off the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


class Work:
    """The job under way; what comes of it is taken where `take` is called.

    submit: starts a function with its arguments in a thread.
    """

    def __init__(self, submit: Callable[..., Future[Any]]) -> None:
        self._submit = submit
        self._now: tuple[str, Future[Any], Callable[[Any], object]] | None = None

    @property
    def what(self) -> str:
        """The name of the job under way, empty where there is none."""
        return self._now[0] if self._now is not None else ""

    @property
    def ready(self) -> bool:
        """Whether a job has ended and waits to be taken."""
        return self._now is not None and self._now[1].done()

    def begin(self, what: str, then: Callable[[Any], object], job: Callable[..., Any], *arguments: Any) -> None:
        """Start a job by its name; `then` gets its result. One that is under way is dropped."""
        self._now = what, self._submit(job, *arguments), then

    def drop(self) -> None:
        """Take nothing of the job under way."""
        self._now = None

    def take(self) -> str:
        """Hand the result on; gives what there is to tell where the job failed."""
        if self._now is None or not self._now[1].done():
            return ""
        (what, future, then), self._now = self._now, None
        try:
            result = future.result()
        except Exception as error:  # noqa: BLE001 - a method that fails must not end the session
            return f"{what}: {error}"
        then(result)
        return ""
