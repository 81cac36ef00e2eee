"""What libraries load only in case we use it stays out, and comes when it is used after all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from icas_core.absent import absent, leave_out

ROOT = Path(__file__).parents[2]


def modules_after(code: str) -> set[str]:
    """The modules that a process has loaded once it has run `code`."""
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_a_module_is_absent_only_for_the_while() -> None:
    with absent("antigravity"), pytest.raises(ModuleNotFoundError):
        import antigravity  # noqa: F401
    assert "antigravity" not in sys.modules
    with absent("json"):
        import json
    assert json.loads("1") == 1


def test_a_module_left_out_stays_out_and_one_that_is_there_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "antigravity", None)
    monkeypatch.delitem(sys.modules, "antigravity")
    leave_out("antigravity")
    with pytest.raises(ModuleNotFoundError):
        import antigravity  # noqa: F401
    leave_out("json")
    import json

    assert json.loads("1") == 1


def test_tables_are_read_and_written_without_pandas(tmp_path: Path) -> None:
    code = f"""
import numpy as np, pyarrow as pa
from icas_core.tables import read_table, write_table
write_table(pa.table({{"a": [1, 2], "b": pa.array(np.array(["x", "y"], object))}}), {str(tmp_path / "t")!r})
assert read_table({str(tmp_path / "t")!r})["a"].to_numpy().tolist() == [1, 2]
"""
    assert not {"pandas", "pyarrow.dataset"} & modules_after(code)


def test_pandas_still_takes_tables_where_somebody_wants_it() -> None:
    code = """
import pyarrow as pa
import icas_core.tables
import pandas as pd
table = pa.table({"a": [1, 2], "b": ["x", "y"]})
assert table.to_pandas()["b"].tolist() == ["x", "y"]
assert pa.array(pd.Series([1, 2])).to_pylist() == [1, 2]
"""
    assert "pandas" in modules_after(code)


def test_kernels_run_without_scipy() -> None:
    code = """
import numpy as np
from icas_core.similarity.registry import METHODS
pictures = np.random.default_rng(0).integers(0, 256, (9, 20, 20), dtype=np.uint8)
assert METHODS["ssim"].similarities(pictures, pictures).shape == (9, 9)
"""
    loaded = modules_after(code)
    assert "numba" in loaded
    assert not {"scipy.linalg", "pandas", "cv2"} & loaded


@pytest.mark.parametrize("before", ["import cv2", "pass"], ids=["loaded before", "loaded meanwhile"])
def test_opencv_works_in_one_thread_while_pictures_are_compared(before: str) -> None:
    code = f"""
import os
{before}
from icas_core.similarity.threads import libraries_in_one_thread
with libraries_in_one_thread():
    import cv2
    assert cv2.getNumThreads() == 1, cv2.getNumThreads()
assert cv2.getNumThreads() == os.cpu_count(), cv2.getNumThreads()
assert "OPENCV_FOR_THREADS_NUM" not in os.environ
"""
    assert "cv2" in modules_after(code)
