"""`python -m icas_core.painter.measure`: what painting costs, on pictures of its own.

Event to state: `Session.point` or `.key`. Event to screen: that, and the picture that the window shows, which nobody
sees. Undo: the steps as the session keeps them, and what the whole process holds more after them. Opening the windows,
and what they cost while nothing is done: the program's own CPU seconds, on the screen or else on a virtual one.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from icas_core.annotations.classes import default_classes
from icas_core.painter.display import PICTURE
from icas_core.painter.events import Event, Key, Pointer
from icas_core.painter.measure_windows import measured_windows
from icas_core.painter.options import Options
from icas_core.painter.preparing import Method
from icas_core.painter.program import Program
from icas_core.painter.session import Session

_SIZES = ((1920, 1080), (4000, 3000))
_SEGMENTS = 2000
_TIMES, _STEPS = 200, 1000
# Milliseconds that 95 of 100 events stay below on the smaller picture, twice that on the larger: state, screen.
_BOUNDS = (5, 33)
_APART = 24  # pixels of the canvas between two places: a segment is about 23 wide


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


@dataclass(frozen=True)
class Undo:
    """What undo takes: steps, the median bytes of one, all of them, and what the process holds more after them."""

    steps: int
    median: float
    total: int
    grown: int


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m icas_core.painter.measure", description=__doc__)
    parser.add_argument("--times", type=int, default=_TIMES, help="how often each action is done")
    parser.add_argument("--steps", type=int, default=_STEPS, help="how many steps are kept for undo")
    given = parser.parse_args(arguments)
    print("milliseconds by the clock  state p50     p95   screen p50     p95")
    for size in _SIZES:
        with TemporaryDirectory() as folder:
            _print_actions(size, Path(folder), given.times)
    for size in _SIZES:
        with TemporaryDirectory() as folder:
            _print_undo(size, measured_undo(size, Path(folder), given.steps))
    for size in _SIZES:
        measured_windows(size)
    return 0


def _print_actions(size: tuple[int, int], folder: Path, times: int) -> None:
    program = _program(size, folder)
    for name, events in _actions(times).items():
        times_taken = _timed(program, events)
        figures = [float(np.percentile(each, at)) * 1000 for each in times_taken for at in (50, 95)]
        bounds = [bound * (1 if size == _SIZES[0] else 2) for bound in _BOUNDS]
        kept = all(figure <= bound for figure, bound in zip(figures[1::2], bounds, strict=True))
        print(
            f"{_shown(size)} {name:<16} {figures[0]:>9.2f} {figures[1]:>7.2f} {figures[2]:>12.2f} {figures[3]:>7.2f}"
            f"   {'within' if kept else 'ABOVE'} {bounds[0]} / {bounds[1]}"
        )
    program.session.close()


def _print_undo(size: tuple[int, int], undo: Undo) -> None:
    print(
        f"{_shown(size)} undo: {undo.steps} steps, median {undo.median:.0f} bytes, {undo.total / 1e6:.2f} MB in all; "
        f"the process holds {undo.grown / 1e6:.1f} MB more"
    )


def _shown(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"


def _program(size: tuple[int, int], folder: Path) -> Program:
    """The program over one picture of this size, ready."""
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
    return program


def measured_undo(size: tuple[int, int], folder: Path, steps: int = _STEPS) -> Undo:
    """Do so many steps of every kind in a real session, and measure what it keeps of them."""
    program = _program(size, folder)
    done: tuple[bytes, ...] = ()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for event in _every_kind():
        program.act(event)
        done = program.session.state.done if program.session.state is not None else ()
        if len(done) >= steps:
            break
    program.session.saver.flush()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    sizes = [sys.getsizeof(step) for step in done]
    program.session.close()
    return Undo(len(sizes), float(np.median(sizes)), sum(sizes), grown)


def _every_kind() -> Iterator[Event]:
    """Fills, unfills, passes, cuts and brush strokes for ever."""
    random = np.random.default_rng(2)
    places = np.array(_places())
    while True:
        one, other, third = random.choice(places, 3).tolist()
        yield Key(str(random.integers(1, 10)))
        yield from (*_click("left", one), *_click("right", other))
        yield from (*_click("left", one), Pointer(PICTURE, "double", "left", *one))
        yield from (Pointer(PICTURE, "move", "", third[0], third[1]), Key("escape"))
        for at in (one, (one[0] + 40, one[1] + 25), (one[0] + 10, one[1] + 60)):
            yield from _click("middle", at)
        yield from (Key("escape"), Key("b"), Pointer(PICTURE, "down", "left", *other))
        yield from (Pointer(PICTURE, "move", "", other[0] + 80, other[1] + 9), Pointer(PICTURE, "up", "left", *other))
        yield Key("b")


def _cells(shape: tuple[int, int]) -> np.ndarray:
    """About _SEGMENTS segments with borders that are not straight."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    side = np.sqrt(shape[0] * shape[1] / _SEGMENTS)
    wave = side / 6
    down = ((rows + wave * np.sin(columns / side * 3)) / side).clip(0).astype(np.int32)
    across = ((columns + wave * np.sin(rows / side * 3)) / side).clip(0).astype(np.int32)
    return (down * (across.max() + 1) + across + 1).astype(np.int32)


def _places() -> list[tuple[int, int]]:
    """Places of the canvas in which a picture of either shape is seen, each in another segment, row by row."""
    return [(x, y) for y in range(60, 660, _APART) for x in range(130, 1050, _APART)]


def _actions(times: int) -> dict[str, Callable[[], Iterator[tuple[Event, ...]]]]:
    """Each kind of action: groups of events, of which the last one is timed."""
    places = np.random.default_rng(1).permutation(_places())[:times].tolist()

    def clicks(button: str) -> Iterator[tuple[Event, ...]]:
        return (_click(button, at) for at in places)

    def sweeping() -> Iterator[tuple[Event, ...]]:
        first, *others = islice(_places(), times + 1)
        yield (*_click("left", first), Pointer(PICTURE, "double", "left", *first))
        for x, y in others:
            yield (Pointer(PICTURE, "move", "", x, y),)
        yield (Key("escape"),)

    def cuts() -> Iterator[tuple[Event, ...]]:
        for x, y in places:
            yield (Key("escape"), *_click("middle", (x, y)), *_click("middle", (x + 40, y + 25)))

    return {
        "fill": lambda: clicks("left"),
        "unfill": lambda: clicks("right"),
        "continuous fill": sweeping,
        "cut": cuts,
        "undo of a cut": lambda: iter([(Key("z"),)] * times),
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


if __name__ == "__main__":
    raise SystemExit(main())
