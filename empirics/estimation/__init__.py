"""Constants that no formula gives: estimated from below by ascent over a stated set, or bounded with a probability."""

from __future__ import annotations

from empirics.estimation.all_constants import as_constants, estimate, looseness
from empirics.estimation.curvature import point_curvature
from empirics.estimation.estimates import QUICK, Budget, Estimate
from empirics.estimation.krylov import lanczos, miss_probability, relative_gap
from empirics.estimation.meta_constants import estimate_meta
from empirics.estimation.regions import Ball, Hull, Region, hull_of_run
from empirics.estimation.third_derivative import hessian_quotient

__all__ = [
    "QUICK",
    "Ball",
    "Budget",
    "Estimate",
    "Hull",
    "Region",
    "as_constants",
    "estimate",
    "estimate_meta",
    "hessian_quotient",
    "hull_of_run",
    "lanczos",
    "looseness",
    "miss_probability",
    "point_curvature",
    "relative_gap",
]
