"""Draw how far the running jobs are on the last line of Snakemake's own terminal.

The jobs (processes here or on other machines) publish their states as `<output>/.progress/<rule>.<batch>.json`
(`icas_core.logs.progress`). A thread of the main process adds them up and draws one line; Snakemake's log
handlers are wrapped so that the line is gone while they write.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

_DRAW_EVERY = 0.25
_WIDEST = 120
_NARROWEST_BAR = 8
_WIPE = "\r\x1b[J"


@dataclass(frozen=True)
class State:
    """How far one job is: `done` of `total` units; `left` is the job's own estimate in seconds, or None."""

    rule: str
    part: str
    unit: str
    done: int
    total: int
    left: float | None


class States:
    """The states of the jobs that are alive, as published in a folder.

    A state that was there from the start, or that has not been written again for `stale_after` seconds,
    belongs to a job that was killed. Age is taken from our own clock: another machine's may differ.
    """

    def __init__(self, folder: Path, stale_after: float) -> None:
        self.folder, self.stale_after = folder, stale_after
        self._seen: dict[str, tuple[int, float]] = {}
        for name, (written, _) in self._read().items():
            self._seen[name] = written, float("-inf")

    def _read(self) -> dict[str, tuple[int, State]]:
        found = {}
        for file in sorted(self.folder.glob("[!.]*.json")):
            rule, _, part = file.stem.partition(".")
            try:
                told = json.loads(file.read_text(encoding="utf-8"))
                state = State(rule, part, str(told["unit"]), int(told["done"]), int(told["total"]), told["left"])
                found[file.name] = int(told["written"]), state
            except (OSError, ValueError, KeyError, TypeError):
                continue  # ended between the listing and the reading
        return found

    def alive(self, now: float) -> list[State]:
        """Give the states of the jobs that wrote lately; `now` is a reading of `time.monotonic`."""
        alive = []
        for name, (written, state) in self._read().items():
            if name not in self._seen or self._seen[name][0] != written:
                self._seen[name] = written, now
            if now - self._seen[name][1] < self.stale_after:
                alive.append(state)
        return alive

    def forget(self) -> None:
        """Remove what killed jobs have left in the folder, and the folder."""
        try:
            for file in [*self.folder.glob("*.json"), *self.folder.glob(".*.tmp")]:
                file.unlink(missing_ok=True)
            self.folder.rmdir()
        except OSError:
            pass  # not there, or a job of another machine is still writing


def progress_line(states: list[State], width: int, ascii_only: bool = False) -> str:
    """Give one line of at most `width` columns for all the jobs, those of one rule and unit added up."""
    groups: dict[tuple[str, str], list[State]] = {}
    for state in states:
        groups.setdefault((state.rule, state.unit), []).append(state)
    share = (width - 3 * (len(groups) - 1)) // max(len(groups), 1)
    return " | ".join(_bar(group, share, ascii_only) for group in groups.values())[: max(width, 0)]


def _bar(group: list[State], width: int, ascii_only: bool) -> str:
    """Draw the jobs of one rule; what does not fit beside a readable bar is left out, the counts first."""
    done, total = sum(state.done for state in group), max(sum(state.total for state in group), 1)
    name = f"{group[0].rule} {group[0].part}".strip() if len(group) == 1 else f"{group[0].rule} {len(group)} jobs"
    percent = f"{min(done / total, 1):.0%}"
    left = [state.left for state in group if state.left is not None]
    time_left = f" {tqdm.format_interval(max(left))} left" if left else ""
    for tail in (f"{done:,}/{total:,} {group[0].unit} {percent}{time_left}", percent + time_left, percent):
        if len(name) + len(tail) + 2 + _NARROWEST_BAR <= width:
            layout = f"{name} {{bar}} {tail}"
            return tqdm.format_meter(
                min(done, total), total, 1, ncols=width, ascii="-#" if ascii_only else "░█", bar_format=layout
            )
    return f"{name} {percent}"[: max(width, 0)]


