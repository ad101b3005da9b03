"""Random rational parameters, seeded; those of `admissible_inputs` satisfy every hypothesis by construction."""

from __future__ import annotations

import random
from fractions import Fraction

import theory
from theory.language.symbols import Symbol

ACCEPTANCE: dict[str, object] = {
    "alpha": "1/10", "beta": "1/100", "L": 1, "rho": "1/2", "B": 3, "sigma_G": 1, "sigma_H": "1/2", "gamma_G": "1/2",
    "gamma_H": "1/4", "D": 16, "D_prime": 16, "D_H": 16, "delta": "1/1000", "nu": 2, "tau": 5, "n": 10, "m": 5,
    "K": 100, "F0_gap": 2,
}  # fmt: skip


def symbol(name: str) -> Symbol:
    """The symbol of that name, an input or a quantity of the theory."""
    return theory.default_table().symbols[name]


def rational(generator: random.Random, low: int, high: int, below: int = 12) -> Fraction:
    """A rational in [low / below, high / below]."""
    return Fraction(generator.randint(low, high), below)


def problem(generator: random.Random) -> dict[str, Fraction]:
    """Constants of a problem and its fine-tuning, with alpha L <= 1."""
    L = rational(generator, 1, 36)
    inputs = {name: rational(generator, 0, 30) for name in ("rho", "B", "sigma_G", "sigma_H", "gamma_G", "gamma_H")}
    counts = {name: Fraction(generator.randint(1, 20)) for name in ("D", "D_prime", "D_H", "K")}
    n = generator.randint(1, 12)
    return {
        **inputs,
        **counts,
        "L": L,
        "alpha": rational(generator, 0, 12) / L,
        "nu": Fraction(generator.randint(0, 5)),
        "tau": Fraction(generator.randint(1, 6)),
        "n": Fraction(n),
        "m": Fraction(generator.randint(1, n)),
        "delta": rational(generator, 1, 5, 1000),
        "F0_gap": rational(generator, 0, 20),
        "grad_norm": rational(generator, 1, 20),
        "grad_norm_i": rational(generator, 0, 20),
        "eta_G": rational(generator, 0, 5, 10**6),
        "eta_H": rational(generator, 0, 5, 10**6),
    }


def admissible_inputs(generator: random.Random) -> dict[str, Fraction]:
    """A problem with a step beta <= 1 / (10 tau L_F), where h <= 1/10 makes A > 0.4, and mu_F <= L_F."""
    inputs = problem(generator)
    smooth = theory.quantity("L_F").evaluate(**inputs).exact
    assert smooth is not None
    inputs["beta"] = rational(generator, 1, 12) / (10 * inputs["tau"] * smooth)
    inputs["mu_F"] = smooth * rational(generator, 1, 12)
    return inputs


def with_curvature(generator: random.Random, inputs: dict[str, Fraction]) -> dict[str, Fraction]:
    """The same with a lower curvature bound mu in [-L, L]."""
    return {**inputs, "mu": inputs["L"] * rational(generator, -12, 12)}
