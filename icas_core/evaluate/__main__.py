"""The command: python -m icas_core.evaluate IMAGES GROUNDTRUTH.csv --method ssim, or --clusters clusters.csv."""

from __future__ import annotations

import sys

from icas_core.evaluate.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
