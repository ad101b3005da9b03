"""What a claim can bound: the left sides by name, each with its LaTeX, unit, kind, modes and assumptions."""

from __future__ import annotations

from dataclasses import dataclass

from theory.statements import DETERMINISTIC, EXPECTATION
from theory.symbols import MODES
from theory.units import CURVATURE, GRADIENT, GRADIENT_SQUARED, LOSS, Unit

_STOCHASTIC = ("stochastic", "first_order_stochastic", "hessian_free_stochastic")


@dataclass(frozen=True)
class Measured:
    """A left side.

    modes: those it exists for; default_modes: those a claim speaks about that names none. shifted: both sides carry
    F(w_k) - F_low, so that the left side is never negative. ours: per mode the quantity of the theory that bounds it.
    """

    name: str
    words: str
    latex: str
    unit: Unit
    kind: str
    modes: tuple[str, ...]
    default_modes: tuple[str, ...]
    assumptions: tuple[str, ...]
    ours: dict[str, str]
    shifted: bool = False


def _measured(
    name: str, words: str, latex: str, unit: Unit, kind: str, assumptions: str, ours: dict[str, str],
    default: tuple[str, ...] = (), shifted: bool = False,
) -> Measured:  # fmt: skip
    modes = tuple(mode for mode in MODES if mode in ours)
    return Measured(
        name, words, latex, unit, kind, modes, default or modes, tuple(assumptions.split()), ours, shifted
    )  # fmt: skip


_ALL = {mode: mode for mode in MODES}

_LIST = (
    _measured(
        "L_F",
        "the smoothness of every meta loss",
        r"\frac{\|\nabla F_i(w) - \nabla F_i(u)\|}{\|w - u\|}",
        CURVATURE,
        DETERMINISTIC,
        "A2 A3",
        {"exact": "L_F"},
    ),
    _measured(
        "meta_gradient_bias",
        "the bias of the meta-gradient",
        r"\|\mathrm{E} g_i - \nabla F_i(w)\|",
        GRADIENT,
        EXPECTATION,
        "A2 A3 A4",
        {
            "stochastic": "b_sto",
            "first_order": "b_FO",
            "first_order_stochastic": "b_FO_sto",
            "hessian_free": "b_HF",
            "hessian_free_stochastic": "b_HF_sto",
        },
        _STOCHASTIC,
    ),
    _measured(
        "meta_gradient_mean_squared_error",
        "the mean squared error of the meta-gradient",
        r"\mathrm{E} \|g_i - \nabla F_i(w)\|^2",
        GRADIENT_SQUARED,
        EXPECTATION,
        "A2 A3 A4",
        {"stochastic": "sigma_F2", "hessian_free_stochastic": "mse_HF_sto"},
    ),
    _measured(
        "meta_gradient_squared_spread",
        "the squared spread of the agents' meta-gradients",
        r"\frac{1}{n} \sum_{i=1}^{n} \|\nabla F_i(w) - \nabla F(w)\|^2",
        GRADIENT_SQUARED,
        DETERMINISTIC,
        "A2 A3 A5",
        {"exact": "gamma_F2"},
    ),
    _measured(
        "first_order_error",
        "the error of the first-order meta-gradient",
        r"\|\nabla f_i(w_i^{\nu}) - \nabla F_i(w)\|",
        GRADIENT,
        DETERMINISTIC,
        "A2",
        {"first_order": "b_FO"},
    ),
    _measured(
        "hessian_free_error",
        "the error of the Hessian-free meta-gradient",
        r"\|g_i - \nabla F_i(w)\|",
        GRADIENT,
        DETERMINISTIC,
        "A2 A3",
        {"hessian_free": "b_HF"},
    ),
    _measured(
        "mean_squared_meta_gradient",
        "the mean squared meta-gradient over a run",
        r"\frac{1}{K} \sum_{k<K} \mathrm{E} \|\nabla F(w_k)\|^2",
        GRADIENT_SQUARED,
        EXPECTATION,
        "A1 A2 A3 A4 A5",
        dict.fromkeys(_ALL, "T2"),
    ),
    _measured(
        "optimality_gap",
        "the optimality gap after a run",
        r"\mathrm{E} F(w_K) - F^{\ast}",
        LOSS,
        EXPECTATION,
        "A1 A2 A3 A4 A5",
        dict.fromkeys(_ALL, "T3"),
    ),
    _measured(
        "one_round_change",
        "the change over one round",
        r"\mathrm{E} F(w_{k+1}) - F(w_k) + \Delta_0",
        LOSS,
        EXPECTATION,
        "A1 A2 A3 A4 A5",
        dict.fromkeys(_ALL, "T1"),
        shifted=True,
    ),
)

MEASURED: dict[str, Measured] = {item.name: item for item in _LIST}
