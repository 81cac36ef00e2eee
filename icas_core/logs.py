"""What a job tells while it runs: its log file, how far it is, and how it failed."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from icas_core.errors import IcasError, refusal_of
from icas_core.runner import end_with_runner
from icas_core.usage import usage_so_far

logger = logging.getLogger(__name__)

_TICK = 0.25  # seconds between two looks at the count: at most four small files a second
_HEARTBEAT = 2.0  # a published state is written again after this long, so that a slow job does not look dead
_LINE_EVERY = 5.0
_LINE_GAP = 0.5
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_CONTROLS_BUT_LINES = {code: text for code, text in _CONTROLS.items() if code not in (9, 10)}

_log: tuple[Path, logging.FileHandler] | None = None
_published: Progress | None = None


class _PlainLines(logging.Formatter):
    """Time stamp and message; names of files may hold control characters, which a log must not act upon."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the record's lines with every other control character spelt out, and its level from WARNING on."""
        level = f"{record.levelname} " if record.levelno >= logging.WARNING else ""
        text = f"{self.formatTime(record, '%Y-%m-%d %H:%M:%S')} {level}{super().format(record)}"
        return text.translate(_CONTROLS_BUT_LINES)


class _LogFile(logging.FileHandler):
    """A log file; that a disk is full is told once by the job that needs it, not again by each line lost here."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Leave out a line that cannot be written."""

    def close(self) -> None:
        """Close the file, whatever of it can no longer be written."""
        with suppress(OSError):
            super().close()


def log_to(path: str | Path | None) -> logging.Logger:
    """Send the project's log lines (INFO and above) and all warnings to a new file at `path`.

    A file of an earlier run is replaced; the file that is already open is kept. None leaves logging as it is.
    Each line is written at once. A path `<output>/logs/<rule>/<batch>.log` also makes `progress` publish its
    state as `<output>/.progress/<rule>.<batch>.json`.
    """
    global _log
    if path is not None and (_log is None or _log[0] != Path(path)):
        close_log()
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(path, mode="w", encoding="utf-8", errors="backslashreplace")
        handler.setFormatter(_PlainLines())
        logging.getLogger().addHandler(handler)
        logging.captureWarnings(True)
        _log = Path(path), handler
    logging.getLogger("icas_core").setLevel(logging.INFO)
    return logging.getLogger("icas_core")


def close_log() -> None:
    """End what `log_to` began."""
    global _log
    if _log is not None:
        logging.captureWarnings(False)
        logging.getLogger().removeHandler(_log[1])
        _log[1].close()
        _log = None


def progress_file(log: Path) -> Path | None:
    """Give the file where the job of this log publishes how far it is; None if no folder `logs` is in the path."""
    parts = log.with_suffix("").parts
    if "logs" not in parts[:-1]:
        return None
    last = len(parts) - 1 - parts[::-1].index("logs", 1)
    return Path(*parts[:last]) / ".progress" / f"{'.'.join(parts[last + 1 :])}.json"


def progress(total: int, what: str, unit: str = "pictures") -> Progress:
    """Make the progress of `total` steps, to be entered with `with` and moved on with `.advance(n)`."""
    return Progress(total, what, unit)


