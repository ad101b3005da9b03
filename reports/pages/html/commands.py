"""The commands on the page that repeat what it shows, as words that a shell takes as they stand."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from reports.judging.rows import Row


def repeat_command(row: Row) -> str:
    """The command that measures this row alone again and compares it with the stored one, bit for bit."""
    return " ".join(repeat_words(row))


def repeat_words(row: Row) -> list[str]:
    """Its words, quoted where a shell needs that."""
    return _quoted(["python", "-m", "reports.build", "--reproduce", row.row_id])


def evaluation_command(row: Row, claims: Sequence[str] = ()) -> str:
    """The command that evaluates a row's right side exactly; a claim's needs the files of the claims."""
    return " ".join(evaluation_words(row, claims))


def evaluation_words(row: Row, claims: Sequence[str] = ()) -> list[str]:
    """Its words, quoted where a shell needs that."""
    inputs = [f"{key}={value}" for key, value in row.inputs.items()]
    files = [word for file in claims if row.provenance == "claim" for word in ("--claims", file)]
    return _quoted(["python", "-m", "theory", "eval", row.quantity, *inputs, *files, "--json"])


def _quoted(words: Sequence[str]) -> list[str]:
    return [shlex.quote(word) for word in words]
