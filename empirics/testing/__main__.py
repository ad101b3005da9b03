"""`python -m empirics.testing check MODULE:FUNCTION`: your function through a checker; `--demo`: three examples."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from empirics.numerics.errors import InputError, near

_KINDS = {"meta": "check_meta_gradient", "stochastic": "check_stochastic", "round": "check_round"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; exit status 0: all properties hold, 1: one fails, 2: bad input."""
    parser = argparse.ArgumentParser(prog="python -m empirics.testing", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="check three implementations and print what is found")
    check = parser.add_subparsers(dest="command").add_parser("check", help="check a function of your own")
    check.add_argument("function", metavar="MODULE:FUNCTION", help="what the checker calls; on_modules(train) counts")
    check.add_argument("--kind", choices=list(_KINDS), default="meta", help="the checker (default: meta)")
    check.add_argument("--mode", action="append", help="a mode, or several with commas; can be repeated")
    check.add_argument("--nu", type=int, help="the number of fine-tuning steps, where your code fixes it")
    check.add_argument("--dtype", help="float64 (default), float32 (torch), numpy.float64, jax.float32, ...")
    check.add_argument("--query", action="store_true", help="the outer gradient is that of a query loss (MAML)")
    check.add_argument("--thorough", action="store_true", help="ten times as many examples, drawn afresh")
    given = parser.parse_args(arguments)
    if given.command == "check":
        return _check(given)
    if not given.demo:
        parser.print_help()
        return 0
    from empirics.testing.demonstration import demo

    for piece in demo():
        sys.stdout.write(piece)
    return 0


def _check(given: argparse.Namespace) -> int:
    from empirics.testing import checkers
    from empirics.testing.failure import CheckFailedError

    options: dict[str, Any] = {
        "dtype": given.dtype if given.dtype is None or "." in given.dtype else f"torch.{given.dtype}",
        "query": given.query,
        "nu": given.nu,
        "profile": "thorough" if given.thorough else "ci",
    }
    if given.mode:
        options["modes"] = [mode for text in given.mode for mode in text.split(",")]
    try:
        report = getattr(checkers, _KINDS[given.kind])(_function(given.function), **options)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except CheckFailedError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{report}\n")
    return 0


def _function(text: str) -> Callable[..., Any]:
    """The object that MODULE:FUNCTION names."""
    module, _, name = text.partition(":")
    hint = ""
    try:
        loaded = import_module(module)
        hint = near(name, dir(loaded))
        found = getattr(loaded, name)
    except (ImportError, AttributeError, ValueError) as error:
        expected = "expected MODULE:FUNCTION, importable from the current folder"
        raise InputError(f"{text}: {error}{hint}; {expected}") from None
    if not callable(found):
        raise InputError(f"{text} is a {type(found).__name__}: expected a function")
    return found


if __name__ == "__main__":
    sys.exit(main())
