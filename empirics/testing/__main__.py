"""`python -m empirics.testing --demo`: three implementations, one right and two wrong, and what is found."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the demonstration; exit status 0."""
    parser = argparse.ArgumentParser(prog="python -m empirics.testing", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="check three implementations and print what is found")
    if not parser.parse_args(arguments).demo:
        parser.print_help()
        return 0
    from empirics.testing.demonstration import demo

    for piece in demo():
        sys.stdout.write(piece)
    return 0


if __name__ == "__main__":
    sys.exit(main())
