"""A virtual screen, and a person at it: pointer and keys by xdotool, what is seen by the screen's own pixels.

Positions are pixels of the picture; `Painter.at` says where in the window they are seen.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from Xlib import XK, X
from Xlib.display import Display
from Xlib.error import BadWindow
from Xlib.ext import xtest

from icas_core.annotations.annotation import Annotation
from icas_core.annotations.store import AnnotationStore
from icas_core.errors import IcasError
from icas_core.painter.overlay import STATUS_HEIGHT
from icas_core.painter.viewport import Viewport

ROOT = Path(__file__).parents[2]
COLUMNS, ROWS, SIDE = 6, 4, 80
# Where the program opens its picture window, and how large.
CANVAS, CORNER = (1180, 760), (20, 40)
# Segments that are the blocks, without strips along their edges.
EXACT = ("--method", "graph", "--parameter", "sigma=0.1", "--parameter", "smallest=20")
DOUBLE = 0.45  # two clicks within 0.4 seconds are a double click


def missing() -> str | None:
    """What this machine lacks to test windows."""
    absent = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    return f"needs {', '.join(absent)} (tests/system_packages.sh)" if absent else None


class Screen:
    """A screen of 1600 × 1000 pixels that nobody sees."""

    def __init__(self) -> None:
        read, write = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
            pass_fds=[write],
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as answer:
            self.name = f":{answer.readline().strip()}"
        self.display = Display(self.name)

    def do(self, *words: object) -> None:
        """Let the person at the screen do something, in xdotool's words."""
        subprocess.run(
            ["xdotool", *map(str, words)], env={**os.environ, "DISPLAY": self.name}, check=True, capture_output=True
        )

    def burst(self, at: tuple[int, int], count: int) -> list[str]:
        """Click and press keys that mean nothing, as fast as the screen takes them; gives what was done, in order."""
        codes = {name: self.display.keysym_to_keycode(XK.string_to_keysym(name)) for name in "jkl"}
        did = []
        for turn in range(count):
            name = ("left", "j", "right", "k", "l")[turn % 5]
            if name in codes:
                for kind in (X.KeyPress, X.KeyRelease):
                    xtest.fake_input(self.display, kind, codes[name])
            else:
                xtest.fake_input(self.display, X.MotionNotify, x=at[0] + turn % 37, y=at[1])
                for kind in (X.ButtonPress, X.ButtonRelease):
                    xtest.fake_input(self.display, kind, 1 if name == "left" else 3)
            self.display.sync()
            did.append(name)
        return did

    def hasty(
        self, at: tuple[int, int], what: int | str, *, times: int = 1, through: Sequence[tuple[int, int]] = ()
    ) -> None:
        """Press a button, or a key by its name, there, as fast as the screen takes it; through: dragged there."""
        xtest.fake_input(self.display, X.MotionNotify, x=at[0], y=at[1])
        down, up, code = X.ButtonPress, X.ButtonRelease, what
        if isinstance(what, str):
            down, up, code = X.KeyPress, X.KeyRelease, self.display.keysym_to_keycode(XK.string_to_keysym(what))
        for _ in range(times):
            xtest.fake_input(self.display, down, code)
            for x, y in through:
                xtest.fake_input(self.display, X.MotionNotify, x=x, y=y)
            xtest.fake_input(self.display, up, code)
        self.display.sync()

    def try_on(self, title: str, do: Callable[[str], None]) -> None:
        """Do something to a window if it is there."""
        if title in self.windows():
            with suppress(KeyError, BadWindow):
                do(title)

    def pixels(self, left: int, top: int, right: int, bottom: int) -> np.ndarray:
        """What is seen inside a rectangle: (height, width, 3) uint8 RGB."""
        width, height = right - left, bottom - top
        raw = self.display.screen().root.get_image(left, top, width, height, X.ZPixmap, 0xFFFFFFFF)
        return np.frombuffer(raw.data, np.uint8).reshape(height, width, 4)[:, :, 2::-1]

    def windows(self) -> dict[str, object]:
        """The windows by their titles."""
        found = {}
        for child in self.display.screen().root.query_tree().children:
            with suppress(BadWindow):  # closed meanwhile
                if (name := _title(child)) and _mapped(child):
                    found[name] = child
        return found

    def close_window(self, title: str) -> None:
        """Close a window as its frame's button does."""
        from Xlib.protocol.event import ClientMessage

        window = self.windows()[title]
        atom = self.display.intern_atom
        event = ClientMessage(
            window=window, client_type=atom("WM_PROTOCOLS"), data=(32, [atom("WM_DELETE_WINDOW"), 0, 0, 0, 0])
        )
        window.send_event(event)  # type: ignore[attr-defined]
        self.display.sync()

    def resize(self, title: str, width: int, height: int) -> None:
        """Give a window another size."""
        self.windows()[title].configure(width=width, height=height)  # type: ignore[attr-defined]
        self.display.sync()

    def end(self) -> None:
        """Switch the screen off."""
        self.display.close()
        self._server.terminate()
        self._server.wait()


