"""What the tests of whole runs share: a project of six batches, run once and put back for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflow.runs import BATCHES_OF_SIX, Project, add_pictures

BATCHES_OF_NINE = {"batch_size": 9, "merge": "all"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project in a folder of its own."""
    return Project(tmp_path / "project")


@pytest.fixture(scope="session")
def finished_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A project of 36 pictures in six batches after its run with BATCHES_OF_SIX, and a copy to restore it from."""
    folder = tmp_path_factory.mktemp("finished")
    project = Project(folder / "project")
    add_pictures(project.pictures, scenes=10, copies=3)
    add_pictures(project.pictures, scenes=6, copies=1, start=100)
    return project.finished(folder / "saved", **BATCHES_OF_SIX)


@pytest.fixture
def finished(finished_elsewhere: tuple[Project, Path]) -> Project:
    """That project as its run left it, for a test to change as it likes."""
    project, saved = finished_elsewhere
    return project.restore(saved)


@pytest.fixture(scope="session")
def two_batches_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A project of 17 pictures in two batches, clusters in each and across, after its run with BATCHES_OF_NINE."""
    folder = tmp_path_factory.mktemp("two_batches")
    project = Project(folder / "project")
    add_pictures(project.pictures, scenes=5, copies=3)
    # Names that the folder above has too.
    add_pictures(project.pictures / "sub", scenes=1, copies=2, start=3)
    return project.finished(folder / "saved", **BATCHES_OF_NINE)


@pytest.fixture
def two_batches(two_batches_elsewhere: tuple[Project, Path]) -> Project:
    """That project as its run left it, for a test to change as it likes."""
    project, saved = two_batches_elsewhere
    return project.restore(saved)
