"""Objects of a user's own, by MODULE:NAME: tasks, models, bounds."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any


class UserObjectError(ValueError):
    """An object of a user's that is not there or not what it should be: its name, and what was expected."""


def load(name: str) -> Any:
    """The object MODULE:NAME, an attribute of a module or a module of a package; the working folder is looked in first.

    Appends to sys.path.

    Raises:
        UserObjectError: there is no such module or name, or importing it fails.

    >>> load("math:pi") > 3
    True
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise UserObjectError(f"{name}: expected MODULE:NAME, such as mytask:Wells")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # whatever a module of a user's raises
        raise UserObjectError(f"{name}: the module cannot be imported: {type(error).__name__}: {error}") from None
    if hasattr(module, attribute):
        return getattr(module, attribute)
    try:
        return importlib.import_module(f"{module_name}.{attribute}")
    except ImportError:
        raise UserObjectError(f"{name}: module {module_name} has no {attribute}") from None