class Painter:
    """The real program in its windows on a screen.

    What is done comes at the program's own pace: nothing here waits for it but `settle`, and what a test waits for.
    """

    process: subprocess.Popen[bytes]

    def __init__(self, screen: Screen, folder: Path, *arguments: object, start: bool = True) -> None:
        self.screen, self.folder = screen, folder
        self.annotations = folder.with_name(f"{folder.name}_segmented")
        self.log = folder.with_name(f"{folder.name}.log")
        self.record = folder.with_name(f"{folder.name}.events")
        self.canvas, self.corner = CANVAS, CORNER
        self.viewport: Viewport | None = None
        self._last: tuple[float, object] = (0.0, None)
        self._marks = 0
        self.record.unlink(missing_ok=True)
        if start:
            self._start(arguments)

    def _start(self, arguments: tuple[object, ...]) -> None:
        command = [sys.executable, "-m", "icas_core.painter", str(self.folder), "--record", str(self.record)]
        command += [] if "--method" in arguments else EXACT
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [*command, *map(str, arguments)],
                cwd=ROOT,
                env={**os.environ, "DISPLAY": self.screen.name},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def look_at(self, width: int = COLUMNS * SIDE, height: int = ROWS * SIDE) -> None:
        """Expect a picture of this size, fitted."""
        self.viewport = Viewport((width, height), (self.canvas[0], self.canvas[1] - STATUS_HEIGHT))

    def opened(self, *, outlined: bool = True) -> Painter:
        """Wait until the windows are there and the first picture's segments are outlined; then look at it.

        outlined: false for a picture that is not of blocks; then until something is seen.
        """
        self.look_at()
        until(lambda: self.process.poll() is not None or "icas classes" in self.screen.windows(), 60)
        assert self.process.poll() is None, self.said()
        seen = self.corner[0] + 300, self.corner[1] + 200
        until(self.outlined if outlined else lambda: self.window(*seen, seen[0] + 99, seen[1] + 99).std() > 5, 60)
        self.move(middle(COLUMNS - 1, ROWS - 1))  # where the pointer is, the keys go
        return self

    def outlined(self) -> bool:
        """Whether segments are outlined: a block's edge is brighter than its middle."""
        x, y = self.at(SIDE - 0.5, SIDE // 2)
        across = self.window(x - 3, y, x + 4, y + 1).sum(axis=2)[0]
        return bool(across.max() > across[0] + 60)

    def settle(self) -> None:
        """Wait until the program has acted on everything done so far: a key that means nothing here comes after it."""
        self._marks += 1
        self.press("x")
        until(lambda: sum(each["name"] == "x" for each in self.events("key")) == self._marks)

    def nothing_painted(self) -> Painter:
        """The first picture with nothing painted, in class 1, shown whole."""
        self.look_at()
        self.move(middle(COLUMNS - 1, ROWS - 1))
        self.press("Escape", "1", "0", "r")
        self.settle()
        until(lambda: self.annotation() is None or self.classes() == only())
        blocks = [(column, row) for column in range(COLUMNS) for row in range(ROWS)]
        # What is on disk may not be on the screen yet.
        until(lambda: all(self.seen(*middle(*block)) == colour_of(*block) for block in blocks))
        return self

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """What the program has acted on: pointer events of these kinds, and `key`."""
        found = [json.loads(line) for line in self.record.read_text().splitlines()[1:] if line.endswith("}")]
        return [each for each in found if each.get("kind", each["event"]) in kinds]

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Where on the screen a pixel of the picture is seen."""
        assert self.viewport is not None
        column, row = self.viewport.to_canvas(x, y)
        return column + self.corner[0], row + self.corner[1]

    def click(self, x: float, y: float, button: int = 1, *, times: int = 1) -> None:
        """Click; in one place not so soon after the last click that it would be a double click."""
        last, where = self._last
        if where == (button, x, y):
            time.sleep(max(0.0, last + DOUBLE - time.monotonic()))
        self.screen.do("mousemove", *self.at(x, y), "click", "--repeat", times, "--delay", 20, button)
        self._last = time.monotonic(), (button, x, y)

    def double_click(self, x: float, y: float, button: int = 1) -> None:
        self.click(x, y, button, times=2)

    def move(self, *points: tuple[float, float]) -> None:
        for point in points:
            self.screen.do("mousemove", *self.at(*point))

    def drag(self, *points: tuple[float, float], button: int = 1, key: str | None = None) -> None:
        """Press at the first point, pass the others, release at the last; with a key held."""
        words: list[object] = ["keydown", key] if key else []
        words += ["mousemove", *self.at(*points[0]), "mousedown", button]
        for point in points[1:]:
            # A screen tells of the last of several places at once only; a hand takes its time.
            words += ["sleep", "0.03", "mousemove", *self.at(*point)]
        words += ["sleep", "0.03", "mouseup", button]
        self.screen.do(*words, *(["keyup", key] if key else []))
        self._last = time.monotonic(), (button, *points[0])

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as fast as they come."""
        self.screen.do("key", "--delay", 0, *keys)

    def seen(self, x: float, y: float) -> tuple[int, int, int]:
        """The colour seen at a pixel of the picture."""
        column, row = self.at(x, y)
        red, green, blue = self.screen.pixels(column, row, column + 1, row + 1)[0, 0].tolist()
        return red, green, blue

    def window(self, left: int, top: int, right: int, bottom: int) -> np.ndarray:
        """The screen's pixels inside a rectangle."""
        return self.screen.pixels(left, top, right, bottom).astype(int)

    def annotation(self, name: str = "a.png") -> Annotation | None:
        try:
            return AnnotationStore(self.annotations).read(name)
        except IcasError:  # is being written
            return None

    def classes(self, name: str = "a.png") -> list[list[int]]:
        """The class in the middle of every block, row by row, as the files have it."""
        found = self.annotation(name)
        half = SIDE // 2
        return [] if found is None else found.classes[half::SIDE, half::SIDE].tolist()

    def said(self) -> str:
        return self.log.read_text()

    def ended(self) -> int:
        return self.process.wait(60)

    def quit(self) -> None:
        """Quit; and see that it ended well."""
        if self.process.poll() is None:
            self.press("q")
            try:
                self.ended()
            except subprocess.TimeoutExpired:
                self.kill()
        assert self.process.returncode == 0, self.said()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until a condition holds; AssertionError if it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def colour_of(column: int, row: int, shade: int = 0) -> tuple[int, int, int]:
    """The colour of a block."""
    return 60 + 30 * column, 60 + 45 * row, 200 - 60 * ((column + row) % 3) - shade


def blocks_picture(shade: int = 0) -> np.ndarray:
    """A picture of 6 × 4 blocks that every method finds."""
    picture = np.zeros((ROWS * SIDE, COLUMNS * SIDE, 3), np.uint8)
    for row in range(ROWS):
        for column in range(COLUMNS):
            colour = colour_of(column, row, shade)
            picture[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = colour
    return picture


def write_pictures(folder: Path, *names: str) -> Path:
    """Write pictures of blocks."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.fromarray(blocks_picture(10 * number)).save(folder / name)
    return folder


def middle(column: int, row: int) -> tuple[int, int]:
    """The middle of a block."""
    return column * SIDE + SIDE // 2, row * SIDE + SIDE // 2


def only(*painted: tuple[int, int], class_id: int = 1) -> list[list[int]]:
    """The classes of all blocks when these (column, row) are painted and no others."""
    return [[class_id if (column, row) in painted else 0 for column in range(COLUMNS)] for row in range(ROWS)]


def _title(window: object) -> str | None:
    name = window.get_wm_name()  # type: ignore[attr-defined]
    return name.decode() if isinstance(name, bytes) else name


def _mapped(window: object) -> bool:
    return window.get_attributes().map_state == X.IsViewable  # type: ignore[attr-defined]
