"""The command ``chaoslab``, also as ``python -m chaoslab``: loads the command line and runs it."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit. Ctrl-C while it loads is no error either."""
    try:
        from chaoslab.cli.main import main as command_line
    except KeyboardInterrupt:
        sys.exit(130)
    command_line()


if __name__ == "__main__":
    main()
