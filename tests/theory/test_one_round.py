"""T1d to C6 against rounds computed exactly: quadratics on a line, all subsets of agents, noise of two signs."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import pytest

import theory
from tests.theory.mpmath_rounds import Rounds
from tests.theory.parameters import ACCEPTANCE, admissible_inputs
from theory.language.modes import MODE_NAMES

Law = list[tuple[Fraction, Fraction]]  # probability, value


@dataclass(frozen=True)
class Line:
    """Agents F_i(w) = k_i w^2 / 2 + a_i w with |k_i| <= 1, so L_F = 1; noise of sign +-sigma in every local step."""

    k: list[Fraction]
    a: list[Fraction]
    beta: Fraction
    tau: int
    sigma: Fraction

    def loss(self, w: Fraction) -> Fraction:
        return sum((k * w * w / 2 + a * w for k, a in zip(self.k, self.a, strict=True)), Fraction(0)) / len(self.k)

    def runs(self, agent: int) -> Law:
        """The law of an agent's iterate after tau steps from 0."""
        law: Law = [(Fraction(1), Fraction(0))]
        for _ in range(self.tau):
            signs = (-1, 1) if self.sigma else (1,)
            law = [
                (chance / len(signs), w - self.beta * (self.k[agent] * w + self.a[agent] + sign * self.sigma))
                for chance, w in law
                for sign in signs
            ]
        return law

    def moments(self) -> tuple[list[Fraction], list[Fraction]]:
        """Mean and variance of every agent's result."""
        means, variances = [], []
        for agent in range(len(self.k)):
            law = self.runs(agent)
            mean = sum((p * w for p, w in law), Fraction(0))
            means.append(mean)
            variances.append(sum((p * (w - mean) ** 2 for p, w in law), Fraction(0)))
        return means, variances

    def expected(self, step: Iterator[tuple[Fraction, list[Fraction]]]) -> Fraction:
        """E F of the new point, over laws of the weights of the agents' results: F is quadratic, two moments do."""
        means, variances = self.moments()
        total = Fraction(0)
        curvature = sum(self.k, Fraction(0)) / len(self.k)
        for chance, weights in step:
            centre = sum((x * mean for x, mean in zip(weights, means, strict=True)), Fraction(0))
            noise = sum((x * x * v for x, v in zip(weights, variances, strict=True)), Fraction(0))
            total += chance * (self.loss(centre) + curvature * noise / 2)
        return total

    def subsets(self, m: int, server: Fraction = Fraction(1)) -> Iterator[tuple[Fraction, list[Fraction]]]:
        chosen = list(itertools.combinations(range(len(self.k)), m))
        for found in chosen:
            yield Fraction(1, len(chosen)), [server * Fraction(int(i in found), m) for i in range(len(self.k))]

    def inputs(self, m: int) -> dict[str, object]:
        n = len(self.k)
        mean = sum(self.a, Fraction(0)) / n
        spread = sum(((a - mean) ** 2 for a in self.a), Fraction(0)) / n
        root = Fraction(math.isqrt(int(spread * 10**24)) + 1, 10**12)  # at least the root
        return dict(
            beta=self.beta, tau=self.tau, L_F=1, n=n, m=m, gamma_F=root, b=0, sigma2=self.sigma**2, rho=0,
            F0_gap=0, grad_norm=abs(mean), K=1,
        )  # fmt: skip


def drawn(seed: int) -> tuple[Line, int]:
    generator = random.Random(seed)
    n, tau = generator.randint(1, 4), generator.randint(1, 5)
    k = [Fraction(generator.randint(-4, 4), 4) for _ in range(n)]
    a = [Fraction(generator.randint(-6, 6), 2) for _ in range(n)]
    sigma = Fraction(generator.choice([0, 0, 1, 3]))
    return Line(k, a, Fraction(generator.randint(1, 8), 8 * tau), tau, sigma), generator.randint(1, n)


@pytest.mark.parametrize("drift", ["plain", "ball"])
@pytest.mark.parametrize("seed", range(30))
def test_one_round_is_below_t1d_and_its_elements(seed: int, drift: str) -> None:
    line, m = drawn(seed)
    server = Fraction(random.Random(seed).randint(1, 6), 4)
    after = line.expected(line.subsets(m, server))
    inputs = {**line.inputs(m), "drift": drift, "beta_s": server}
    found = theory.quantity("T1d").evaluate(**inputs)
    if found.admissible:
        assert after <= Fraction(found.enclosure[1])  # type: ignore[index]
    for eps, zeta, variance in itertools.product(("1/8", "1/2", 1), ("1/3", 2), ("recursion", "budget")):
        one = theory.quantity("T1d").evaluate(**inputs, eps=eps, zeta=zeta, variance=variance)
        if one.admissible:
            assert after <= Fraction(one.enclosure[1]), (eps, zeta, variance)  # type: ignore[index]


