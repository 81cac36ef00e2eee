"""Choose a threshold in a window."""

import sys

from icas_core.threshold.command import main

if __name__ == "__main__":
    sys.exit(main())
