from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.slow
def test_what_is_compiled_ahead_is_all_that_a_search_needs(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-m", "icas_core.similarity.ahead"], env=environment, check=True)
    before = sorted(tmp_path.rglob("*.nbc"))
    assert before
    photos = Path(__file__).parents[2] / "data" / "photos" / "animals"
    source = SEARCH.format(root=str(photos))
    subprocess.run([sys.executable, "-c", source], env=environment, check=True)
    assert sorted(tmp_path.rglob("*.nbc")) == before


SEARCH = """
from pathlib import Path
from icas_core.similarity.extraction import extract_features
from icas_core.similarity.pairs import similar_pairs
names = sorted(path.name for path in Path({root!r}).iterdir())
for method in ("ssim", "minhash", "imagehash", "orb", "tm"):
    features, _ = extract_features({root!r}, names, method=method)
    similar_pairs(features, method=method, threshold=0.5)
    similar_pairs(features.take(range(3)), features.take(range(3, 8)), method=method, threshold=0.5)
"""
