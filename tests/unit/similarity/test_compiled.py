from __future__ import annotations

import os
import subprocess
import sys

import pytest

COMPARE = """
import numpy as np
from icas_core.similarity.registry import METHODS
pictures = np.random.default_rng(0).integers(0, 256, (9, 20, 20), dtype=np.uint8)
print(float(METHODS["ssim"].similarities(pictures, pictures).sum()))
from icas_core.similarity import compiled
print(compiled.cache_folder())
"""


def start(**settings: str) -> subprocess.Popen[str]:
    environment = {**os.environ, **settings}
    return subprocess.Popen([sys.executable, "-c", COMPARE], env=environment, stdout=-1, stderr=-1, text=True)


def test_machine_code_goes_to_a_temporary_folder_where_home_takes_no_files(tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    run = start(HOME=str(blocked), XDG_CACHE_HOME=str(blocked), TMPDIR=str(temporary))
    output, errors = run.communicate()
    assert run.returncode == 0, errors
    assert output.splitlines()[1].startswith(str(temporary))
    assert list(temporary.rglob("*.nbc"))


def test_comparing_works_where_no_folder_takes_the_machine_code(tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    run = start(NUMBA_CACHE_DIR=str(blocked))
    output, errors = run.communicate()
    assert run.returncode == 0, errors
    assert output.splitlines()[1] == "None"


@pytest.mark.slow
def test_several_jobs_may_compile_at_once(tmp_path):
    runs = [start(XDG_CACHE_HOME=str(tmp_path)) for _ in range(4)]
    outputs = [run.communicate() for run in runs]
    assert [run.returncode for run in runs] == [0] * 4, outputs
    assert len({output for output, _ in outputs}) == 1
    assert not list(tmp_path.rglob("*.tmp*"))
