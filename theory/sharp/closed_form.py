"""Multipliers without a solver: D1's, from its proof, and with them T1d's and T4p's.

<ybar - P_+ g, P_- g - ybar> = (1/tau^2) [sum_t a_t I_0t + b_t I_t0 + c_t I_{t,t+1}] + square, t = 1..tau-1, with

    m = 1 - h/tau, u = 1 - mu_c h/tau, A_t = S_t(m), B_t = S_t(u), E_t = (u^t - m^t)/(u - m), D = B_tau - A_tau,
    c_t = (D tau/h) E_{tau-1-t} (B_{t+1} - A_{t+1})/(A_{t+1} B_t),
    a_t = (D u^{tau-1-t} tau/h - c_{t-1} u^{t-1})/B_t,    b_t = (D m^{tau-1-t} tau/h + c_t m^t)/A_t.

T1d pays c times this for ybar's distance from psi g, and I_0+ / h for the descent of the mean loss.
"""

from __future__ import annotations

from fractions import Fraction

from theory.sharp.constants import Pair

Multipliers = dict[tuple[int, int], Fraction]


def drift_ball(pair: Pair) -> Multipliers:
    """D1's multipliers of I_pq, for the squared distance in units of norm(g)^2.

    >>> drift_ball(Pair(Fraction(1), 2, Fraction(-1)))
    {(0, 1): Fraction(1, 2), (1, 0): Fraction(1, 2)}
    """
    tau, beta = pair.tau, pair.h / pair.tau
    m, u = 1 - beta, 1 - pair.mu_c * beta
    A, B = ([sum((x**s for s in range(t)), Fraction(0)) for t in range(tau + 1)] for x in (m, u))
    E = [(u**t - m**t) / (u - m) for t in range(tau)]
    D = (B[tau] - A[tau]) / beta
    c = [Fraction(0)]
    found: Multipliers = {}
    for t in range(1, tau):
        k = tau - 1 - t
        c.append(D * E[k] * (B[t + 1] - A[t + 1]) / (A[t + 1] * B[t]))
        found[0, t] = (D * u**k - c[t - 1] * u ** (t - 1)) / B[t] / tau**2
        found[t, 0] = (D * m**k + c[t] * m**t) / A[t] / tau**2
        if k:
            found[t, t + 1] = found.get((t, t + 1), Fraction(0)) + c[t] / tau**2
    return found


def round_multipliers(pair: Pair, c: Fraction, agents: int) -> tuple[Fraction, Multipliers]:
    """T1d's N and, for each of `agents` agents, the multipliers that prove it at A(c)."""
    found = {pq: c * value / agents for pq, value in drift_ball(pair).items()}
    return c * pair.omega**2, {**found, (0, pair.tau): 1 / (pair.h * agents)}


def floor_multipliers(pair: Pair, agents: int) -> tuple[Fraction, Multipliers]:
    """T4p's omega^2/(P_+ P_-) and, for each of `agents` agents, the multipliers that prove it."""
    share = 1 / (pair.P_plus * pair.P_minus)
    return pair.omega**2 * share, {pq: value * share / agents for pq, value in drift_ball(pair).items()}
