"""`python -m icas_core.painter.measure`: what painting costs, on a picture of its own, without a window of the system.

Event to state: `Session.point` or `.key`. Event to screen: that, and the picture that the window shows. Opening the
windows, and what they cost while nothing is done, need a screen and are measured where there is one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from icas_core.annotations.classes import default_classes
from icas_core.painter.events import Event, Key, Pointer
from icas_core.painter.preparing import Method
from icas_core.painter.program import CLASSES, PICTURE, Program
from icas_core.painter.session import Options, Session

_SIZES = ((1920, 1080), (4000, 3000))
_SEGMENTS = 2000
_TIMES = 200


class Unseen:
    """Windows that nobody sees: they take pictures as OpenCV does, and show none."""

    def __init__(self) -> None:
        self.shown: dict[str, np.ndarray] = {}

    def open(self, name: str, size: tuple[int, int], at: tuple[int, int]) -> None:
        """Nothing is opened."""

    def show(self, name: str, picture: np.ndarray) -> None:
        """Copy the picture, as imshow does."""
        self.shown[name] = picture.copy()

    def unzoom(self, picture: np.ndarray) -> None:
        """Nothing is zoomed."""


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m icas_core.painter.measure", description=__doc__)
    parser.add_argument("--times", type=int, default=_TIMES, help="how often each action is done")
    given = parser.parse_args(arguments)
    print(f"{'picture':>12} {'action':<16} {'state p50':>10} {'p95':>7} {'screen p50':>11} {'p95':>7}  ms")
    for size in _SIZES:
        with TemporaryDirectory() as folder:
            _measure(size, Path(folder), given.times)
    if os.environ.get("DISPLAY"):
        _measure_windows()
    return 0


def _measure(size: tuple[int, int], folder: Path, times: int) -> None:
    random = np.random.default_rng(0)
    picture = random.integers(0, 255, (size[1] // 8, size[0] // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    (folder / "in").mkdir()
    Image.fromarray(picture).save(folder / "in" / "a.jpg")
    labels = _cells(picture.shape[:2])
    method = Method("graph", {}, None, lambda name: labels)
    session = Session(Options(folder / "in", ["a.jpg"], folder / "out", method, default_classes()))
    program = Program(session, Unseen(), None, None)  # type: ignore[arg-type]
    while session.state is None:
        program.draw()
        time.sleep(0.01)
    shown = f"{size[0]}×{size[1]}"
    for name, events in _actions(times).items():
        state, screen = _timed(program, events)
        figures = [np.percentile(each, at) * 1000 for each in (state, screen) for at in (50, 95)]
        print(f"{shown:>12} {name:<16} {figures[0]:>10.2f} {figures[1]:>7.2f} {figures[2]:>11.2f} {figures[3]:>7.2f}")
    steps = [len(step) for step in session.state.done + session.state.undone]
    print(f"{shown:>12} undo: {len(steps)} steps, median {np.median(steps):.0f} bytes, {sum(steps) / 1e6:.2f} MB")
    session.close()


def _cells(shape: tuple[int, int]) -> np.ndarray:
    """About _SEGMENTS segments with borders that are not straight."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    side = np.sqrt(shape[0] * shape[1] / _SEGMENTS)
    wave = side / 6
    down = ((rows + wave * np.sin(columns / side * 3)) / side).clip(0).astype(np.int32)
    across = ((columns + wave * np.sin(rows / side * 3)) / side).clip(0).astype(np.int32)
    return (down * (across.max() + 1) + across + 1).astype(np.int32)


def _actions(times: int) -> dict[str, Callable[[], Iterator[tuple[Event, ...]]]]:
    """Each kind of action: groups of events, of which the last one is timed."""
    random = np.random.default_rng(1)

    def places() -> list[tuple[int, int]]:
        return [(x, y) for x, y in random.integers((60, 60), (1120, 660), (times, 2)).tolist()]

    def clicks(button: str) -> Iterator[tuple[Event, ...]]:
        return (_click(button, at) for at in places())

    def sweeping() -> Iterator[tuple[Event, ...]]:
        yield (*_click("left", (590, 365)), Pointer(PICTURE, "double", "left", 590, 365))
        at = np.cumsum(random.integers(-25, 26, (times, 2)), axis=0) + np.array([590, 365])
        for x, y in np.clip(at, 60, 660).tolist():
            yield (Pointer(PICTURE, "move", "", x, y),)
        yield (Key("escape"),)

    def cuts() -> Iterator[tuple[Event, ...]]:
        for x, y in places():
            yield (Key("escape"), *_click("middle", (x, y)), *_click("middle", (x + 40, y + 25)))

    return {
        "fill": lambda: clicks("left"),
        "unfill": lambda: clicks("right"),
        "continuous fill": sweeping,
        "cut": cuts,
        "undo": lambda: iter([(Key("z"),)] * times),
    }


def _click(button: str, at: tuple[int, int]) -> tuple[Event, ...]:
    # The release changes nothing and comes first, so that the press is what is timed.
    return Pointer(PICTURE, "up", button, *at), Pointer(PICTURE, "down", button, *at)


def _timed(program: Program, actions: Callable[[], Iterator[tuple[Event, ...]]]) -> tuple[list[float], list[float]]:
    state, screen = [], []
    for events in actions():
        for event in events[:-1]:
            program.act(event)
        program.draw()
        start = time.perf_counter()
        program.act(events[-1])
        acted = time.perf_counter()
        program.draw()
        state.append(acted - start)
        screen.append(time.perf_counter() - start)
        time.sleep(0.02)  # no hand is quicker
    return state, screen


def _measure_windows() -> None:
    """CPU seconds until the windows are open, and what they cost while nothing is done."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "in").mkdir()
        Image.fromarray(np.zeros((1080, 1920, 3), np.uint8)).save(Path(folder) / "in" / "a.png")
        child = subprocess.Popen([sys.executable, "-m", "icas_core.painter", f"{folder}/in", "--method", "graph"])
        began, first = time.monotonic(), None
        while time.monotonic() - began < 15:
            if first is None and _opened(CLASSES):
                first = _spent(child.pid)
            if time.monotonic() - began > 10:
                break
            time.sleep(0.02)
        before = _spent(child.pid)
        time.sleep(10)
        idle = (_spent(child.pid) - before) / 10
        child.terminate()
        child.wait()
    print(f"first window after {first if first is not None else float('nan'):.2f} CPU-s; idle {idle:.1%} of a core")


def _opened(title: str) -> bool:
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"], capture_output=True)
    return found.returncode == 0


def _spent(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(main())
