"""Real folders of files for the tests of placing and moving, and what is in them."""

import hashlib
import itertools
import os
import signal
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


CHANGES = ("link", "unlink", "rename", "replace", "mkdir", "rmdir", "symlink", "fsync", "truncate", "utime")


def arm(last):
    """From now on this process dies, as by `kill -9`, just before its `last`-th call that changes a folder."""
    counter = itertools.count(1)

    def deadly(call):
        def counted(*arguments, **options):
            if next(counter) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return counted

    for name in CHANGES:
        setattr(os, name, deadly(getattr(os, name)))


def fork_dies_at(last, action):
    """Run `action` in a fork of this process, armed; whether it died (else it ended well)."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            arm(last)
            action()
            status = 0
        finally:
            os._exit(status)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended in (0, -signal.SIGKILL)
    return ended != 0


def process_dies_at(last, code, *arguments):
    """Run `code` in a new interpreter, armed (for code with threads, which a fork would lose); whether it died."""
    arming = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import trees; trees.arm({last})\n"
    ended = subprocess.run(
        [sys.executable, "-c", arming + code, *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
    return ended.returncode != 0
