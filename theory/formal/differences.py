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
        "C6",
    }
)
EVERYWHERE = "what is derived (q, L_F, mu_c, gamma_F, b, sigma^2, h) is not given by hand"
_SUBSET = "m of n agents of equal weight, without replacement"
_OPERATOR = "A5's Hessian part through any numbers e_i with norm((hess f_i - hess f) d) <= e_i norm(d)"
_RUN = "W0 holds every iterate that a run from w_0 can reach"
_CHOICE = "for every eps, zeta and c that the side conditions allow, so for the least value over any list of them"
_LIMIT = "the limit eps -> 0, c -> infinity, an element of that list, is not stated"
_ONE_STEP = "with D1's pair and tau = 1 it asks for h <= 1 besides"

DIFFERENCES: Mapping[str, tuple[str, ...]] = {
    "S7": (_OPERATOR, "for agents of any weights"),
    "S9": ("W holds the probe points in use",),
    "S9s": ("W holds the probe points in use",),
    "S9p": ("W holds the probe points in use",),
    "S10": ("the infimum over w: Corollaries.S10_infimum",),
    "T1a": (_SUBSET, _OPERATOR, "all modes, exact among them"),
    "T1b": (_SUBSET, _OPERATOR),
    "T1c": (_SUBSET, _OPERATOR),
    "C1": (
        _OPERATOR,
        "for the path of first-order steps, written as a sequence; W0 holds it",
        "for agents of any weights",
    ),
    "C2": (_SUBSET, _OPERATOR, "W0 holds every iterate of all agents, the unsampled ones too"),
    "C4": (_SUBSET, _OPERATOR, _RUN, "for the step beta that the statement prescribes"),
    "C5": ("q = 1 + alpha L, so mu is not given", "the rates of b_sto, b'_sto, b''_sto and V: ManySteps"),
    "T4p": (
        "agents of equal weight",
        _OPERATOR,
        _ONE_STEP,
        "W0 holds the round from the fixed point",
        "that a limit of iterates is a fixed point: FixedPointLimit.limit_is_fixed",
        "that the floor is attained is not stated",
    ),
    "T4c": ("agents of equal weight", _OPERATOR, _ONE_STEP, "L_F > 0", "W0 holds the round from the fixed point"),
    "D1": ("the exactness of the ball is not stated",),
    "T1d": (_SUBSET, _OPERATOR, _CHOICE, _LIMIT, _ONE_STEP),
    "T2p": (_SUBSET, _OPERATOR, _RUN, _CHOICE, _LIMIT, _ONE_STEP, "the corollary's numbers: RateNumbers.T2p_corollary"),
    "T3p": (
        _SUBSET,
        _OPERATOR,
        _RUN,
        _CHOICE,
        _LIMIT,
        _ONE_STEP,
        "lam <= 1 when mu_F <= L_F: Corollaries.T3p_lam_small",
    ),
    "T2": (_SUBSET, _OPERATOR, _RUN),
    "T3": (_SUBSET, _OPERATOR, _RUN),
    "C6": (
        "m draws with replacement from the weights, or every agent",
        "T1d and T3p likewise: OtherSamplingStatements.C6_T1d, C6_T3p",
        "independent inclusion in terms of its own: OtherSampling.C6_inclusion, OtherSamplingRates.C6_inclusion_rate",
        _OPERATOR,
        _RUN,
        _CHOICE,
        _LIMIT,
        _ONE_STEP,
    ),
    "T4": (
        _SUBSET,
        _OPERATOR,
        _RUN,
        "a limit superior of at most x, as: at most x + eps from some K on, for every eps",
    ),
}

# where a bound is an equality; what is not said to be in terms of its own is in the records'
ATTAINED: Mapping[str, tuple[str, ...]] = {
    "S2": ("Parabola.S2_attained",),
    "S3": ("Parabola.S3_attained", "Parabola.B_F_attained"),
    "S3q": ("Parabola.B_q_attained",),
    "S4": ("Parabola.S4_attained", "Parabola.S4_pointwise_attained"),
    "S4m": ("Parabola.S4m_attained",),
    "S5p": ("in terms of its own: BiasWitness.S5_second_attained",),
    "S6": ("in terms of its own: StochasticGradientWitness.S6_attained",),
    "S8": ("Parabola.S8_attained",),
    "S10": ("Parabola.S10_attained",),
    "T1b": ("UnitRound.T1b_attained",),
    "T1c": ("UnitRound.T1c_attained",),
    "T1d": ("UnitRound.T1d_attained",),
    "T2": ("UnitRound.T2_attained",),
    "T2p": ("UnitRound.T2p_attained",),
    "T3": ("UnitRound.T3_attained",),
    "T3p": ("UnitRound.T3p_attained",),
    "C2": ("UnitRound.C2_attained",),
    "C6": ("UnitRound.T2p_attained",),
}
