"""A finished report questioned: all of it again from its plan, claims and records, or cells of it from nothing."""

from __future__ import annotations

from reports.recheck.checking import check
from reports.recheck.findings import Findings
from reports.recheck.finished import Finished, RecheckError
from reports.recheck.reproduction import reproduce

__all__ = ["Findings", "Finished", "RecheckError", "check", "reproduce"]
