"""Where a theorem departs from the statement in print: each line is shown with the theorem."""

from __future__ import annotations

from collections.abc import Mapping

FINITE_SUPPORT = "noise of finite support, with the same law of batches at every step"
NOISY = frozenset(["S5", "S5p", "S5s", "S6", "S8s", "S8p", "S9s", "S9p", "T1a", "T1c", "T1d", "T2", "T2p", "T3", "T3p"])
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
    "S3q": "its constants are in S3, S4, S5p, S6, S7, S8, S9 and S9s",
    "S5s": "proved in terms of its own: ThirdOrder.S5_third",
    "T4p": "proved in terms of its own: FixedPoint.T4p_curved, BiasedFixedPoint.T4p_biased",
    "T4c": "proved in terms of its own: ConvexGap.T4c_curved",
    "C1": "proved in terms of its own: FirstOrderFloor.C1",
    "C2": "proved in terms of its own: LocalAverage.C2",
    "C4": "proved in terms of its own: SpeedUp.C4",
    "C5": "proved in terms of its own: ManySteps.C5_L_F and others",
    "C6": "proved in terms of its own: OtherSampling.C6_replacement, C6_full",
}
