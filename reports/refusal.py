"""How a command ends otherwise than well: bad input is exit status 2, a failure inside 3, each in one line."""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

_LONGEST = 2000
# typer ships its own copy of click in some versions and uses the installed one in others: the base class of its public
# exceptions is the one that its parser raises
_ClickError: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class RefusedError(Exception):
    """Bad input: one line for the user; nothing has been written."""


class OneLine(TyperCommand):
    """A command that says in one line, like every refusal, which of its options it cannot read.

    Without any words where some are needed it prints its help; exit status 2.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words as options; exit status 2 for what is none."""
        if not args and not ctx.resilient_parsing and any(one.required for one in self.params):
            typer.echo(ctx.get_help())
            raise typer.Exit(2)
        with _said_in_one_line(ctx):
            return super().parse_args(ctx, args)


class OneLineGroup(TyperGroup):
    """The same for a command with verbs."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words; without any it prints its help, exit status 2."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            raise typer.Exit(2)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb; exit status 2 for what is none."""
        with _said_in_one_line(ctx):
            return super().resolve_command(ctx, args)


@contextmanager
def _said_in_one_line(ctx: Any) -> Iterator[None]:
    try:
        yield
    except _ClickError as error:
        command = str(ctx.command_path).removeprefix("python -m ")
        typer.echo(f"{command}: {error.format_message()}", err=True)  # type: ignore[attr-defined]
        raise typer.Exit(2) from None


def described(error: BaseException, when: str = "") -> str:
    """Whatever was raised, and when, in a line: a user's own exceptions may fail even at that.

    >>> described(KeyError("L"), "when made")
    "KeyError when made: 'L'"
    """
    try:
        text = str(error)
    except Exception:
        text = "its text cannot be made"
    return _one_line(f"{type(error).__name__}{' ' * bool(when)}{when}: {text}")


def _one_line(text: str) -> str:
    """A line that a terminal shows as it is: control characters are written out."""
    shown = (one if one.isprintable() else repr(one)[1:-1] for one in " ".join(text.split())[:_LONGEST])
    return "".join(shown)


@contextmanager
def refusals(command: str) -> Iterator[None]:
    """Within it a refusal ends the command: its line on the error stream, exit status 2."""
    try:
        yield
    except RefusedError as refusal:
        typer.echo(f"{command}: {_one_line(str(refusal))}", err=True)
        raise typer.Exit(2) from None


@contextmanager
def failures(command: str, out: Path | None = None) -> Iterator[None]:
    """Within it whatever is raised, but for a refusal, is a failure inside: one line, exit status 3.

    OUT/failure.txt, written where OUT is given, holds what a developer asks for.
    """
    try:
        yield
    except (RefusedError, typer.Exit, KeyboardInterrupt):
        raise
    except BaseException as error:
        said = described(error)
        more = "" if out is None else _kept(out / "failure.txt", traceback.format_exc())
        again = shlex.join(["python", "-m", command, *sys.argv[1:]])
        typer.echo(f"{command}: failed inside: {said}; {more}to repeat it: {again}", err=True)
        raise typer.Exit(3) from None


def _kept(path: Path, text: str) -> str:
    """Where the text is kept; '' where the folder takes nothing more, as on a full disk."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError:
        return ""
    return f"{path} has more; "
