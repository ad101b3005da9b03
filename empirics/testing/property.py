"""A property: a sentence about every correct meta-gradient, and the function that tests it on one case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from empirics.testing.comparison import Comparison

Test = Callable[[Any, Any], Comparison]


@dataclass(frozen=True)
class Property:
    """`test(ask, case)` compares what a checked function says on a case with what must come out: the `claim`.

    `cause` is the likely cause of a failure when nothing more precise is found, and where several properties fail that
    of the highest `rank` is: what breaks a symmetry is told from it better than from a wrong value, and what is changed
    or kept by a call explains both. `cases` names the strategy that draws
    the cases (hypothesis is imported only where they are drawn). `nu` is the only number of steps that it speaks about;
    `varies` names what differs between its calls, so it cannot be asked of code that fixes it;
    `large`: it is tested beyond the sizes that are searched as well.
    """

    name: str
    claim: str
    cause: str
    modes: tuple[str, ...]
    cases: str
    test: Test
    nu: int | None = None
    varies: tuple[str, ...] = ()
    rank: int = 0
    large: bool = False


def property_for(
    modes: tuple[str, ...],
    cases: str,
    *,
    cause: str,
    nu: int | None = None,
    varies: tuple[str, ...] = (),
    rank: int = 0,
    large: bool = False,
) -> Callable[[Test], Property]:
    """Make a test the property of its name; the claim is the first paragraph of its docstring."""

    def made(test: Test) -> Property:
        claim = (test.__doc__ or "").partition("\n\n")[0]
        return Property(test.__name__, claim, cause, modes, cases, test, nu, varies, rank, large)

    return made


def properties_of(module: ModuleType) -> tuple[Property, ...]:
    """The properties that a module defines, in its order."""
    return tuple(value for value in vars(module).values() if isinstance(value, Property))