class _Display:
    """The line on one terminal, the thread that draws it, and the log handlers that must not meet it."""

    def __init__(self, stream: TextIO, handlers: list[logging.Handler], states: States) -> None:
        self._stream, self._handlers, self._states = stream, handlers, states
        self._ascii_only = not _can_write(stream, "█")
        self._lock = threading.RLock()
        self._line = ""
        self._drawn = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def start(self) -> None:
        for handler in self._handlers:
            handler.__dict__["emit"] = self._clear_of_the_line(handler.emit)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(timeout=2)
        for handler in self._handlers:
            handler.__dict__.pop("emit", None)
        with self._lock:
            self._line = ""
            self._draw()

    def _clear_of_the_line(self, emit: Callable[[logging.LogRecord], None]) -> Callable[[logging.LogRecord], None]:
        def emit_on_a_clean_line(record: logging.LogRecord) -> None:
            with self._lock:
                self._wipe()
                emit(record)
                self._draw()

        return emit_on_a_clean_line

    def _run(self) -> None:
        while not self._ended.wait(_DRAW_EVERY):
            states = self._states.alive(time.monotonic())
            with self._lock:
                width = _width(self._stream)
                self._line = progress_line(states, min(width - 1, _WIDEST), self._ascii_only) if states else ""
                self._draw()

    def _draw(self) -> None:
        """Draw the line and leave the cursor at its start: a terminal that is made narrower folds the line
        into rows below the cursor, and wiping from the cursor on takes all of them away."""
        self._wipe()
        if self._line:
            self._write(f"{self._line}\r")
            self._drawn = True

    def _wipe(self) -> None:
        if self._drawn:
            self._write(_WIPE)
            self._drawn = False

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # the terminal is gone; the run goes on
            self._ended.set()


_display: _Display | None = None
_states: States | None = None


def show_progress(folder: str | Path, stale_after: float = 15.0) -> None:
    """Draw the progress published in `folder` until `stop_progress`; to be called in `onstart`.

    Draws nothing where Snakemake does not log to a terminal, where it was told to be quiet about progress
    (`--quiet`), or where its log handlers are not the ones known here (a logger plugin draws for itself).
    `stale_after` is the age in seconds from which a state counts as left behind by a killed job.
    """
    global _display, _states
    stop_progress()
    # Snakemake changes into its working directory before `onstart` and stays there.
    _states = States(Path(folder).absolute(), stale_after)
    handlers = _terminal_handlers()
    if handlers and os.environ.get("TERM") != "dumb":
        _display = _Display(handlers[0].stream, list(handlers), _states)
        _display.start()
    atexit.register(stop_progress)  # after Ctrl-C or a crash neither hook may run


def stop_progress() -> None:
    """Take the line away and clean up; to be called in `onsuccess` and `onerror`, harmless at any time."""
    global _display, _states
    display, states, _display, _states = _display, _states, None, None
    if display is not None:
        display.stop()
    if states is not None:
        states.forget()
    atexit.unregister(stop_progress)


def _terminal_handlers() -> list[logging.StreamHandler[TextIO]]:
    """Find the handlers through which Snakemake (9.x: ColorizingTextHandler on stderr) writes to a terminal."""
    found = []
    for handler in logging.getLogger("snakemake.logging").handlers:
        stream = getattr(handler, "stream", None)
        if isinstance(handler, logging.StreamHandler) and stream is not None and stream.isatty():
            if _is_quiet(handler):
                return []
            found.append(handler)
    return found


def _is_quiet(handler: logging.Handler) -> bool:
    topics = {getattr(topic, "name", "") for rule in handler.filters for topic in getattr(rule, "quiet", ())}
    return bool(topics & {"ALL", "PROGRESS"})


def _width(stream: TextIO) -> int:
    """Ask the terminal itself: COLUMNS does not follow a resize, and stdout may be a pipe."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return shutil.get_terminal_size().columns


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
