"""Fuzz the readers of pictures, guided by coverage; not part of the tests.

    pip install atheris
    python -m tests.hostile.fuzz FOLDER -max_total_time=600

FOLDER keeps what reached new code, and begins with a file of every format. Any error but a rejection ends it and leaves
the bytes in a file `crash-…`; so does a picture that takes more than a minute or more than 2 GB. Python's code is
instrumented (ours and Pillow's readers); decoders in C run as they are.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["PIL", "pillow_heif", "icas_core.images", "icas_core.pixels", "icas_core.limits"]
):
    from icas_core import limits
    from icas_core.errors import RejectedPicture
    from icas_core.images import read_rgb, upright_size
    from icas_core.thumbnails import thumbnail

_PICTURE = Path(tempfile.mkdtemp(prefix="icas-fuzz-")) / "picture.jpg"
_LIMITS = ["-timeout=60", "-rss_limit_mb=2000", "-max_len=60000"]


def read(content: bytes) -> None:
    """Read these bytes in every way that the project does."""
    _PICTURE.write_bytes(content)
    for reading in (upright_size, read_rgb, lambda path: thumbnail(path, 40)):
        with suppress(RejectedPicture):
            reading(_PICTURE)


def main() -> None:
    """Begin with a file of every format."""
    from tests.hostile.pictures import formats

    # Large pictures are slow and reach no other code.
    limits.MAX_PIXELS = 2_000_000
    corpus = Path(sys.argv[1])
    corpus.mkdir(parents=True, exist_ok=True)
    for name, content in formats().items():
        (corpus / name).write_bytes(content)
    atheris.Setup([sys.argv[0], *_LIMITS, *sys.argv[1:]], read)
    atheris.Fuzz()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
