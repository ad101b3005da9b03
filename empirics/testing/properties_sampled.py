"""Stochastic modes: exact means and errors by enumeration of all batches, and the log of which batch fed which call."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from empirics.algorithm.modes import SAMPLED, Mode
from empirics.testing import oracles
from empirics.testing.bounds import SampledBounds
from empirics.testing.comparison import Comparison
from empirics.testing.known_constants import constants_of
from empirics.testing.property import property_for
from empirics.testing.sampled import AskSampled, Call, SampledCase, Samples


@property_for(
    SAMPLED,
    "noiseless_cases",
    cause="the full-batch mode itself is wrong: put it through check_meta_gradient",
    large=True,
)
def noiseless(ask: AskSampled, case: SampledCase) -> Comparison:
    """With equal samples a stochastic mode is its full-batch mode."""
    found, _ = ask.once(case)
    return Comparison(found, _target(case, case.full_batch_mode), ask.rounding(case))


@property_for(SAMPLED, "sampled_quadratics", cause="a batch is used twice")
def independent_batches(ask: AskSampled, case: SampledCase) -> Comparison:
    """S5: all nu + 1 + nu batches are independent; only the two probes of a Hessian-free step share theirs."""
    calls = ask.once(case)[1].calls
    shared = sum(_shared(case, uses) for uses in _by_batch(calls).values())
    return Comparison(shared, 0, 0.0, cause=_sharing(case, calls))


@property_for(
    SAMPLED,
    "sampled_quadratics",
    cause="a batch is drawn with the size meant for another purpose, or too many or too few are drawn",
)
def batches_by_purpose(ask: AskSampled, case: SampledCase) -> Comparison:
    """T7: nu batches of D samples for inner gradients, one of D', and nu of D_H for Hessians (first order: none)."""
    log = ask.once(case)[1]
    hessians = Mode(case.mode).hessian_batches(case.nu)
    return Comparison(_inventory(case, log), f"{case.nu} inner, 1 outer, {hessians} hessian, 0 misused", 0.0)


@property_for(
    SAMPLED, "sampled_quadratics", cause="one batch is used twice, so that its noise is multiplied with itself"
)
def unbiased_on_quadratics(ask: AskSampled, case: SampledCase) -> Comparison:
    """On quadratic samples the mean over all batches is the full-batch value, exactly (S5': rho = 0).

    Also with different Hessians: the error of the noisy trajectory is linear in noise of zero mean, and independent
    batches multiply in the mean.
    """
    return Comparison(ask.law(case).mean, _target(case, case.full_batch_mode), ask.rounding(case))


@property_for(SAMPLED, "sampled_ridges", cause="the estimator selects or corrects by what it has drawn")
def bias(ask: AskSampled, case: SampledCase) -> Comparison:
    """norm(E g - grad F) <= b'_sto (S5'), b_FO + alpha L sigma_G sqrt(S_nu(q^2)) (S8) or b_HFs (S9s)."""
    distance = float(np.linalg.norm(ask.law(case).mean - _target(case, Mode.EXACT)))
    return Comparison(distance, _bounds(case).bias(case.mode), ask.rounding(case), "at most")


@property_for(
    SAMPLED,
    "sampled_ridges",
    cause="noise is added up instead of averaged, or divided by delta: both probes of a step need one batch",
)
def mean_squared_error(ask: AskSampled, case: SampledCase) -> Comparison:
    """E norm(g - grad F)^2 <= V + b_sto^2 (S6), and its counterparts in S8 and S9s; compared as root mean squares."""
    error = ask.law(case).mean_squared_distance(_target(case, Mode.EXACT))
    return Comparison(
        math.sqrt(error), math.sqrt(_bounds(case).mean_squared_error(case.mode)), ask.rounding(case), "at most"
    )


def _target(case: SampledCase, mode: str) -> np.ndarray:
    return oracles.meta_gradient_of(case.base, case.point, case.alpha, case.nu, mode, case.delta)


def _bounds(case: SampledCase) -> SampledBounds:
    """Constants of the mean loss, and of the noise: its gradient and Hessian are bounded by its own B and L."""
    assert case.noise is not None
    inner, outer, noise = (constants_of(loss) for loss in (case.base.support, case.base.query, case.noise))
    return SampledBounds(
        case.alpha,
        case.nu,
        L=inner["L"].value,
        rho=inner["rho"].value,
        B=outer["B"].value,
        sigma_G=noise["B"].value,
        sigma_H=noise["L"].value,
        L_outer=outer["L"].value,
        rho_outer=outer["rho"].value,
        delta=case.delta or 0.0,
    )


def _by_batch(calls: list[Call]) -> dict[int, list[Call]]:
    grouped: dict[int, list[Call]] = {}
    for call in calls:
        grouped.setdefault(call.batch.index, []).append(call)
    return grouped


def _shared(case: SampledCase, uses: list[Call]) -> int:
    """Evaluations on one batch beyond the first one, of gradients (or losses) and Hessians at their points.

    The two probes of one Hessian-free step count as one: S9s asks that they share their batch.
    """
    evaluations = len({(call.kind == "hvp", call.w) for call in uses})
    if Mode(case.mode).probes and evaluations == 2 and _are_probes(uses):
        return 0
    return evaluations - 1


def _are_probes(uses: list[Call]) -> bool:
    return all(call.batch.purpose == "hessian" and call.kind != "hvp" for call in uses)


def _sharing(case: SampledCase, calls: list[Call]) -> str:
    for index, uses in _by_batch(calls).items():
        if _shared(case, uses):
            kinds = Counter(f"{call.kind} on the batch drawn for {call.batch.purpose!r}" for call in uses)
            listed = ", ".join(f"{count} x {kind}" for kind, count in kinds.items())
            return f"batch {index} feeds several calls ({listed}): draw a fresh batch for each of them"
    return ""


def _inventory(case: SampledCase, log: Samples) -> str:
    drawn = Counter(batch.purpose for batch in log.drawn)
    misused = sum(_misused(case, call) for call in log.calls)
    return f"{drawn['inner']} inner, {drawn['outer']} outer, {drawn['hessian']} hessian, {misused} misused"


def _misused(case: SampledCase, call: Call) -> bool:
    """A Hessian on a batch for gradients, or the reverse (Hessian-free probes are gradients on Hessian batches)."""
    if call.kind == "hvp":
        return call.batch.purpose != "hessian"
    return call.batch.purpose == "hessian" and not Mode(case.mode).probes