def test_noise_alone_is_sharp() -> None:
    """One agent, F = w^2/2, w = 0, noise +-1: T1d with the recursion loses only a power of tau beta; T1a a factor 2."""
    line = Line([Fraction(1)], [Fraction(0)], Fraction(1, 200), 4, Fraction(1))
    after, inputs = line.expected(line.subsets(1)), line.inputs(1)
    sharp = theory.quantity("T1d").value(**{**inputs, "mu_c": 1}, eps=1, zeta="1000", variance="recursion")
    assert after <= Fraction(sharp)
    assert after / Fraction(sharp) > 0.95
    assert after / Fraction(theory.quantity("T1a").value(**inputs)) < 0.55


@pytest.mark.parametrize("seed", range(12))
def test_other_ways_to_sample(seed: int) -> None:
    """With replacement, with fresh runs for each draw, and all agents with weights, by enumeration."""
    line, m = drawn(seed)
    n, inputs = len(line.k), line.inputs(m)
    means, variances = line.moments()
    mean = sum(means, Fraction(0)) / n
    spread = sum(((x - mean) ** 2 for x in means), Fraction(0)) / n
    noise = sum(variances, Fraction(0)) / n
    curvature = sum(line.k, Fraction(0)) / n
    replaced = line.loss(mean) + curvature * (spread + noise) / m / 2
    sizes = {"replacement": {}, "full": {"p_max": Fraction(1, n)}}
    everyone = line.expected(iter([(Fraction(1), [Fraction(1, n)] * n)]))
    for after, sampling in ((replaced, "replacement"), (everyone, "full")):
        found = theory.quantity("T1d").evaluate(**inputs, sampling=sampling, **sizes[sampling])
        if found.admissible:
            assert after <= Fraction(found.enclosure[1])  # type: ignore[index]


def test_independent_inclusion_needs_the_larger_price() -> None:
    """C6 at c' = H k: with the price c_eps alone the right side is below the truth, with c_eps + c' it is above.

    F_i = w_i + |w|^2/2 - w_i^2 on n = 8 coordinates, w_k = 0, L_F = h = 1: agent i's run stays on its own axis.
    """
    n, tau, r = 8, 40, Fraction(1, 80)
    end = Fraction(0)
    for _ in range(tau):
        end -= (1 - end) / tau
    move = end / (r * n)  # of an included agent
    after = r * move + n * r * move**2 * (Fraction(1, 2) - Fraction(1, n))
    assert float(after) == pytest.approx(10.437, abs=1e-3)
    x = theory.quantity("x_d").evaluate(beta=Fraction(1, tau), tau=tau, L_F=1).exact
    assert x is not None
    k, squared, spread = (1 - r) / (r * n), Fraction(1, n), 1 - Fraction(1, n)

    def right_side(price: Fraction) -> Fraction:
        A, N = Fraction(1, 2) - price * x**2 - k, (price * x**2 + k) * spread
        return N - A * squared

    assert float(right_side(Fraction(1, 2))) == pytest.approx(10.047, abs=1e-3)
    assert right_side(Fraction(1, 2)) < after <= right_side(Fraction(1, 2) + k)


LISTED = [Fraction(1, below) for below in (8, 4, 2, 1)]


