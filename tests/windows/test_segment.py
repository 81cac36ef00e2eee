"""snakemake segment: opens each time it is asked, with the maps that presegment made, and tells what is left."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from icas_core.annotations.store import AnnotationStore
from icas_core.segmentation.presegmenting import Presegmented
from tests.windows.screens import Painter, Screen, middle, until, write_pictures
from tests.workflow.runs import Project, environment

pytestmark = pytest.mark.alone
KEYS = {"segment_method": "superpixel", "classes": {"cell": [9, 8, 200]}}


class Asked(Painter):
    """The program as snakemake opens it."""

    def __init__(self, screen: Screen, project: Project) -> None:
        super().__init__(screen, project.pictures, start=False)
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                project.command("segment", **KEYS),
                cwd=project.folder,
                env={**environment(), "DISPLAY": screen.name},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.opened(outlined=False)

    def filled(self, name: str) -> np.ndarray | None:
        """Click in a block until the segments are there; gives the classes as the files have them."""

        def done() -> bool:
            self.click(*middle(2, 2))
            return (found := self.annotation(name)) is not None and bool(found.classes.any())

        until(done, 60)
        found = self.annotation(name)
        return None if found is None else found.classes


def test_it_opens_with_the_maps_made_before_and_says_what_is_left(screen: Screen, tmp_path: Path) -> None:
    screen.do("mousemove", 1590, 990)
    project = Project(tmp_path / "project")
    write_pictures(project.pictures, "a.png", "b.png")
    made = project.run("presegment", **KEYS)
    assert made.ok, made.err
    ledger = (project.output / "ledger.parquet").read_bytes()
    maps = Presegmented(project.output / "presegment/superpixel/segments", project.pictures, "superpixel")
    labels = maps("a.png")
    assert labels is not None

    painter = Asked(screen, project)
    column, row = middle(2, 2)
    found = painter.filled("a.png")
    assert np.array_equal(found, np.where(labels == labels[row, column], found[row, column], 0))
    painter.press("space")
    until(lambda: (painter.annotations / "a_mask_(R9,G8,B200).png").exists())
    painter.quit()
    assert "icas: 1 of 2 pictures done, 0 begun, 1 left" in painter.said()

    again = Asked(screen, project)
    assert again.filled("b.png") is not None, "at the first that is not done"
    again.press("space")
    until(lambda: len(list(again.annotations.glob("*_mask_*"))) == 2)
    again.quit()
    assert "icas: 2 of 2 pictures done, 0 begun, 0 left" in again.said()
    store = AnnotationStore(again.annotations)
    before = store.written_at("a.png")
    last = Asked(screen, project)
    last.press("space")
    until(lambda: store.written_at("a.png") != before)
    last.quit()
    assert (project.output / "ledger.parquet").read_bytes() == ledger, "no run is begun"


def test_without_a_screen_nothing_is_run(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    write_pictures(project.pictures, "a.png")
    run = project.run("segment", **KEYS)
    assert not run.ok
    assert "icas: no screen: DISPLAY is not set" in run.err
    assert "Traceback" not in run.text
