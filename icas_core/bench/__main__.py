"""The command: python -m icas_core.bench [--quick] [--pictures FOLDER] --json FILE --page FILE."""

from __future__ import annotations

import sys

from icas_core.bench.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
