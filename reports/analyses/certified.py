"""What no proof can remove: left sides that instances with a row's own constants have, proved by exact certificates."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from empirics.algorithm.modes import Mode
from reports.judging.rows import Row
from theory.language.errors import InputError
from theory.sharp.sharpening import sharpen
from theory.tables import Table

# what the left side of a bound is at a point that exact rounds of all agents leave where it is
_GRADIENT = ("T2", "T2p", "T4", "T4p")
_GAP = ("T3", "T3p", "T4_gap", "T4p_gap", "T4c_gap")
_OTHER_ALGORITHM = {"beta_s", "sampling"}


def certified(row: Row, table: Table) -> float | None:
    """A left side that is attained with the row's step, tau, L_F, gamma_F, mu_c, and mu_F for a gap; None: no proof.

    It is that of a point which exact rounds of all agents leave where it is, started there: no right side that is made
    of these constants can be smaller. Where the row's initial gap is smaller than the instance's, the instance is
    scaled down to it. Known for exact gradients, all agents and tau >= 2 only.

    Source: `theory.sharp`, the lower sides of T4p and T4p_gap; the certificate is checked when it is made.
    """
    inputs = row.inputs
    other = row.quantity not in (*_GRADIENT, *_GAP) or _OTHER_ALGORITHM & inputs.keys() or not _exact(Mode(row.mode))
    if other or row.m != row.n or row.predicted is None:
        return None
    found = {name: table.quantity(name).evaluate(**inputs) for name in ("h", "L_F", "gamma_F", "mu_c")}
    h, L_F, mu_c = (found[name].exact for name in ("h", "L_F", "mu_c"))
    gamma_F = found["gamma_F"].value
    if h is None or not L_F or mu_c is None or gamma_F is None:
        return None
    tau, curvature = int(row.tau or 1), mu_c / L_F
    unit = gamma_F**2 / float(L_F)  # of a gap
    start = float(Fraction(inputs["F0_gap"])) if row.quantity in ("T2", "T2p", "T3", "T3p") else float("inf")
    if row.quantity in _GAP:
        gap = _attained("T4p_gap", h, tau, curvature, Fraction(inputs["mu_F"]) / L_F)
        return None if gap is None else min(gap * unit, start)
    gradient, gap = (_attained(name, h, tau, curvature, None) for name in ("T4p", "T4p_gap"))
    if gradient is None or not gap:
        return None
    return gradient * gamma_F**2 * min(1.0, start / (gap * unit))


def _exact(mode: Mode) -> bool:
    """Whether a mode's meta-gradients are those of the losses themselves."""
    return mode.curved and not mode.draws and not mode.probes


@lru_cache(maxsize=256)
def _attained(statement: str, h: Fraction, tau: int, mu_c: Fraction, mu_F: Fraction | None) -> float | None:
    """The value of the certified instance at L_F = gamma_F = 1."""
    given: Mapping[str, object] = {"h": h, "tau": tau, "mu_c": mu_c} | ({} if mu_F is None else {"mu_F": mu_F})
    try:
        lower = sharpen(statement, **given).lower
    except InputError:  # tau = 1, a step beyond 1/L_F, no spread of curvature, or digits beyond the checker's
        return None
    return None if lower is None else float(lower)
