"""What opening the windows costs, and what they cost while nothing is done: the CPU seconds of the real program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from icas_core.painter.display import CLASSES

_LONGEST, _IDLE = 30.0, 10.0  # seconds until the windows are open, and of doing nothing


def measured_windows(size: tuple[int, int]) -> None:
    """Print both for a picture of this size (width, height); where there is no screen and none can be made, say so."""
    if shutil.which("xdotool") is None or not (os.environ.get("DISPLAY") or shutil.which("Xvfb")):
        print("windows: not measured, needs xdotool, and DISPLAY or Xvfb")
        return
    with _screen() as display, TemporaryDirectory() as folder:
        (Path(folder) / "in").mkdir()
        random = np.random.default_rng(0)
        picture = random.integers(0, 255, (size[1] // 40, size[0] // 40, 3), np.uint8).repeat(40, 0).repeat(40, 1)
        Image.fromarray(picture).save(Path(folder) / "in" / "a.jpg")
        child = subprocess.Popen(
            [sys.executable, "-m", "icas_core.painter", f"{folder}/in", "--method", "superpixel"],
            env={**os.environ, "DISPLAY": display},
            stderr=subprocess.DEVNULL,
        )
        try:
            first, idle = _watched(child.pid, display)
        finally:
            child.terminate()
            child.wait()
    print(f"{size[0]}×{size[1]} first window after {first:.2f} CPU-s; idle {idle:.1%} of a core")


def _watched(pid: int, display: str) -> tuple[float, float]:
    """CPU seconds until the windows are open, and the share of a core once the picture is ready."""
    end = time.monotonic() + _LONGEST
    while not _opened(display):
        if time.monotonic() > end:
            return float("nan"), float("nan")
        time.sleep(0.02)
    first = spent = _spent(pid)
    while time.monotonic() < end:  # until the picture is cut into segments
        time.sleep(2)
        before, spent = spent, _spent(pid)
        if spent - before < 0.2:
            break
    time.sleep(_IDLE)
    return first, (_spent(pid) - spent) / _IDLE


@contextmanager
def _screen() -> Iterator[str]:
    """The screen's name; a virtual one where there is none."""
    if os.environ.get("DISPLAY"):
        yield os.environ["DISPLAY"]
        return
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def _opened(display: str) -> bool:
    found = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", f"^{CLASSES}$"],
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
    )
    return found.returncode == 0


def _spent(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
