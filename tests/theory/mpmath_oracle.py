"""The formulas once more, in mpmath at 80 digits, written out loop by loop without any code of the package."""

from __future__ import annotations

from fractions import Fraction

import mpmath
from mpmath import mp, mpf, sqrt

mp.dps = 80


def number(value: Fraction) -> mpf:
    """A rational at the working precision."""
    return mpf(value.numerator) / value.denominator


def power_sum(count: int, base: mpf) -> mpf:
    """1 + base + ... + base^(count - 1)."""
    total = mpf(0)
    for exponent in range(count):
        total += base**exponent
    return total


class Oracle:
    """The quantities of the steps and of T1 to T3 as methods; `inputs` are rationals by name."""

    def __init__(self, mode: str = "exact", **inputs: Fraction) -> None:
        self.mode = mode
        self.nu = int(inputs.get("nu", 0))
        self.tau = int(inputs.get("tau", 1))
        self.rounds = int(inputs.get("K", 1))
        self.mu_given = "mu" in inputs
        self.given = set(inputs)
        for key, value in inputs.items():
            setattr(self, "v_" + key, number(Fraction(value)))

    def value(self, name: str) -> mpf:
        """The quantity of that name."""
        return getattr(self, name.replace(".", "_"))()

    def q(self) -> mpf:
        if self.mu_given:
            return max(abs(1 - self.v_alpha * self.v_mu), abs(1 - self.v_alpha * self.v_L))
        return 1 + self.v_alpha * self.v_L

    def low(self, exponent: int) -> mpf:
        """q to an exponent that is negative only where the term is absent."""
        return self.q() ** exponent if self.nu else mpf(0)

    def E(self, step: int) -> mpf:
        return self.v_alpha**2 * self.v_sigma_G**2 / self.v_D * power_sum(step, self.q() ** 2)

    def eta2(self) -> mpf:
        return self.v_alpha**2 * self.v_sigma_H**2 / self.v_D_H

    def B_q(self) -> mpf:
        return min(mpf(1), self.q() ** self.nu) * self.v_B

    def B_V(self) -> mpf:
        return min(self.v_B, self.q() ** self.nu * self.v_B + self.v_L * sqrt(self.E(self.nu)))

    def E_nu(self) -> mpf:
        return self.E(self.nu)

    def mean(self, step: int) -> mpf:
        """m_l, unrolled."""
        terms = (self.q() ** (step - 1 - j) * self.E(j) for j in range(1, step))
        return self.v_alpha * self.v_rho / 2 * sum(terms, mpf(0))

    def m_nu(self) -> mpf:
        return self.mean(self.nu)

    def B_F(self) -> mpf:
        return self.q() ** self.nu * self.B_q()

    def S1(self) -> mpf:
        q, loose = self.q(), self.q() + self.v_alpha * self.v_eta_H
        error = self.v_eta_G + self.v_L * self.v_alpha * self.v_eta_G * power_sum(self.nu, q)
        for step in reversed(range(self.nu)):
            moved = self.v_alpha * self.v_rho * self.v_alpha * self.v_eta_G * power_sum(step, q)
            error = loose * error + (moved + self.v_alpha * self.v_eta_H) * q ** (self.nu - 1 - step) * self.B_q()
        return error

    def S1_relative(self) -> mpf:
        return 2 * self.S1() / self.v_grad_norm

    def S2(self) -> mpf:
        return self.q() ** self.nu

    def S3(self) -> mpf:
        return self.q() ** (2 * self.nu) * self.v_grad_norm_i

    def S10(self) -> mpf:
        return -self.v_alpha * (1 - self.v_alpha * self.v_L / 2) * self.v_grad_norm_i**2

    def L_F(self) -> mpf:
        q = self.q()
        slope = self.v_alpha * self.v_rho * self.B_q() * self.low(self.nu - 1) * power_sum(self.nu, q)
        return q ** (2 * self.nu) * self.v_L + slope

    def L_F_pointwise(self) -> mpf:
        q = self.q()
        slope = self.v_alpha * self.v_rho * self.low(2 * self.nu - 1) * power_sum(self.nu, q)
        return q ** (2 * self.nu) * self.v_L + slope * self.v_grad_norm_i

    def b_sto(self) -> mpf:
        q = self.q()
        moved = sum((sqrt(power_sum(step, q * q)) for step in range(1, self.nu)), mpf(0))
        inner = q**self.nu * self.v_L * sqrt(power_sum(self.nu, q * q))
        inner += self.v_alpha * self.v_rho * self.B_q() * self.low(self.nu - 1) * moved
        return self.v_alpha * self.v_sigma_G / sqrt(self.v_D) * inner

    def b_sto_2(self) -> mpf:
        nu = self.nu
        moved = sum((sqrt(self.E(step)) for step in range(1, nu)), mpf(0))
        second = self.q() ** nu * self.last() + self.v_alpha * self.v_rho * self.B_V() * self.low(nu - 1) * moved
        return min(self.b_sto(), second)

    def last(self) -> mpf:
        """The mean error of the gradient at the noisy end point, to second order."""
        return self.v_L * self.m_nu() + self.v_rho * self.E_nu() / 2

    def V(self) -> mpf:
        loose = self.q() ** 2 + self.eta2()
        outer = loose**self.nu * self.v_sigma_G**2 / self.v_D_prime
        return outer + self.B_V() ** 2 * (loose**self.nu - self.q() ** (2 * self.nu))

    def sigma_F2(self) -> mpf:
        return self.V() + self.b_sto() ** 2

    def gamma_F(self) -> mpf:
        q, nu = self.q(), self.nu
        spread = self.v_gamma_G
        parted = sum((power_sum(step, q) for step in range(nu)), mpf(0))
        bracket = nu * self.v_gamma_H + self.v_alpha * self.v_rho * spread * parted
        first = q**nu * spread * (1 + self.v_alpha * self.v_L * power_sum(nu, q))
        return first + self.v_alpha * self.B_q() * self.low(nu - 1) * bracket

    def gamma_F2(self) -> mpf:
        return self.gamma_F() ** 2

    def b_FO(self) -> mpf:
        return min(self.v_alpha * self.v_L * power_sum(self.nu, self.q()), 1 + self.q() ** self.nu) * self.B_q()

    def b_FO_sto(self) -> mpf:
        return self.b_FO() + self.v_L * sqrt(self.E(self.nu))

    def b_FO_sto_2(self) -> mpf:
        return self.b_FO() + min(self.v_L * sqrt(self.E_nu()), self.last())

    def var_FO_sto(self) -> mpf:
        return self.v_sigma_G**2 / self.v_D_prime + self.v_L**2 * self.E(self.nu)

    def probes(self, start: mpf, factor: mpf) -> mpf:
        q, nu = self.q(), self.nu
        total = sum((q**step * factor ** (nu - 1 - step) for step in range(nu)), mpf(0))
        return self.v_alpha * self.v_rho * self.v_delta * start * total / 2

    def b_HF(self) -> mpf:
        return self.probes(self.B_q() ** 2, self.q() ** 2)

    def b_HF_sto(self) -> mpf:
        start = self.v_B * self.B_V() + self.v_sigma_G**2 / self.v_D_prime
        return self.b_sto() + self.probes(start, self.q() ** 2 + self.eta2())

    def b_HF_sto_2(self) -> mpf:
        start = self.B_V() ** 2 + self.v_sigma_G**2 / self.v_D_prime
        return self.b_sto_2() + self.probes(start, self.q() ** 2 + self.eta2())

    def mse_HF_sto(self) -> mpf:
        return self.V() + self.b_HF_sto() ** 2

    def b(self) -> mpf:
        return {
            "exact": lambda: mpf(0),
            "stochastic": self.b_sto_2,
            "first_order": self.b_FO,
            "first_order_stochastic": self.b_FO_sto_2,
            "hessian_free": self.b_HF,
            "hessian_free_stochastic": self.b_HF_sto_2,
        }[self.mode]()

    def sigma2(self) -> mpf:
        squared = {
            "stochastic": self.sigma_F2,
            "first_order_stochastic": self.var_FO_sto,
            "hessian_free_stochastic": self.mse_HF_sto,
        }
        return squared[self.mode]() if self.mode in squared else mpf(0)

    def h(self) -> mpf:
        return self.v_beta * self.tau * self.L_F()

    def kappa(self) -> mpf:
        return mpf(0) if self.v_n == 1 else (self.v_n - self.v_m) / (self.v_m * (self.v_n - 1))

    def p(self) -> mpf:
        return 1 + self.v_beta * self.L_F()

    def theta(self) -> mpf:
        return sum((power_sum(t, self.p()) for t in range(self.tau)), mpf(0)) / self.tau**2

    def chi(self) -> mpf:
        return sum((sqrt(power_sum(t, self.p() ** 2)) for t in range(self.tau)), mpf(0)) / self.tau

    def x(self) -> mpf:
        return self.h() * self.theta()

    def pair(self) -> tuple[mpf, mpf]:
        """A and N of the case in use."""
        h, x, kappa, b, sigma2, gamma = self.h(), self.x(), self.kappa(), self.b(), self.sigma2(), self.gamma_F()
        if self.tau == 1:
            return mpf(1) / 2, b**2 / 2 + h / 2 * (sigma2 / self.v_m + kappa * (gamma + b) ** 2)
        if b == 0 and sigma2 == 0:
            return (
                (1 - x**2 - kappa * h * x * (1 + x)) / 2,
                (x**2 + kappa * h * (1 + x) ** 2) * gamma**2 / 2,
            )
        weight = mpf(1) / 2 + h * kappa + (h / self.v_m if sigma2 else 0)
        carried = (1 + x) * b + h * self.chi() * sqrt(sigma2) / self.tau
        floor = 2 * weight * (x**2 * gamma**2 + carried**2)
        return mpf(1) / 2 - 2 * weight * x**2, floor + h / self.tau * sigma2 / self.v_m + h * kappa * gamma**2

    def A(self) -> mpf:
        return self.pair()[0]

    def N(self) -> mpf:
        return self.pair()[1]

    def T1(self) -> mpf:
        A, N = self.pair()
        return self.v_F0_gap - self.v_beta * self.tau * (A * self.v_grad_norm**2 - N)

    def T2(self) -> mpf:
        A, N = self.pair()
        return self.v_F0_gap / (A * self.v_beta * self.tau * self.rounds) + N / A

    def T3(self) -> mpf:
        A, N = self.pair()
        factor = 1 - 2 * A * self.v_beta * self.tau * self.v_mu_F
        return factor**self.rounds * self.v_F0_gap + N / (2 * A * self.v_mu_F)

    def per_fedavg_L_F(self) -> mpf:
        return 4 * self.v_L + self.v_alpha * self.v_rho * self.v_B

    def per_fedavg_bias(self) -> mpf:
        return 2 * self.v_alpha * self.v_L * self.v_sigma_G / sqrt(self.v_D)

    def per_fedavg_sigma_F2(self) -> mpf:
        noise = 1 / self.v_D_prime + (self.v_alpha * self.v_L) ** 2 / self.v_D
        first = 12 * (self.v_B**2 + self.v_sigma_G**2 * noise)
        return first * (1 + self.v_sigma_H**2 * self.v_alpha**2 / (4 * self.v_D_H)) - 12 * self.v_B**2

    def per_fedavg_gamma_F2(self) -> mpf:
        return 192 * self.v_gamma_G**2 + 3 * self.v_alpha**2 * self.v_B**2 * self.v_gamma_H**2

    def maml_C_L(self) -> mpf:
        q = 1 + self.v_alpha * self.v_L
        return self.v_rho / self.v_L * q ** (2 * self.nu - 1) * (q**self.nu - 1) if self.nu else mpf(0)


def nearest_double(value: mpf) -> float:
    """The double nearest to an 80-digit number."""
    return float(mpmath.nstr(value, 60))