@pytest.mark.parametrize("seed", range(18))
def test_least_value_is_that_of_the_list(seed: int) -> None:
    """T2p without eps against every element, written out and evaluated in mpmath; never above T2."""
    generator, mode = random.Random(seed), MODE_NAMES[seed % 6]
    inputs = admissible_inputs(generator)
    if seed % 4 == 0:
        inputs["beta"] *= 8
    found = theory.quantity("T2p").evaluate(**inputs, mode=mode)
    values, oracle = [], Rounds(mode, **inputs)
    kappa, m, gamma = oracle.kappa(), oracle.v_m, oracle.gamma_F()
    x, b0, H, noisy = oracle.x_d(), oracle.b0_d(), oracle.v_beta * oracle.tau * oracle.L_F(), oracle.sigma2() > 0
    squares = [1, 1 / x, *([b0 / (x * gamma)] if gamma else [])] if b0 and x else [1]
    for eps, zeta in itertools.product(LISTED, squares):
        least = abs(1 - H) / (2 * oracle.number(eps)) + H / 2
        quiet = x**2 * gamma**2 if not b0 else b0**2 if not x else (1 + zeta) * x**2 * gamma**2 + (1 + 1 / zeta) * b0**2
        prices = [(least, "recursion"), (least, "budget")]
        if kappa and quiet:
            prices.append((max(least, H * kappa / 2 * (1 + gamma / oracle.root(quiet))), "recursion"))
        prices.append((least + H * kappa + (H / m if noisy else 0), "budget"))
        for price, variance in prices:
            one = Rounds(mode, variance=variance, **inputs)
            one.given |= {"c", "eps", "zeta"}
            one.v_c, one.v_eps, one.v_zeta = price, oracle.number(eps), zeta
            lowest = max(H * kappa, H / m if noisy and variance == "budget" else 0)
            if one.round()[0] > 0 and 2 * price > lowest:
                values.append(one.T2p())
    if not b0 and not x:  # eps -> 0, c -> infinity
        A, N = 1 - H / 2, H / 2 * (kappa * gamma**2 + oracle.sigma2() / m)
        values.append(oracle.v_F0_gap / (A * oracle.v_beta * oracle.tau * oracle.rounds) + N / A)
    assert found.value <= min(values) * (1 + 1e-15)
    if "the best one" not in found.choice:
        assert found.value >= min(values) * (1 - 1e-15), found.choice
    older = theory.quantity("T2").evaluate(**inputs, mode=mode)
    if older.admissible:
        assert found.value <= older.value * (1 + 1e-15)


@pytest.mark.parametrize("mode", MODE_NAMES)
def test_speed_up_is_no_sharper_than_the_list_at_its_step(mode: str) -> None:
    """C4 against T2p at the step that it prescribes."""
    for changed in ({}, {"m": 10, "tau": 1}, {"K": 10**6}, {"sigma_G": 0, "sigma_H": 0, "m": 10}):
        inputs = {**ACCEPTANCE, **changed}
        inputs.pop("beta")
        step = theory.quantity("C4.beta").value(**inputs, mode=mode)
        assert theory.quantity("C4").value(**inputs, mode=mode) >= theory.quantity("T2p").value(
            **inputs, mode=mode, beta=step
        )


@pytest.mark.parametrize("nu", [1, 2, 5, 40])
@pytest.mark.parametrize("c", ["1/3", "2"])
def test_uniform_constants_bound_the_others(nu: int, c: str) -> None:
    """C5, at the same length of the whole fine-tuning."""
    inputs = {**ACCEPTANCE, "nu": nu, "alpha": Fraction(c) / nu}
    pairs = {name: f"C5.{name}" for name in ("B_F", "L_F", "gamma_F", "b_FO", "b_HF", "E_nu")} | {"S2": "C5.q"}
    for name, uniform in pairs.items():
        assert theory.quantity(name).value(**inputs) <= theory.quantity(uniform).value(**inputs), name
    noise = (theory.quantity("q").value(**inputs) ** 2 + theory.quantity("eta2").value(**inputs)) ** nu
    assert noise <= theory.quantity("C5.noise").value(**inputs)


@pytest.mark.parametrize(("eps", "lead", "floor"), [("1/4", 1.199, 0.0056), ("1/2", 1.381, 0.0033), (1, 2.002, 0.0026)])
@pytest.mark.parametrize("tau", [2, 3, 10, 400])
def test_numbers_of_the_exact_case(tau: int, eps: object, lead: float, floor: float) -> None:
    """T2p at h = 1/10 with D1's pair: F0_gap / (beta tau K) and gamma_F^2 with at most these factors."""
    inputs = dict(beta=Fraction(1, 10 * tau), tau=tau, L_F=1, n=4, m=4, b=0, sigma2=0, K=1, drift="ball", eps=eps)
    first = theory.quantity("T2p").value(**inputs, F0_gap=Fraction(1, 10), gamma_F=0)
    assert first <= lead
    assert theory.quantity("T2p").value(**inputs, F0_gap=0, gamma_F=1) <= floor
    assert first > 0.99 * lead or tau < 10
