"""How the left sides of a statement are measured: what every record of one has, whatever it is measured on."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from empirics import Task
from reports.cells.cell import Kind
from reports.judging.measurement import Measurement
from reports.wrong_versions import Planted

Target = tuple[str, str]  # bound and quantity, as in a row


@dataclass(frozen=True)
class LeftSide:
    """One left side of a statement: the bound and the quantity of its rows.

    measures: what it is in the words of a claim, where a claim can bound it; of statements that share a left side only
    the first has it, so that a claim meets each instance once. script: how a counterexample's script
    computes `measured` from the functions that stand above it. local_steps: whether that needs the points of the local
    steps, and not those of whole rounds.
    """

    bound: str
    quantity: str
    measures: str = ""
    script: str = ""
    local_steps: bool = False

    @property
    def target(self) -> Target:
        """Bound and quantity, as rows and claims refer to it."""
        return self.bound, self.quantity


def any_cell(cell: Any) -> str | None:
    """Nothing is asked of a cell."""


def any_task(task: Task) -> str | None:
    """Nothing is asked of a task."""


@dataclass(frozen=True, kw_only=True)
class Measured(ABC):
    """The record of a statement as it is measured, beside the theory's of what it states.

    id: what plans call it. left: its left sides, the one that heads it first. cell, task: why a cell or a task cannot
    measure it, None where it can. wrong: plausible wrong versions of its right sides. headline, witnesses: entries of
    a plan, without their statements, on which its right sides are attained or nearly so; the first of them have rows in
    every plan that says `witnesses = true`.
    """

    kind: ClassVar[Kind]
    id: str
    left: tuple[LeftSide, ...]
    cell: Callable[[Any], str | None] = any_cell
    task: Callable[[Task], str | None] = any_task
    wrong: tuple[Planted, ...] = ()
    headline: tuple[Mapping[str, Any], ...] = ()
    witnesses: tuple[Mapping[str, Any], ...] = ()
    beside: tuple[Beside, ...] = ()

    def lacking(self, cell: Any) -> str | None:
        """Why a cell of its kind cannot measure it, None where it can."""
        return self.cell(cell)

    @property
    def bounds(self) -> frozenset[str]:
        """The bounds that its rows may speak about."""
        return frozenset({self.id, *(one.bound for one in self.left), *(one.left.bound for one in self.beside)})


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Another bound on a left side that a statement measures: a published one, a row beside ours.

    of: the statement. measure: its rows, from what the statement's own measurement is given. ours: the target whose
    right side bounds the same, and the power of it that does; None where no right side of ours is comparable.
    """

    of: str
    left: LeftSide
    measure: Callable[[Any], list]
    ours: tuple[Target, int] | None = None
    wrong: tuple[Planted, ...] = ()


class StatementError(RuntimeError):
    """A record whose measurement fails or speaks of something else: the statement, and what happened."""


def rows_of(statement: Any, at: Any) -> list[Measurement]:
    """The rows of a statement and of what stands beside it, each about a left side that its record names.

    Raises:
        StatementError: `measure` raises, gives no list of rows, or a row about another bound or quantity.
    """
    named = {left.target for left in statement.left} | {other.left.target for other in statement.beside}
    try:
        found = [*statement.measure(at), *(row for other in statement.beside for row in other.measure(at))]
    except Exception as error:  # a user's own measurement may raise anything
        raise StatementError(f"{statement.id}: its measurement fails: {type(error).__name__}: {error}") from error
    for row in found:
        if not isinstance(row, Measurement) or (row.bound, row.quantity) not in named:
            about = f"{row.bound}, {row.quantity}" if isinstance(row, Measurement) else repr(row)
            raise StatementError(f"{statement.id}: gives a row about {about}, which its `left` does not name")
    return found
