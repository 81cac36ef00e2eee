"""Paint the pictures of a folder."""

from icas_core.painter.command import main

if __name__ == "__main__":
    raise SystemExit(main())
