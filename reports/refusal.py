"""Bad input: one line that names the thing, its value, what was expected and what to do; exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

_LONGEST = 2000


class RefusedError(Exception):
    """Bad input: one line for the user; nothing has been written."""


@contextmanager
def refusals(command: str) -> Iterator[None]:
    """Within it a refusal ends the command: its line on the error stream, exit status 2."""
    try:
        yield
    except RefusedError as refusal:
        typer.echo(f"{command}: {' '.join(str(refusal).split())[:_LONGEST]}", err=True)
        raise typer.Exit(2) from None
