"""What a finished report says of itself: what was asked for, with which versions, which record a row was read off."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from reports import __version__
from reports.analyses.claims import stored
from reports.judging import statistics
from reports.records.execution import Outcome
from reports.request import Request
from reports.studies.study import StudyResult

_LIBRARIES = (
    *("torch", "numpy", "scipy", "sympy", "python-flint", "pandas", "matplotlib", "scikit-learn", "joblib", "pydantic"),
)


def manifest_of(
    request: Request, outcomes: Sequence[Outcome], family: int, studies: Sequence[StudyResult],
    seconds: Mapping[str, float],
) -> dict[str, Any]:  # fmt: skip
    """Plain JSON values; `seconds` by stage."""
    return {
        "distribution": "meta-fedavg-bounds",
        "version": __version__,
        "plan": request.plan_name,
        "title": request.plan.title,
        "command": request.command,
        "device": request.device,
        "seed": request.seed,
        "seeds": request.seeds,
        "jobs": request.jobs,
        "error_level": statistics.FAMILY_WISE_LEVEL,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "versions": {name: _version(name) for name in _LIBRARIES},
        "seconds": dict(seconds),
        "cells": len(outcomes),
        "family": family,
        "claims": stored(request.claims),
        "own": list(request.plan.own_statements),
        "row_records": {
            measurement.row_id: outcome.key for outcome in outcomes for measurement in outcome.measurements
        },
        "records": [outcome.key for outcome in outcomes],
        "studies": {study.name: study.headline for study in studies},
        "study_records": [key for study in studies for key in study.records],
    }


def _version(name: str) -> str | None:
    """None for a library that is there without being installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
