"""The command: python -m icas_core.segmentation.evaluate FOLDER --method graph --json FILE."""

from __future__ import annotations

import sys

from icas_core.segmentation.evaluate.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
