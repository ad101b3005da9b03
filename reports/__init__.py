"""Measured against predicted: plans, records, verdicts, the page. The only package that imports theory and empirics."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reports.settings.checked import Checked, check_setting

__version__ = "0.1.0"
__all__ = ["Checked", "check_setting"]

_HOME = {"Checked": "settings.checked", "check_setting": "settings.checked"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'reports' has no attribute {name!r}")
    value = getattr(import_module(f"reports.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
