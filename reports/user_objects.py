"""Objects of a user's own, by MODULE:NAME: tasks, models, bounds."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from reports.refusal import described
from theory.language.errors import near

# None: any module; else only these and what is inside them
_trusted: ContextVar[frozenset[str] | None] = ContextVar("trusted", default=None)


class UserObjectError(ValueError):
    """An object of a user's that is not there or not what it should be: its name, and what was expected."""


@contextmanager
def importing_only(modules: Iterable[str]) -> Iterator[None]:
    """Within it `load` imports these modules and what is inside them, and refuses every other.

    >>> with importing_only(["math"]):
    ...     trusted("math:pi"), trusted("os:sep")
    (True, False)
    """
    token = _trusted.set(frozenset(modules))
    try:
        yield
    finally:
        _trusted.reset(token)


def trusted(name: str) -> bool:
    """Whether `load` may import the module of MODULE:NAME here; importing a module runs it."""
    allowed, parts = _trusted.get(), name.partition(":")[0].split(".")
    return allowed is None or any(".".join(parts[:end]) in allowed for end in range(1, len(parts) + 1))


def look_here() -> None:
    """Have the working folder looked in first for modules."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)


def load(name: str) -> Any:
    """The object MODULE:NAME, an attribute of a module or a module of a package; the working folder is looked in first.

    Appends to sys.path.

    Raises:
        UserObjectError: there is no such module or name, importing it fails, or it is not trusted here.

    >>> load("math:pi") > 3
    True
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise UserObjectError(f"{name}: expected MODULE:NAME, such as mytask:Wells")
    if not trusted(name):
        raise UserObjectError(f"{name}: not imported without being trusted; --trust {module_name} allows it")
    look_here()
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # whatever a module of a user's raises
        raise UserObjectError(f"{name}: the module cannot be imported: {described(error)}") from None
    if hasattr(module, attribute):
        return getattr(module, attribute)
    try:
        return importlib.import_module(f"{module_name}.{attribute}")
    except ImportError:
        hint = near(attribute, dir(module))
        raise UserObjectError(f"{name}: module {module_name} has no {attribute}{hint}") from None