class Progress:
    """A count that tells how far it is: plain lines in the log, and its state for the terminal's bar.

    Lines come after each 10% or 5 s, more rarely in hours-long steps. Of several that are open at once in a job
    only the first publishes its state. Advancing from several threads is safe.
    """

    def __init__(self, total: int, what: str, unit: str = "pictures") -> None:
        self.total, self.what, self.unit, self.done = total, what, unit, 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="progress", daemon=True)
        self._began = self._line_at = self._written_at = time.monotonic()
        self._line_done = self._written_done = 0
        self._file: Path | None = None

    def advance(self, n: int = 1) -> None:
        """Count `n` more as done."""
        with self._lock:
            self.done += n

    def __enter__(self) -> Progress:
        global _published
        if _published is None and _log is not None:
            _published, self._file = self, progress_file(_log[0])
        self._began = self._line_at = self._written_at = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        global _published
        self._ended.set()
        self._thread.join()
        if _published is self:
            _published = None
        if self._file is not None:
            with suppress(OSError):
                self._file.unlink()
        if kind is None:
            logger.info("%s: %s %s in %s", self.what, f"{self.done:,}", self.unit, duration(self._elapsed()))
        else:
            logger.info("%s: stopped after %s of %s %s", self.what, f"{self.done:,}", f"{self.total:,}", self.unit)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def seconds_left(self) -> float | None:
        """Estimate the seconds to the end from the mean speed so far; None before anything is done."""
        return self._elapsed() / self.done * max(self.total - self.done, 0) if self.done else None

    def _tell(self) -> None:
        while not self._ended.wait(_TICK):
            now = time.monotonic()
            if self.done != self._written_done or now - self._written_at >= _HEARTBEAT:
                self._written_done, self._written_at = self.done, now
                self._publish()
            # A step of ten hours does not need thousands of lines.
            rare = max(_LINE_EVERY, self._elapsed() / 20)
            further = self.done - self._line_done >= max(self.total / 10, 1) and now - self._line_at >= _LINE_GAP
            if further or now - self._line_at >= rare:
                self._line_done, self._line_at = self.done, now
                self._log_line()

    def _log_line(self) -> None:
        left = self.seconds_left()
        tail = "" if left is None else f", {duration(left)} left"
        logger.info("%s: %s of %s %s%s", self.what, f"{self.done:,}", f"{self.total:,}", self.unit, tail)

    def _publish(self) -> None:
        """Replace the state file; a bar is never worth a failed job, so what the disk refuses is left out."""
        if self._file is None:
            return
        state = {"done": self.done, "total": self.total, "unit": self.unit, "left": self.seconds_left()}
        new = self._file.with_name(f".{self._file.stem}.tmp")
        try:
            new.parent.mkdir(parents=True, exist_ok=True)
            # Not `written_atomically`: nobody needs this file after a power cut, so no wait for the disk.
            new.write_text(json.dumps({**state, "written": time.time_ns()}), encoding="utf-8")
            os.replace(new, self._file)
        except OSError:
            logger.debug("progress not published", exc_info=True)


def duration(seconds: float) -> str:
    """Say a time as people do: "43 s", "5 min", "2 h 10 min"."""
    minutes = round(seconds / 60)
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def reporting_errors(main: Callable[[Any], None], job: Any) -> None:
    """Run a script's `main(job)` with its log open (`job.log[0]`, if there is one), and report how it failed.

    Everything that is printed meanwhile, by libraries in C as well, goes to the log. An IcasError ends the
    job with its one line in the log and on stderr, and so does a disk that refuses; any other exception leaves its
    traceback in the log and one line on stderr that names the log. Both end in SystemExit with code 1, Ctrl-C with 130.
    The process also ends when the one that runs the job does (see icas_core.runner).
    """
    end_with_runner()
    path = job.log[0] if job.log else None
    try:
        log_to(path)
        with _output_to_log():
            main(job)
        logger.info("%s", usage_so_far())
    except IcasError as error:
        _say(str(error).translate(_CONTROLS), logging.ERROR)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        _say("interrupted", logging.WARNING)
        raise SystemExit(130) from None
    except Exception as error:
        line = refusal_of(error)
        if line is None:
            if _log is None:
                raise
            line = f"{type(error).__name__}: {error}; the traceback is in {path}"
            logger.exception("%s", line)
            _say(line.translate(_CONTROLS))
        else:
            _say(line.translate(_CONTROLS), logging.ERROR)
        raise SystemExit(1) from None
    finally:
        close_log()
        # The process ends next: Python need not look through all that the libraries made for what could be freed.
        gc.freeze()


def _say(line: str, level: int | None = None) -> None:
    """Write one line on stderr, on a terminal first wiping the bar that may be drawn there, and into the log."""
    if _log is not None and level is not None:
        logger.log(level, line)
    sys.stderr.write(("\r\x1b[J" if sys.stderr.isatty() else "") + line + "\n")
    sys.stderr.flush()


@contextmanager
def _output_to_log() -> Iterator[None]:
    """Lead the file descriptors of stdout and stderr into the log, and back."""
    stream = _log[1].stream if _log is not None else None
    if stream is None:
        yield
        return
    sys.stdout.flush()
    sys.stderr.flush()
    kept = {number: os.dup(number) for number in (1, 2)}
    for number in kept:
        os.dup2(stream.fileno(), number)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, saved in kept.items():
            os.dup2(saved, number)
            os.close(saved)
