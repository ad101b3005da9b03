"""Every symbol once: ASCII name, LaTeX, unit, admissible range, meaning, name in the published papers.

The published names refer to arXiv 2002.07948 (Per-FedAvg) and arXiv 2002.07836 (multi-step MAML).
A symbol that stands for a square says so in `root`: it lets the printer write sigma for the root of sigma^2.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from theory.units import (
    CURVATURE,
    CURVATURE_CHANGE,
    GRADIENT,
    GRADIENT_SQUARED,
    LOSS,
    NUMBER,
    STEP,
    Unit,
)

MODES = (
    "exact",
    "stochastic",
    "first_order",
    "first_order_stochastic",
    "hessian_free",
    "hessian_free_stochastic",
)
LARGEST_COUNT = 10_000


@dataclass(frozen=True)
class Range:
    """The admissible values of an input: `lower` <= value <= `upper`, strict below if `open_below`."""

    lower: int | None = 0
    upper: int | None = None
    open_below: bool = False
    integer: bool = False

    def contains(self, value: Fraction) -> bool:
        """True when the value is admissible."""
        if self.integer and value.denominator != 1:
            return False
        if self.lower is not None and (value < self.lower or (self.open_below and value == self.lower)):
            return False
        return self.upper is None or value <= self.upper

    def __str__(self) -> str:
        kind = "an integer" if self.integer else "a number"
        if self.lower is None:
            return f"{kind} (finite)"
        above = "" if self.upper is None else f" and <= {self.upper}"
        return f"{kind} {'>' if self.open_below else '>='} {self.lower}{above}"


NONNEGATIVE = Range()
POSITIVE = Range(open_below=True)
REAL = Range(lower=None)
COUNT = Range(lower=1, integer=True)
STEPS = Range(lower=0, upper=LARGEST_COUNT, integer=True)
LOCAL_STEPS = Range(lower=1, upper=LARGEST_COUNT, integer=True)


@dataclass(frozen=True)
class SymbolRecord:
    """One row of the table of symbols."""

    name: str
    latex: str
    unit: Unit
    range: Range
    meaning: str
    published: str = ""
    root: str = ""


_FALLAH = "arXiv 2002.07948"
_JI = "arXiv 2002.07836"

INPUTS: tuple[SymbolRecord, ...] = (
    SymbolRecord("alpha", r"\alpha", STEP, NONNEGATIVE, "fine-tuning step size", f"alpha in {_FALLAH} and {_JI}"),
    SymbolRecord("beta", r"\beta", STEP, POSITIVE, "local (meta) step size", f"beta in {_FALLAH}"),
    SymbolRecord("L", "L", CURVATURE, NONNEGATIVE, "bound on the Hessian norm (A2)", f"L in {_FALLAH} and {_JI}"),
    SymbolRecord("mu", r"\mu", CURVATURE, REAL, "lower bound of the Hessian eigenvalues (A6)"),
    SymbolRecord(
        "rho",
        r"\rho",
        CURVATURE_CHANGE,
        NONNEGATIVE,
        "Lipschitz constant of the Hessian (A3)",
        f"rho in {_FALLAH} and {_JI}",
    ),
    SymbolRecord("B", "B", GRADIENT, NONNEGATIVE, "bound on the gradient norm (A2)", f"B in {_FALLAH}"),
    SymbolRecord(
        "sigma_G", r"\sigma_G", GRADIENT, NONNEGATIVE, "noise of one sample's gradient (A4)", f"sigma_G in {_FALLAH}"
    ),
    SymbolRecord(
        "sigma_H", r"\sigma_H", CURVATURE, NONNEGATIVE, "noise of one sample's Hessian (A4)", f"sigma_H in {_FALLAH}"
    ),
    SymbolRecord(
        "gamma_G", r"\gamma_G", GRADIENT, NONNEGATIVE, "spread of the agents' gradients (A5)", f"gamma_G in {_FALLAH}"
    ),
    SymbolRecord(
        "gamma_H", r"\gamma_H", CURVATURE, NONNEGATIVE, "spread of the agents' Hessians (A5)", f"gamma_H in {_FALLAH}"
    ),
    SymbolRecord("D", "D", NUMBER, COUNT, "samples per inner gradient", f"D in {_FALLAH}"),
    SymbolRecord("D_prime", "D'", NUMBER, COUNT, "samples per outer gradient", f"D' in {_FALLAH}"),
    SymbolRecord("D_H", "D_H", NUMBER, COUNT, "samples per Hessian", f"D'' in {_FALLAH}"),
    SymbolRecord("nu", r"\nu", NUMBER, STEPS, "number of fine-tuning steps", f"1 in {_FALLAH}, N in {_JI}"),
    SymbolRecord("tau", r"\tau", NUMBER, LOCAL_STEPS, "number of local steps in a round", f"tau in {_FALLAH}"),
    SymbolRecord("n", "n", NUMBER, COUNT, "number of agents", f"n in {_FALLAH}"),
    SymbolRecord("m", "m", NUMBER, COUNT, "number of agents that take part in a round", f"r n in {_FALLAH}"),
    SymbolRecord("K", "K", NUMBER, COUNT, "number of rounds", f"K in {_FALLAH}"),
    SymbolRecord(
        "delta",
        r"\delta",
        STEP,
        POSITIVE,
        "Hessian-free probe: the displacement is delta times a gradient",
        f"delta in {_FALLAH}",
    ),
    SymbolRecord(
        "F0_gap",
        r"\Delta_0",
        LOSS,
        NONNEGATIVE,
        "initial gap F(w_0) - F*; in T1, F(w_k) minus the same lower bound of F",
    ),
    SymbolRecord("mu_F", r"\mu_F", CURVATURE, POSITIVE, "Polyak-Lojasiewicz constant of F (A7)"),
    SymbolRecord("grad_norm_i", r"\|\nabla f_i\|", GRADIENT, NONNEGATIVE, "norm of the gradient of one agent's loss"),
    SymbolRecord(
        "grad_norm", r"\|\nabla F(w_k)\|", GRADIENT, NONNEGATIVE, "norm of the meta-gradient at the round's start"
    ),
    SymbolRecord("eta_G", r"\eta_G", GRADIENT, NONNEGATIVE, "accuracy of one computed gradient"),
    SymbolRecord(
        "eta_H", r"\eta_H", CURVATURE, NONNEGATIVE, "relative accuracy of one computed Hessian-vector product"
    ),
)

DERIVED: tuple[SymbolRecord, ...] = (
    SymbolRecord("q", "q", NUMBER, NONNEGATIVE, "step factor: bounds the norm of I - alpha hess f_i"),
    SymbolRecord("B_F", "B_F", GRADIENT, NONNEGATIVE, "bound on the norm of the meta-gradient (S3)"),
    SymbolRecord("L_F", "L_F", CURVATURE, NONNEGATIVE, "smoothness constant of every F_i (S4)"),
    SymbolRecord("L_F_pointwise", r"L_F(u)", CURVATURE, NONNEGATIVE, "smoothness at one point, without B (S4)"),
    SymbolRecord("b_sto", r"b_{\mathrm{sto}}", GRADIENT, NONNEGATIVE, "bias of the stochastic meta-gradient (S5)"),
    SymbolRecord(
        "b_sto_2",
        r"b'_{\mathrm{sto}}",
        GRADIENT,
        NONNEGATIVE,
        "second-order bias of the stochastic meta-gradient (S5p)",
    ),
    SymbolRecord("eta2", r"\eta^2", NUMBER, NONNEGATIVE, "squared noise of one stochastic step factor", root=r"\eta"),
    SymbolRecord("V", "V", GRADIENT_SQUARED, NONNEGATIVE, "squared noise around the noisy trajectory's mean (S6)"),
    SymbolRecord(
        "sigma_F2",
        r"\sigma_F^2",
        GRADIENT_SQUARED,
        NONNEGATIVE,
        "mean squared error of the stochastic meta-gradient (S6)",
        f"sigma_F^2 in {_FALLAH}",
        root=r"\sigma_F",
    ),
    SymbolRecord(
        "gamma_F",
        r"\gamma_F",
        GRADIENT,
        NONNEGATIVE,
        "spread of the agents' meta-gradients (S7)",
        f"gamma_F in {_FALLAH}",
    ),
    SymbolRecord("gamma_F2", r"\gamma_F^2", GRADIENT_SQUARED, NONNEGATIVE, "squared spread (S7)", root=r"\gamma_F"),
    SymbolRecord("b_FO", r"b_{\mathrm{FO}}", GRADIENT, NONNEGATIVE, "error of dropping the Hessians (S8)"),
    SymbolRecord(
        "b_FO_sto", r"b_{\mathrm{FOs}}", GRADIENT, NONNEGATIVE, "bias of the stochastic first-order meta-gradient (S8s)"
    ),
    SymbolRecord(
        "var_FO_sto",
        r"v_{\mathrm{FOs}}",
        GRADIENT_SQUARED,
        NONNEGATIVE,
        "variance of the stochastic first-order meta-gradient (S8s)",
    ),
    SymbolRecord("b_HF", r"b_{\mathrm{HF}}", GRADIENT, NONNEGATIVE, "error of Hessian-free meta-gradients (S9)"),
    SymbolRecord(
        "b_HF_sto", r"b_{\mathrm{HFs}}", GRADIENT, NONNEGATIVE, "bias of stochastic Hessian-free meta-gradients (S9s)"
    ),
    SymbolRecord(
        "mse_HF_sto",
        r"\sigma_{\mathrm{HFs}}^2",
        GRADIENT_SQUARED,
        NONNEGATIVE,
        "mean squared error of stochastic Hessian-free meta-gradients (S9s)",
        root=r"\sigma_{\mathrm{HFs}}",
    ),
    SymbolRecord("b", "b", GRADIENT, NONNEGATIVE, "bias bound of the mode in use"),
    SymbolRecord(
        "sigma2", r"\sigma^2", GRADIENT_SQUARED, NONNEGATIVE, "variance bound of the mode in use", root=r"\sigma"
    ),
    SymbolRecord("h", "h", NUMBER, NONNEGATIVE, "length of a round relative to the smoothness"),
    SymbolRecord("kappa", r"\kappa", NUMBER, NONNEGATIVE, "partial-participation factor"),
    SymbolRecord("p", "p", NUMBER, NONNEGATIVE, "growth of the drift over one local step"),
    SymbolRecord("theta", r"\theta", NUMBER, NONNEGATIVE, "averaged drift of the local steps"),
    SymbolRecord("chi", r"\chi", NUMBER, NONNEGATIVE, "averaged drift of the noise"),
    SymbolRecord("x", "x", NUMBER, NONNEGATIVE, "relative drift of a round"),
    SymbolRecord("b0", "b_0", GRADIENT, NONNEGATIVE, "bias and noise carried into the drift"),
    SymbolRecord("M", "M", NUMBER, NONNEGATIVE, "weight of the squared drift in T1a"),
    SymbolRecord("T1a.A", r"A_{\mathrm{a}}", NUMBER, REAL, "descent coefficient of T1a"),
    SymbolRecord("T1a.N", r"N_{\mathrm{a}}", GRADIENT_SQUARED, NONNEGATIVE, "floor coefficient of T1a"),
    SymbolRecord("T1b.A", r"A_{\mathrm{b}}", NUMBER, REAL, "descent coefficient of T1b"),
    SymbolRecord("T1b.N", r"N_{\mathrm{b}}", GRADIENT_SQUARED, NONNEGATIVE, "floor coefficient of T1b"),
    SymbolRecord("T1c.A", r"A_{\mathrm{c}}", NUMBER, REAL, "descent coefficient of T1c"),
    SymbolRecord("T1c.N", r"N_{\mathrm{c}}", GRADIENT_SQUARED, NONNEGATIVE, "floor coefficient of T1c"),
    SymbolRecord("A", "A", NUMBER, REAL, "descent coefficient of the case of T1 in use"),
    SymbolRecord("N", "N", GRADIENT_SQUARED, NONNEGATIVE, "floor coefficient of the case of T1 in use"),
    SymbolRecord("S1", r"R_{\mathrm{S1}}", GRADIENT, NONNEGATIVE, "rounding error of a computed meta-gradient (S1)"),
    SymbolRecord(
        "S1_relative",
        r"R'_{\mathrm{S1}}",
        NUMBER,
        NONNEGATIVE,
        "relative difference of two computed meta-gradients (S1)",
    ),
    SymbolRecord("S2", r"R_{\mathrm{S2}}", NUMBER, NONNEGATIVE, "growth of distances along fine-tuning (S2)"),
    SymbolRecord("S3", r"R_{\mathrm{S3}}", GRADIENT, NONNEGATIVE, "norm of the meta-gradient at one point (S3)"),
    SymbolRecord("S10", r"R_{\mathrm{S10}}", LOSS, REAL, "change of the loss by one more fine-tuning step (S10)"),
    SymbolRecord("T1a", r"R_{\mathrm{T1a}}", LOSS, REAL, "expected gap after one round by T1a"),
    SymbolRecord("T1b", r"R_{\mathrm{T1b}}", LOSS, REAL, "expected gap after one round by T1b"),
    SymbolRecord("T1c", r"R_{\mathrm{T1c}}", LOSS, REAL, "expected gap after one round by T1c"),
    SymbolRecord("T1", r"R_{\mathrm{T1}}", LOSS, REAL, "expected gap after one round by the case of T1 in use"),
    SymbolRecord("T2", r"R_{\mathrm{T2}}", GRADIENT_SQUARED, NONNEGATIVE, "mean squared meta-gradient over a run (T2)"),
    SymbolRecord("T3", r"R_{\mathrm{T3}}", LOSS, NONNEGATIVE, "expected optimality gap after K rounds (T3)"),
    SymbolRecord("T4", r"R_{\mathrm{T4}}", GRADIENT_SQUARED, NONNEGATIVE, "floor of the squared meta-gradient (T4)"),
    SymbolRecord("T4_gap", r"R'_{\mathrm{T4}}", LOSS, NONNEGATIVE, "floor of the optimality gap (T4)"),
    SymbolRecord("per_fedavg.L_F", r"L_F^{\mathrm{PF}}", CURVATURE, NONNEGATIVE, "Per-FedAvg's smoothness constant"),
    SymbolRecord("per_fedavg.bias", r"b^{\mathrm{PF}}", GRADIENT, NONNEGATIVE, "Per-FedAvg's bias bound"),
    SymbolRecord(
        "per_fedavg.sigma_F2",
        r"(\sigma_F^{\mathrm{PF}})^2",
        GRADIENT_SQUARED,
        NONNEGATIVE,
        "Per-FedAvg's mean squared error bound",
        root=r"\sigma_F^{\mathrm{PF}}",
    ),
    SymbolRecord(
        "per_fedavg.gamma_F2",
        r"(\gamma_F^{\mathrm{PF}})^2",
        GRADIENT_SQUARED,
        NONNEGATIVE,
        "Per-FedAvg's squared spread",
        root=r"\gamma_F^{\mathrm{PF}}",
    ),
    SymbolRecord("maml.C_L", r"C_L", Unit(0, -1), NONNEGATIVE, "multi-step MAML's smoothness slope"),
)

INDICES: tuple[SymbolRecord, ...] = tuple(
    SymbolRecord(letter, letter, NUMBER, STEPS, "summation index") for letter in ("l", "t", "j")
)

OVERRIDES = ("q", "h", "L_F", "b", "sigma2", "gamma_F")

RECORDS: dict[str, SymbolRecord] = {record.name: record for record in (*INPUTS, *DERIVED, *INDICES)}
KEYS: tuple[str, ...] = (*(record.name for record in INPUTS), *OVERRIDES)
