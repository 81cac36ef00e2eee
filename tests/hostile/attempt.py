"""All hostile files at once: each read by itself, all in a real run, and the run's gallery in a real browser."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

from icas_core.tables import read_rejected
from icas_core.usage import Usage, added, read_usage
from tests.hostile.pictures import MARK, Hostile, make_hostile
from tests.hostile.trial import Outcome
from tests.workflow.runs import ROOT, Project, Run, snapshot

_OURS = {"pictures", "outside", "out", ".snakemake", ".cache"}


@dataclass(frozen=True)
class Shown:
    """What a browser did with the gallery: the page's title, what it complained of, and the addresses it asked for.

    foreign: elements on the page that only a name could have put there.
    """

    title: str
    complaints: list[str]
    requests: list[str]
    foreign: int


@dataclass(frozen=True)
class Attempt:
    """What became of everything. changed: paths outside the output that are new, gone or other than before."""

    project: Project
    hostile: list[Hostile]
    outcomes: dict[str, Outcome]
    run: Run
    changed: list[str]
    shown: Shown | None
    used: Usage

    @property
    def in_run(self) -> dict[str, str]:
        """Each picture that the run found: `read`, or why it was rejected."""
        files = self.project.output.glob("extract/*/*.rejected.csv")
        rejected = {path: why for file in files for path, why in read_rejected(file)}
        return {**{row["path"]: "read" for row in self.project.rows()}, **rejected}

    @property
    def escaped(self) -> list[str]:
        """All that is a sign of something written, executed or asked for that should not have been."""
        shown = self.shown
        signs = [f"changed: {path}" for path in self.changed]
        if shown is not None:
            signs += [f"title: {shown.title}"] if MARK in shown.title else []
            signs += [f"request: {address}" for address in shown.requests if not self._own(address)]
            signs += [f"{shown.foreign} foreign elements"] if shown.foreign else []
        return signs

    def table(self) -> Mapping[str, Counter[str]]:
        """For each kind of file how many were tried, and what became of them."""
        kinds: dict[str, Counter[str]] = {}
        for each in self.hostile:
            counts = kinds.setdefault(each.kind, Counter())
            counts["tried"] += 1
            counts[self.outcomes[each.name].became if each.listed else "left out"] += 1
        return kinds

    def _own(self, address: str) -> bool:
        path = unquote(address.removeprefix("file://"))
        return address.startswith("file://") and path.startswith(f"{self.project.folder.resolve()}/")


def attempt(folder: Path, *, large: int, limit: float) -> Attempt:
    """Make the files below `folder` and try them; limit: seconds of processor time for each read by itself."""
    project = Project(folder / "project")
    outside = project.folder / "outside"
    hostile = make_hostile(project.pictures, outside, large=large)
    before = snapshot(project.pictures, outside)
    names = json.dumps([each.name for each in hostile if each.listed])
    alone = subprocess.run(
        [sys.executable, "-m", "tests.hostile.trial", str(project.pictures), str(limit)],
        input=names,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # libtiff's own remarks
        text=True,
        cwd=ROOT,
        check=True,
    )
    outcomes = [Outcome(**json.loads(line)) for line in alone.stdout.splitlines()]
    run = project.run(batch_size=200, size="[16,16]", threshold=0.9, timeout=3000)
    after = snapshot(project.pictures, outside)
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    changed += [path.name for path in project.folder.iterdir() if path.name not in _OURS]
    changed += _marks(folder)
    logs = [usage for log in project.output.glob("logs/**/*.log") if (usage := read_usage(log))]
    by_name = {outcome.name: outcome for outcome in outcomes}
    return Attempt(project, hostile, by_name, run, changed, _shown(project, folder / "browser"), added(logs))


def _marks(*folders: Path) -> list[str]:
    """Marks that a smuggled command left; of the project and the home only what lies in the folder itself."""
    beside = [str(place / MARK) for place in (ROOT, Path.home(), Path.cwd()) if (place / MARK).exists()]
    return beside + [str(path) for folder in folders for path in folder.rglob(MARK)]


def _shown(project: Project, profile: Path) -> Shown | None:
    """Open the gallery and every comparison in it; None where no browser is installed."""
    chromium = _chromium()
    if chromium.installed() is None:
        return None
    browser = chromium.Chromium(profile)
    try:
        browser.open((project.output / "report.html").as_uri())
        complaints = browser.complaints
        browser.run("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        # A comparison shows the original itself, by its address.
        for number in range(browser.run("document.querySelectorAll('.pic').length")):
            browser.run(f"document.querySelectorAll('.pic')[{number}].click()")
        time.sleep(1)
        foreign = "iframe, object, embed, [onerror], [onload], [onmouseover], .card script, img[src=x], base, meta[url]"
        return Shown(
            title=browser.run("document.title"),
            complaints=complaints,
            requests=browser.requests,
            foreign=browser.run(f"document.querySelectorAll({json.dumps(foreign)}).length"),
        )
    finally:
        browser.close()


def _chromium() -> ModuleType:
    place = ROOT / "tests" / "unit" / "report" / "chromium.py"
    spec = importlib.util.spec_from_file_location("chromium", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
