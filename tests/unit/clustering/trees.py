"""Real folders of files for the tests of placing and moving, and what is in them."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


def make_pictures(root, *names):
    """Files of these names, each with its own content and its own time of change."""
    for number, name in enumerate(names):
        path = Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"picture {name} ".encode(errors="surrogateescape") * 50)
        os.utime(path, ns=(10**18 + number * 10**9, 10**18 + number * 10**9 + 123_456_789))
    return Path(root)


def digests(root):
    """Relative path → digest of every file below `root`, hidden ones too."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(root).rglob("*"))
        if path.is_file()
    }


def placed_files(root):
    return {path: digest for path, digest in digests(root).items() if path != ".receipt.parquet"}


# Kills its own process, as `kill -9` does, just before the call of that number that changes a folder.
KILLER = """
import itertools, os, signal, sys
counter, last = itertools.count(1), int(sys.argv[1])
def deadly(call):
    def counted(*args, **options):
        if next(counter) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **options)
    return counted
for name in ("link", "unlink", "rename", "replace", "mkdir", "rmdir", "symlink", "fsync", "truncate", "utime"):
    setattr(os, name, deadly(getattr(os, name)))
"""


def killed_at(call, code, *arguments):
    """Run `code` in a process of its own that dies by SIGKILL before its `call`-th change; whether it died."""
    ended = subprocess.run(
        [sys.executable, "-c", KILLER + code, str(call), *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode in (0, -9), ended.stderr
    return ended.returncode == -9
