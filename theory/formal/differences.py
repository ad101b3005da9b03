"""Where a theorem departs from the statement in print: each line is shown with the theorem."""

from __future__ import annotations

from collections.abc import Mapping

FINITE_SUPPORT = "noise of finite support, with the same law of batches at every step"
NOISY = frozenset(
    {
        "S3q",
        "S5",
        "S5p",
        "S5s",
        "S6",
        "S8s",
        "S8p",
        "S9s",
        "S9p",
        "T1a",
        "T1c",
        "T1d",
        "T2",
        "T2p",
        "T3",
        "T3p",
        "C2",
        "C4",
    }
)
_SUBSET = "m of n agents without replacement"
_OPERATOR = "A5's Hessian part through any numbers e_i with norm((hess f_i - hess f) d) <= e_i norm(d)"
_RUN = "W0 holds every iterate that a run from w_0 can reach"
_CHOICE = "for every eps, zeta and c that the side conditions allow, so for the least value over any list of them"
_LIMIT = "the limit eps -> 0, c -> infinity, an element of that list, is not stated"
_ONE_STEP = "with D1's pair and tau = 1 it asks for h <= 1 besides; W0n is asked in every mode"

DIFFERENCES: Mapping[str, tuple[str, ...]] = {
    "S7": (_OPERATOR,),
    "S9": ("W holds the probe points in use",),
    "S9s": ("W holds the probe points in use",),
    "S9p": ("W holds the probe points in use",),
    "S10": ("the monotone infimum over w is not stated",),
    "T1a": (_SUBSET, _OPERATOR, "all modes, exact among them"),
    "T1b": (_SUBSET, _OPERATOR),
    "T1c": (_SUBSET, _OPERATOR),
    "C1": (_OPERATOR, "for the path of first-order steps, written as a sequence; W0 holds it"),
    "C2": (_SUBSET, _OPERATOR, "W0 holds every iterate of all agents, the unsampled ones too"),
    "C4": (_SUBSET, _OPERATOR, _RUN, "for the step beta that the statement prescribes"),
    "C5": ("q = 1 + alpha L, so mu is not given", "the rates of b_sto, b'_sto, b''_sto and V: ManySteps"),
    "T4p": (
        _OPERATOR,
        _ONE_STEP,
        "W0 holds the local runs from the fixed point",
        "that a limit of iterates is a fixed point: FixedPointLimit.limit_is_fixed",
        "that the floor is attained is not stated",
    ),
    "T4c": (_OPERATOR, _ONE_STEP, "L_F > 0", "W0 holds the local runs from the fixed point"),
    "D1": ("the exactness of the ball is not stated",),
    "T1d": (_SUBSET, _OPERATOR, _CHOICE, _LIMIT, _ONE_STEP),
    "T2p": (_SUBSET, _OPERATOR, _RUN, _CHOICE, _LIMIT, _ONE_STEP, "the corollary's numbers: RateNumbers.T2p_corollary"),
    "T3p": (_SUBSET, _OPERATOR, _RUN, _CHOICE, _LIMIT, _ONE_STEP),
    "T2": (_SUBSET, _OPERATOR, _RUN),
    "T3": (_SUBSET, _OPERATOR, _RUN),
    "T4": (
        _SUBSET,
        _OPERATOR,
        _RUN,
        "a limit superior of at most x, as: at most x + eps from some K on, for every eps",
    ),
}

# proved, but with constants written by hand and not in the terms of the records
OWN_TERMS: Mapping[str, str] = {
    "S5s": "proved in terms of its own: ThirdOrder.S5_third",
    "C6": "proved in terms of its own, and independent inclusion for one round only: OtherSampling.C6_replacement, "
    "OtherSampling.C6_full, OtherSampling.C6_inclusion, OtherSamplingRates.C6_replacement_rate, "
    "OtherSamplingRates.C6_full_rate",
}
