"""Choosing a threshold in a real window: judged by the pixels seen and by what comes out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icas_core.threshold.choosing import LEAST_SIZE, Choosing, Layout
from icas_core.threshold.command import Job, measured
from icas_core.threshold.curve import Curve
from icas_core.threshold.drawing import LINE
from icas_core.threshold.window import NAME
from tests.unit.threshold.conftest import sampled_job
from tests.windows.screens import ROOT, Screen, until
from tests.workflow.runs import Project, add_pictures, environment

CORNER, SIZE = (20, 40), (1180, 760)
DEFAULT = 0.64  # of sampled_job


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return sampled_job(tmp_path_factory.mktemp("choosing"), scenes=10)


@pytest.fixture(scope="module")
def curve(job: Job) -> Curve:
    return measured(job)


class Window:
    """The window on the screen, and a person at it."""

    def __init__(self, screen: Screen, curve: Curve) -> None:
        self.screen = screen
        self.layout: Layout = Choosing(curve, "ssim", DEFAULT, DEFAULT).layout

    def wait(self) -> None:
        """Until the line is seen at the default."""
        until(lambda: NAME in self.screen.windows(), 60)
        until(lambda: self.line() == self.layout.row_of(DEFAULT), 30)

    def resized(self, width: int, height: int) -> None:
        self.screen.resize(NAME, width, height)
        self.layout = replace(self.layout, size=(width, height))
        until(lambda: self.line() == self.layout.row_of(DEFAULT), 30)

    def at(self, threshold: float) -> tuple[int, int]:
        """Where on the screen a threshold is."""
        plot = self.layout.plot
        return CORNER[0] + (plot.left + plot.right) // 2, CORNER[1] + self.layout.row_of(threshold)

    def line(self) -> int | None:
        """The row of the window's pixels where the line is seen."""
        plot = self.layout.plot
        seen = self.screen.pixels(
            CORNER[0] + plot.left, CORNER[1] + plot.top, CORNER[0] + plot.right, CORNER[1] + plot.bottom
        )
        rows = np.flatnonzero((seen == LINE[::-1]).all(axis=2).mean(axis=1) > 0.9)
        return plot.top + int(rows[0]) if len(rows) == 1 else None

    def hover(self, threshold: float) -> float:
        """Move the pointer there and wait until the line has followed; gives the threshold of that row."""
        self.screen.do("mousemove", *self.at(threshold))
        row = self.layout.row_of(threshold)
        until(lambda: self.line() == row)
        return self.layout.threshold_at(row)

    def click(self, threshold: float) -> float:
        there = self.hover(threshold)
        self.screen.do("click", 1)
        return there

    def press(self, *keys: str) -> None:
        for key in keys:
            self.screen.do("key", key)

    def numbers(self) -> np.ndarray:
        """What the threshold gives, as seen beside the curve."""
        left, top = CORNER[0] + self.layout.plot.right + 1, CORNER[1] + self.layout.plot.top
        return self.screen.pixels(left, top, CORNER[0] + SIZE[0], top + 240).copy()

    def examples(self) -> np.ndarray:
        """The two rows of pairs, as seen."""
        top = CORNER[1] + self.layout.rows[0]
        return self.screen.pixels(CORNER[0], top, CORNER[0] + SIZE[0], CORNER[1] + SIZE[1]).copy()


@pytest.fixture
def window(screen: Screen, curve: Curve, job: Job) -> Iterator[tuple[Window, Callable[[], dict[str, Any]]]]:
    """The window over the sample, and what it answers once it has closed."""
    # The pointer must not be over the plot before the person puts it there.
    screen.do("mousemove", 1590, 990)
    process = subprocess.Popen(
        [sys.executable, "-m", "icas_core.threshold"],
        cwd=ROOT,
        env={**os.environ, "DISPLAY": screen.name},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(job)))
    process.stdin.close()
    process.stdin = None
    there = Window(screen, curve)
    there.wait()
    yield there, lambda: json.loads(process.communicate(timeout=30)[0])
    process.kill()
    process.wait()
    until(lambda: NAME not in screen.windows(), 30)


Asked = tuple[Window, Callable[[], dict[str, Any]]]


def test_hovering_moves_the_line_and_shows_other_pairs(window: Asked) -> None:
    there, answer = window
    seen = []
    for threshold in (0.9, 0.3, 0.1):
        there.hover(threshold)
        until(lambda: not any(np.array_equal(there.examples(), before) for before in seen))
        seen.append(there.examples())
    there.press("q")
    assert answer() == {"threshold": None}


