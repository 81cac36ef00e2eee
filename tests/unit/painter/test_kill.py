"""kill -9 in the midst of a recorded session: at most the last action is missing, and all is readable.

ICAS_KILLS sets how often it is killed.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from icas_core.annotations.annotation import Annotation
from icas_core.annotations.store import AnnotationStore
from icas_core.painter.events import Event, Pointer, Recorder
from icas_core.painter.painting import classes_by_pixel
from tests.unit.painter.test_session import SIDE, opened, pictures, ready

KILLS = int(os.environ.get("ICAS_KILLS", "5"))
ACTIONS = 80
# Plays a record back at a person's quickest pace and tells of each action once it is taken.
CHILD = """
import sys, time
from pathlib import Path
from icas_core.painter.events import recorded
from tests.unit.painter.test_session import opened, ready
session = opened(Path(sys.argv[1]), Path(sys.argv[2]))
ready(session)
for number, event in enumerate(recorded(Path(sys.argv[3]))[1]):
    session.point(event)
    print(number + 1, flush=True)
    time.sleep(0.004)
session.saver.flush()
print("end", flush=True)
time.sleep(60)
"""


def recorded_session(folder: Path, annotations: Path, record: Path) -> list[np.ndarray]:
    """Write a record in which every event is an action; gives what is painted before the first and after each."""
    session = opened(folder, annotations)
    ready(session)
    assert session.state is not None
    chance, recorder = random.Random(5), Recorder(record, {})
    painted = [classes_by_pixel(session.state.painting)]
    while len(painted) <= ACTIONS:
        at = chance.randrange(3 * SIDE), chance.randrange(2 * SIDE)
        event: Event = Pointer("icas", "down", chance.choice(["left", "left", "right"]), *at)
        before = session.state.painting
        session.point(event)
        if session.state.painting is not before:
            recorder.keep(event)
            painted.append(classes_by_pixel(session.state.painting))
    recorder.close()
    session.close()
    return painted


def test_kill_9_loses_at_most_the_last_action_and_leaves_no_unreadable_file(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", "a.png")
    painted = recorded_session(folder, tmp_path / "recorded", tmp_path / "events")
    chance, stopped_at = random.Random(7), set()
    for turn in range(KILLS):
        annotations = tmp_path / f"out{turn}"
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, folder, annotations, tmp_path / "events"], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(chance.randrange(1, ACTIONS))]
        time.sleep(chance.random() * 0.006)
        child.kill()
        told += [int(line) for line in child.stdout.read().split() if line.isdigit()]
        child.wait()
        found = AnnotationStore(annotations).read("a.png")
        # One more may have been taken before it could be told.
        wanted = painted[told[-1] - 1 : told[-1] + 2]
        assert any(np.array_equal(_classes(found, painted[0]), each) for each in wanted), f"after {told[-1]} actions"
        stopped_at.add(told[-1])
        again = opened(folder, annotations)
        ready(again)
        again.close()
    assert len(stopped_at) > 1


def _classes(found: Annotation | None, nothing: np.ndarray) -> np.ndarray:
    return nothing if found is None else found.classes
