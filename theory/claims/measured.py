"""What a claim can bound: the left sides by name, each with its LaTeX, unit, kind, modes and assumptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from theory.language.modes import EXACT, FIRST_ORDER, HESSIAN_FREE, MODES, Mode
from theory.language.records import DETERMINISTIC, EXPECTATION
from theory.language.symbols import Symbol
from theory.language.units import Unit
from theory.statements.c2 import C2
from theory.statements.s04 import L_F
from theory.statements.s05 import MEAN_ERROR
from theory.statements.s06 import SQUARED_ERROR
from theory.statements.s07 import SQUARED_SPREAD, gamma_F2
from theory.statements.s08 import b_FO
from theory.statements.s09 import b_HF
from theory.statements.t1 import BIAS, VARIANCE
from theory.statements.t1_by_case import T1
from theory.statements.t2 import T2
from theory.statements.t3 import T3


@dataclass(frozen=True)
class Measured:
    """A left side.

    ours: the quantity of the theory that bounds it, in each mode it exists for. default_modes: those that a claim which
    names none speaks about. shifted: both sides carry F(w_k) - F_low, so that the left side is never negative.
    """

    name: str
    words: str
    latex: str
    unit: Unit
    kind: str
    assumptions: tuple[str, ...]
    ours: Mapping[str, str]
    default_modes: tuple[str, ...]
    shifted: bool = False

    @property
    def modes(self) -> tuple[str, ...]:
        """The names of the modes it exists for."""
        return tuple(self.ours)


def _measured(
    name: str, words: str, latex: str, kind: str, assumptions: str, ours: Mapping[Mode, Symbol],
    default: Iterable[Mode] = MODES, shifted: bool = False,
) -> Measured:  # fmt: skip
    (unit,) = {symbol.record.unit for symbol in ours.values()}
    named = {mode.name: symbol.name for mode, symbol in ours.items()}
    chosen = tuple(mode.name for mode in default if mode in ours)
    return Measured(name, words, latex, unit, kind, tuple(assumptions.split()), named, chosen, shifted)


_LIST = (
    _measured(
        "L_F", "the smoothness of every meta loss", r"\frac{\|\nabla F_i(w) - \nabla F_i(u)\|}{\|w - u\|}",
        DETERMINISTIC, "A2 A3", {EXACT: L_F},
    ),
    _measured(
        "meta_gradient_bias", "the bias of the meta-gradient", MEAN_ERROR, EXPECTATION, "A2 A3 A4",
        {mode: bounds[0] for mode, bounds in BIAS.items()},
        (mode for mode in MODES if mode.draws),  # without batches it is the error, which has names of its own
    ),
    _measured(
        "meta_gradient_mean_squared_error", "the mean squared error of the meta-gradient", SQUARED_ERROR, EXPECTATION,
        "A2 A3 A4", {mode: bound for mode, bound in VARIANCE.items() if mode.hessians or mode.probes},
    ),
    _measured(
        "meta_gradient_squared_spread", "the squared spread of the agents' meta-gradients", SQUARED_SPREAD,
        DETERMINISTIC, "A2 A3 A5", {EXACT: gamma_F2},
    ),
    _measured(
        "first_order_error", "the error of the first-order meta-gradient",
        r"\|\nabla f_i(w_i^{\nu}) - \nabla F_i(w)\|", DETERMINISTIC, "A2", {FIRST_ORDER: b_FO},
    ),
    _measured(
        "hessian_free_error", "the error of the Hessian-free meta-gradient", r"\|g_i - \nabla F_i(w)\|",
        DETERMINISTIC, "A2 A3", {HESSIAN_FREE: b_HF},
    ),
    _measured(
        "mean_squared_meta_gradient", "the mean squared meta-gradient over a run",
        r"\frac{1}{K} \sum_{k<K} \mathrm{E} \|\nabla F(w_k)\|^2", EXPECTATION, "A1 A2 A3 A4 A5",
        dict.fromkeys(MODES, T2),
    ),
    _measured(
        "mean_squared_meta_gradient_local", "the mean squared meta-gradient over all local steps, at the agents' mean",
        r"\frac{1}{\tau K} \sum_{k<K, t<\tau} \mathrm{E} \|\nabla F(\bar{w}_{k,t})\|^2", EXPECTATION, "A1 A2 A3 A4 A5",
        dict.fromkeys(MODES, C2),
    ),
    _measured(
        "min_squared_meta_gradient", "the least mean squared meta-gradient of the rounds of a run",
        r"\min_{k<K} \mathrm{E} \|\nabla F(w_k)\|^2", EXPECTATION, "A1 A2 A3 A4 A5", dict.fromkeys(MODES, T2),
    ),
    _measured(
        "optimality_gap", "the optimality gap after a run", r"\mathrm{E} F(w_K) - F^{\ast}", EXPECTATION,
        "A1 A2 A3 A4 A5", dict.fromkeys(MODES, T3),
    ),
    _measured(
        "one_round_change", "the change over one round", r"\mathrm{E} F(w_{k+1}) - F(w_k) + \Delta_0", EXPECTATION,
        "A1 A2 A3 A4 A5", dict.fromkeys(MODES, T1), shifted=True,
    ),
)  # fmt: skip

MEASURED: dict[str, Measured] = {item.name: item for item in _LIST}
