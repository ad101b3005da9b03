"""The sharper constants and T1d to C2 once more, in mpmath, written out without any code of the package."""

from __future__ import annotations

from fractions import Fraction

from mpmath import mpf, sqrt

from tests.theory.mpmath_oracle import Oracle, power_sum


class Rounds(Oracle):
    """What T1d, T2p, T3p, T4p, T4c, C1 and C2 use; drift, variance, eps, zeta and c are as given."""

    def __init__(self, mode: str = "exact", drift: str = "plain", variance: str = "recursion", **inputs: Fraction):
        super().__init__(mode, **inputs)
        self.drift, self.variance = drift, variance

    @staticmethod
    def number(value: Fraction) -> mpf:
        """A rational at the working precision."""
        return mpf(value.numerator) / value.denominator

    @staticmethod
    def root(value: mpf) -> mpf:
        """A square root at the working precision."""
        return sqrt(value)

    def own(self, key: str, otherwise):
        return getattr(self, "v_" + key) if key in self.given else otherwise()

    def L_F(self) -> mpf:
        return self.own("L_F", super().L_F)

    def gamma_F(self) -> mpf:
        return self.own("gamma_F", super().gamma_F)

    def b(self) -> mpf:
        return self.own("b", super().b)

    def sigma2(self) -> mpf:
        return self.own("sigma2", super().sigma2)

    def b_sto_3(self) -> mpf:
        q, nu, a = self.q(), self.nu, self.v_alpha
        rho, B, L, E = self.v_rho, self.v_B, self.v_L, self.E
        total = q**nu * L * self.mean(nu) + q**nu * rho * E(nu) / 2
        for step in range(1, nu):
            total += a * rho * B * q ** (nu - 1) * self.mean(step)
            total += a * self.v_rho_2 * B * q ** (nu - 1) * E(step) / 2
            total += a * rho * L * q ** (nu - 1) * sqrt(E(step) * E(nu))
            for later in range(step + 1, nu):
                total += a**2 * rho**2 * B * q ** (nu - 2) * sqrt(E(step) * E(later))
        return total

    def mu_c(self) -> mpf:
        if "mu_c" in self.given:
            return self.v_mu_c
        if not self.mu_given:
            return -self.L_F()
        q, nu, mu = self.q(), self.nu, self.v_mu
        own = mu * max(mpf(0), 1 - self.v_alpha * self.v_L) ** (2 * nu) if mu >= 0 else mu * q ** (2 * nu)
        moved = self.v_alpha * self.v_rho * self.B_q() * self.low(nu - 1) * power_sum(nu, q)
        return max(-self.L_F(), own - moved)

    def beta(self) -> mpf:
        return self.v_beta

    def P_plus(self) -> mpf:
        return power_sum(self.tau, 1 - self.v_beta * self.L_F()) / self.tau

    def P_minus(self) -> mpf:
        return power_sum(self.tau, 1 - self.v_beta * self.mu_c()) / self.tau

    def psi(self) -> mpf:
        return (self.P_minus() + self.P_plus()) / 2

    def omega(self) -> mpf:
        return (self.P_minus() - self.P_plus()) / 2

    def p_d(self) -> mpf:
        return 1 - self.v_beta * self.mu_c()

    def x_d(self) -> mpf:
        """beta L_F times the mean over t of how far t steps of size p reach."""
        reach = sum((power_sum(t, self.p_d()) for t in range(self.tau)), mpf(0))
        return self.v_beta * self.L_F() * reach / self.tau

    def b0_d(self) -> mpf:
        roots = sum((sqrt(power_sum(t, self.p_d() ** 2)) for t in range(self.tau)), mpf(0)) / self.tau
        return (1 + self.x_d()) * self.b() + self.v_beta * self.L_F() * roots * sqrt(self.sigma2())

    def round(self) -> tuple[mpf, mpf]:
        """A and N of T1d."""
        ball = self.drift == "ball"
        psi, omega = (self.psi(), self.omega()) if ball else (mpf(1), self.x_d())
        H = self.own("beta_s", lambda: mpf(1)) * self.v_beta * self.tau * self.L_F()
        kappa, gamma, b0 = self.kappa(), self.gamma_F(), self.b0_d()
        zeta = mpf(0) if b0 == 0 or omega == 0 else self.v_zeta
        least = abs(1 - H * psi) / (2 * self.v_eps) + H / 2
        c = self.own("c", lambda: least)
        A = psi * (1 - H * psi / 2) - abs(1 - H * psi) * self.v_eps / 2 - c * (1 + zeta) * omega**2
        start = b0**2 if zeta == 0 else (1 + 1 / zeta) * b0**2
        N = c * ((1 + zeta) * omega**2 * gamma**2 + start) + H * self.V_d(c, H) / (2 * self.v_m)
        if kappa:
            N += H * kappa * psi**2 * gamma**2 * c / (2 * c - H * kappa)
        return A, N

    def V_d(self, c: mpf, H: mpf) -> mpf:
        sigma2, tau = self.sigma2(), self.tau
        if sigma2 == 0:
            return mpf(0)
        if self.variance == "budget":
            return sigma2 / tau * 2 * c / (2 * c - H / self.v_m)
        p = self.p_d()
        return (self.b() * power_sum(tau - 1, p) + sqrt(sigma2 * power_sum(tau, p * p))) ** 2 / tau**2

    def T1d_A(self) -> mpf:
        return self.round()[0]

    def T1d_N(self) -> mpf:
        return self.round()[1]

    def scale(self) -> mpf:
        return self.own("beta_s", lambda: mpf(1)) * self.v_beta * self.tau

    def T1d(self) -> mpf:
        A, N = self.round()
        return self.v_F0_gap + self.scale() * (N - A * self.v_grad_norm**2)

    def T2p(self) -> mpf:
        A, N = self.round()
        return self.v_F0_gap / (A * self.scale() * self.rounds) + N / A

    def T3p(self) -> mpf:
        A, N = self.round()
        left = (1 - 2 * A * self.scale() * self.v_mu_F) ** self.rounds
        return left * self.v_F0_gap + (1 - left) * N / (2 * A * self.v_mu_F)

    def T4p(self) -> mpf:
        return self.omega() ** 2 * self.gamma_F() ** 2 / (self.psi() ** 2 - self.omega() ** 2)

    def T4p_gap(self) -> mpf:
        return self.T4p() / (2 * self.v_mu_F)

    def T4c_gap(self) -> mpf:
        """The mean of t^2 over the local steps, from its terms."""
        squares = sum((mpf(t) ** 2 for t in range(self.tau)), mpf(0)) / self.tau
        reach = self.v_beta**2 * self.L_F() / 2 * squares * self.gamma_F() ** 2
        return reach * self.psi() ** 2 / (self.psi() ** 2 - self.omega() ** 2)

    def C1_E0(self) -> mpf:
        q, nu, a = self.q(), self.nu, self.v_alpha
        jacobian = sum(
            (q ** (nu - 1) * (self.v_gamma_H + a * self.v_rho * self.v_gamma_G * power_sum(step, q)))
            for step in range(nu)
        )
        return a * jacobian * self.v_gamma_G * (1 + a * self.v_L * power_sum(nu, q))

    def C1(self) -> mpf:
        q, nu = self.q(), self.nu
        delta = 1 - self.v_alpha * self.v_L * power_sum(nu, q) - self.v_beta * self.L_F() / 2
        r, missed = self.own("r", lambda: delta / q**nu), self.C1_E0()
        run = 2 * self.v_F0_gap / (delta * self.v_beta * self.rounds) + (missed / delta) ** 2
        return (1 + r) * q ** (2 * nu) * run + (1 + 1 / r) * missed**2

    def C2(self) -> mpf:
        tau, p, bl = self.tau, self.p_d(), self.v_beta * self.L_F()
        gamma, b, sigma = self.gamma_F(), self.b(), sqrt(self.sigma2())
        parted = [(gamma + b) * power_sum(t, p) + sigma * sqrt(power_sum(t, p * p)) for t in range(tau + 1)]
        local = sum((bl * parted[t] + b) ** 2 for t in range(tau)) / tau
        noise = bl * sigma**2 / self.v_n + self.kappa() * bl * parted[tau] ** 2 / tau
        return 2 * self.v_F0_gap / (self.v_beta * tau * self.rounds) + local + noise
