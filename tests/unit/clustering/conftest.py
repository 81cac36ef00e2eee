import os
import shutil
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def other_file_system(tmp_path):
    """A folder on another file system than tmp_path."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or not os.access(shared, os.W_OK) or os.stat(shared).st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("no second file system to write to (/dev/shm)")
    folder = Path(tempfile.mkdtemp(dir=shared))
    yield folder
    shutil.rmtree(folder)
