"""Measured against predicted: plans, records, verdicts, the page. The only package that imports theory and empirics."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reports.judging.rows import Row, Verdict
    from reports.saved import ReportError, SavedReport, load
    from reports.settings.checked import Checked, check_setting
    from reports.settings.words import SettingError

__version__ = "0.1.0"
__all__ = ["Checked", "ReportError", "Row", "SavedReport", "SettingError", "Verdict", "check_setting", "load"]

_HOME = {
    "Checked": "settings.checked",
    "ReportError": "saved",
    "Row": "judging.rows",
    "SavedReport": "saved",
    "SettingError": "settings.words",
    "Verdict": "judging.rows",
    "check_setting": "settings.checked",
    "load": "saved",
}


def __getattr__(name: str) -> Any:
    """Import the home of a public name on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'reports' has no attribute {name!r}")
    value = getattr(import_module(f"reports.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, and nothing of how they are made."""
    return sorted(__all__)