def test_a_click_chooses_and_the_curve_is_kept_with_its_line(window: Asked, job: Job) -> None:
    there, answer = window
    picture = Path(f"{job.curve}.png").read_bytes()
    chosen = there.click(0.8)
    assert answer() == {"threshold": chosen}
    assert chosen == pytest.approx(0.8, abs=0.002)
    assert Path(f"{job.curve}.png").read_bytes() != picture


def test_enter_takes_the_line_that_was_hovered(window: Asked) -> None:
    there, answer = window
    hovered = there.hover(0.45)
    there.press("Return")
    assert answer() == {"threshold": hovered}


def test_arrow_keys_move_the_line_by_a_thousandth(window: Asked) -> None:
    there, answer = window
    there.hover(0.7)
    there.press("d")
    until(lambda: there.line() == there.layout.row_of(DEFAULT))
    for key in ("Up", "Up", "Up", "Down"):
        before = there.numbers()
        there.press(key)
        until(lambda before=before: not np.array_equal(there.numbers(), before))
    there.press("Return")
    assert answer() == {"threshold": 0.642}


def test_d_goes_back_to_the_default(window: Asked) -> None:
    there, answer = window
    there.hover(0.2)
    there.press("d")
    until(lambda: there.line() == there.layout.row_of(DEFAULT))
    there.press("Return")
    assert answer() == {"threshold": DEFAULT}


@pytest.mark.parametrize("way", ["Escape", "q", "close"])
def test_leaving_chooses_nothing(window: Asked, way: str) -> None:
    there, answer = window
    there.hover(0.9)
    if way == "close":
        there.screen.close_window(NAME)
    else:
        there.press(way)
    assert answer() == {"threshold": None}


def test_other_buttons_and_clicks_beside_the_curve_choose_nothing(window: Asked) -> None:
    there, answer = window
    there.hover(0.9)
    there.screen.do("click", 3, "click", 2)
    beside = CORNER[0] + 100, CORNER[1] + there.layout.rows[0] + 60
    there.screen.do("mousemove", *beside, "click", 1)
    hovered = there.hover(0.7)
    there.press("Return")
    assert answer() == {"threshold": hovered}


def test_the_wheel_zooms_nothing(window: Asked) -> None:
    there, answer = window
    there.hover(0.7)
    before = there.examples()
    there.screen.do("click", 4, "click", 4, "click", 5)
    hovered = there.hover(0.5)
    there.hover(0.7)
    until(lambda: np.array_equal(there.examples(), before))
    there.hover(0.5)
    there.press("Return")
    assert answer() == {"threshold": hovered}


def test_a_resized_window_is_drawn_anew_and_clicked_right(window: Asked) -> None:
    there, answer = window
    there.resized(LEAST_SIZE[0] + 180, LEAST_SIZE[1] + 100)
    chosen = there.click(0.75)
    assert answer() == {"threshold": chosen}


def test_a_run_waits_for_the_choice_and_goes_on_with_it(screen: Screen, tmp_path: Path) -> None:
    screen.do("mousemove", 1590, 990)
    project = Project(tmp_path / "project")
    add_pictures(project.pictures, scenes=10, copies=3)
    keys = {"threshold": "interactive", "threshold_sample": 30, "size": "[16,16]", "batch_transfer": "none"}
    keys |= {"method": "tm"}
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(
            project.command(**keys),
            cwd=project.folder,
            env={**environment(), "DISPLAY": screen.name},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    until(lambda: NAME in screen.windows(), 90)
    assert not (project.output / "ledger.parquet").exists(), "nothing runs before the choice"
    # Keys go to the window under the pointer; here it is beside the curve, so that the line stays at the default.
    screen.do("mousemove", CORNER[0] + 100, CORNER[1] + SIZE[1] - 20)
    until(lambda: _pressed(screen, "Return"), 60)
    assert process.wait(300) == 0, (tmp_path / "log").read_text()
    kept = (project.output / "threshold" / "tm.yaml").read_text()
    threshold = float(kept.split("threshold: ")[1].split()[0])
    again = project.run(**keys)
    assert again.ok, again.err
    assert not again.jobs, "chosen once is chosen for good"
    found = project.partition()
    by_number = Project(project.folder, output="by_number")
    same = by_number.run(**{**keys, "threshold": threshold})
    assert same.ok, same.err
    assert by_number.partition() == found


def _pressed(screen: Screen, key: str) -> bool:
    """Press a key until the window has closed: one that has just opened may not hear it yet."""
    if NAME in screen.windows():
        screen.do("key", key)
    return NAME not in screen.windows()
