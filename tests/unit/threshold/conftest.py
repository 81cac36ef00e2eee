"""A sample's curve from real pictures, compared by a real method."""

from __future__ import annotations

from pathlib import Path

import pytest

from icas_core.threshold.command import Job, measured
from icas_core.threshold.curve import Curve
from tests.workflow.runs import add_pictures


def sampled_job(folder: Path, scenes: int) -> Job:
    """So many scenes of three near copies each below `folder`, all of them sampled, compared by ssim."""
    names = add_pictures(folder / "pictures", scenes=scenes, copies=3)
    return Job(
        images=str(folder / "pictures"),
        folder=len(names),
        paths=names,
        places=list(range(len(names))),
        method="ssim",
        extract={"method": "ssim", "size": [16, 16], "variants": "none", "parameters": {}},
        parameters={},
        default=0.64,
        curve=str(folder / "threshold" / "ssim"),
        threads=1,
    )


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Twelve scenes."""
    return sampled_job(tmp_path_factory.mktemp("threshold"), scenes=12)


@pytest.fixture(scope="session")
def curve(job: Job) -> Curve:
    """All their pairs."""
    return measured(job)


@pytest.fixture(scope="session")
def pictures(job: Job) -> Path:
    """Their folder."""
    return Path(job.images)
