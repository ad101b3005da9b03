"""Exact expectations of whole quadratic runs in balls: mean and second moment of the server iterate (Q2-Q5).

On quadratics with additive gradient noise every mode is a random affine map: agent i turns w into R_i w + t_i + noise
with R_i = (I - beta U_i)^tau, t_i = (I - R_i) c_i and noise covariance sum_{s<tau} (I - beta U_i)^s beta^2 C_i (...)^s,
where U_i is the mode's update matrix and C_i the covariance of g_i; a server step takes each of these maps beta_s of
the way. Averaging m agents, drawn without or with replacement, and taking expectations gives a linear recursion for E w
and E w w^T, from which E norm(grad F(w_k))^2 and E F(w_k) - F* follow without sampling. Hessian noise that depends on w
would make the recursion nonlinear and is not covered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import flint
from flint import arb, arb_mat

from empirics.algorithm.sampling import Sampling
from reports.balls import ball
from reports.balls.ball import BallQuadratic, column, identity
from reports.judging.measurement import Enclosed
from reports.measure.run_specification import RunSpecification
from reports.measure.squared_gradients import SquaredGradients

_PRECISIONS = (256, 1024, 4096)


@dataclass(frozen=True)
class Moments:
    """E norm(grad F(w_k))^2 for k < K, and E F(w_K) - F*."""

    squared_gradients: SquaredGradients
    gap: Enclosed


def exact_moments(specification: RunSpecification) -> Moments | None:
    """Both expectations; None when no precision encloses them usefully."""
    for bits in _PRECISIONS:
        with flint.ctx.workprec(bits):
            squares, gap = _recursion(specification)
            mean = sum(squares, arb(0)) / len(squares)
            if _useful(mean) and _useful(gap):
                how = _how(specification, bits)
                return Moments(SquaredGradients.of(mean, squares, how), _enclosed(gap, how))
    return None


def local_mean_squared_gradient(specification: RunSpecification) -> Enclosed | None:
    """E norm(grad F)^2 at the mean of all n agents' local iterates, averaged over the steps t < tau of every round.

    None when no precision encloses it usefully, or with a server step, after which rounds do not start at that mean.
    """
    if specification.settings.server_step != 1:
        return None
    for bits in _PRECISIONS:
        with flint.ctx.workprec(bits):
            value = _local_recursion(specification)
            if _useful(value):
                return _enclosed(value, _how(specification, bits))
    return None


def expected_change(specification: RunSpecification) -> tuple[arb, list[arb_mat]]:
    """E F(w_1) - F(w_0) and the grad F_i(w_0): F need have no minimum, so the moments are those of w_1 - w_0."""
    with flint.ctx.workprec(_PRECISIONS[1]):
        s, forms = specification.settings, specification.instance.forms
        start, alpha = column(specification.start.numpy()), ball.ball(s.alpha)
        agents = [
            _Agent(a.R, (a.R - identity(a.R.nrows())) * (start - f.c), a.noise)
            for a, f in zip(_agents(specification, s.tau), forms, strict=True)
        ]
        matrices, share = _meta_matrices(forms, alpha, s.nu), ball.ball(1) / len(forms)
        gradients = [M * (start - f.c) for M, f in zip(matrices, forms, strict=True)]
        still = start - start
        twice = s.sampling == Sampling.REPLACEMENT
        m = s.participants_of(len(forms))
        mean, second = _round(agents, still, still * still.transpose(), m, twice=twice)
        curved = _trace(_sum(matrices) * share * second) / 2
        return (ball.mean(gradients).transpose() * mean)[0, 0] + curved, gradients


def _useful(value: arb) -> bool:
    return value.is_finite() and value.rad() < abs(value.mid()) * 1e-20 + 1e-40


def _how(specification: RunSpecification, bits: int) -> str:
    over = "" if specification.surely_one_path else "exact expectation (moment recursion), "
    return f"{over}Arb balls at {bits} bits"


@dataclass(frozen=True)
class _Agent:
    """One agent's round as an affine map with noise."""

    R: arb_mat
    t: arb_mat
    noise: arb_mat


def _recursion(specification: RunSpecification) -> tuple[list[arb], arb]:
    mean_matrix, lowest = _bowl(specification)
    gram = mean_matrix * mean_matrix
    *states, (_, last) = _states(specification, lowest)
    return [_trace(gram * second) for _, second in states], _trace(mean_matrix * last) / 2


def _local_recursion(specification: RunSpecification) -> arb:
    """After t steps the agents' mean is R w_k + t + noise, whatever the server draws: a quadratic form in w_k."""
    mean_matrix, lowest = _bowl(specification)
    tau, share = specification.settings.tau, ball.ball(1) / len(specification.instance.forms)
    gram = mean_matrix * mean_matrix
    curved, sloped, level = gram * 0, lowest * 0, arb(0)
    for steps in range(tau):
        agents = _about(_agents(specification, steps), lowest)
        R, t = _sum([a.R for a in agents]) * share, _sum([a.t for a in agents]) * share
        noise = _sum([a.noise for a in agents]) * (share * share)
        curved += R.transpose() * gram * R
        sloped += R.transpose() * gram * t * 2
        level += (t.transpose() * gram * t)[0, 0] + _trace(gram * noise)
    total = arb(0)
    for mu, second in list(_states(specification, lowest))[:-1]:
        total += _trace(curved * second) + (sloped.transpose() * mu)[0, 0] + level
    return total / (specification.cell.rounds * tau)


def _bowl(specification: RunSpecification) -> tuple[arb_mat, arb_mat]:
    s = specification.settings
    return average_and_minimiser(specification.instance.forms, ball.ball(s.alpha), s.nu)


def _states(specification: RunSpecification, lowest: arb_mat) -> Iterator[tuple[arb_mat, arb_mat]]:
    """Mean and second moment of w_k minus the minimiser, k = 0..K."""
    s = specification.settings
    agents = _about(_agents(specification, s.tau), lowest)
    mu = column(specification.start.numpy()) - lowest
    second, m = mu * mu.transpose(), s.participants_of(len(agents))
    twice = s.sampling == Sampling.REPLACEMENT  # whether one agent may be drawn twice
    yield mu, second
    for _ in range(specification.cell.rounds):
        mu, second = _round(agents, mu, second, m, twice=twice)
        yield mu, second


def _about(agents: list[_Agent], lowest: arb_mat) -> list[_Agent]:
    """The maps of w minus the minimiser."""
    return [_Agent(a.R, a.t + a.R * lowest - lowest, a.noise) for a in agents]


def _round(agents: list[_Agent], mu: arb_mat, second: arb_mat, m: int, *, twice: bool) -> tuple[arb_mat, arb_mat]:
    """Moments after averaging m of n agents: P(i drawn) = m/n, P(i and j drawn) = m (m - 1) / (n (n - 1)).

    With replacement two draws are of the agents i and j with probability 1/n^2, also for i = j, and their noises are
    independent.
    """
    n = len(agents)
    own = _sum([_outer(a, a, mu, second) for a in agents])
    noise = _sum([a.noise for a in agents])
    total = _Agent(_sum([a.R for a in agents]), _sum([a.t for a in agents]), noise)
    pairs = _outer(total, total, mu, second) - own
    alone = ball.ball(1) / (m * n)
    together = ball.ball(m - 1) / (m * n * (n - 1)) if n > 1 else ball.ball(0)
    if twice:
        pairs, together = pairs + own, ball.ball(m - 1) / (m * n * n)
    share = ball.ball(1) / n
    return (total.R * mu + total.t) * share, (own + noise) * alone + pairs * together


def _outer(a: _Agent, b: _Agent, mu: arb_mat, second: arb_mat) -> arb_mat:
    """E (R_a w + t_a)(R_b w + t_b)^T."""
    left, right = a.R * mu, b.R * mu
    return a.R * second * b.R.transpose() + left * b.t.transpose() + a.t * right.transpose() + a.t * b.t.transpose()


def _agents(specification: RunSpecification, steps: int) -> list[_Agent]:
    losses = specification.instance.forms
    noises = specification.instance.covariances if specification.cell.mode.draws else [f.A * 0 for f in losses]
    agents = [_agent(specification, f, noise, steps) for f, noise in zip(losses, noises, strict=True)]
    shared = specification.noise_shared
    return [replace(agent, noise=agent.noise * count) for agent, count in zip(agents, shared, strict=True)]


def _agent(specification: RunSpecification, f: BallQuadratic, noise: arb_mat, steps: int) -> _Agent:
    """After that many local steps. `noise`: the covariance of the gradient of one sample."""
    s, d = specification.settings, f.A.nrows()
    eye = identity(d)
    P = eye - f.A * ball.ball(s.alpha)
    curved = specification.cell.mode.curved
    update = f.A * power(P, 2 * s.nu if curved else s.nu)
    covariance = _gradient_covariance(specification, f, noise, P) if specification.cell.mode.draws else noise
    if curved:
        sweep = power(P, s.nu)
        covariance = sweep * covariance * sweep
    step = eye - update * ball.ball(s.beta)
    R = power(step, steps)
    scaled = covariance * (ball.ball(s.beta) * ball.ball(s.beta))
    spread, factor = f.A * 0, eye
    for _ in range(steps):
        spread = spread + factor * scaled * factor.transpose()
        factor = step * factor
    way = ball.ball(s.server_step)
    R = R if s.server_step == 1 else eye - (eye - R) * way
    return _Agent(R, (eye - R) * f.c, spread * (way * way))


def _gradient_covariance(specification: RunSpecification, f: BallQuadratic, C: arb_mat, P: arb_mat) -> arb_mat:
    """Of the outer batch gradient at the noisy trajectory's end: C/D' + (alpha^2/D) A sum_{j<nu} P^j C P^j A (Q4)."""
    s = specification.settings
    assert s.D is not None
    assert s.D_prime is not None
    along, factor = f.A * 0, identity(f.A.nrows())
    for _ in range(s.nu):
        along = along + factor * C * factor
        factor = factor * P
    alpha = ball.ball(s.alpha)
    return C * (ball.ball(1) / s.D_prime) + f.A * along * f.A * (alpha * alpha / s.D)


def average_and_minimiser(losses: Sequence[BallQuadratic], alpha: arb, nu: int) -> tuple[arb_mat, arb_mat]:
    """The mean of the M_i and the minimiser of F (Q1); raises ZeroDivisionError when the mean is singular."""
    matrices, share = _meta_matrices(losses, alpha, nu), ball.ball(1) / len(losses)
    average = _sum(matrices) * share
    pull = _sum([M * f.c for M, f in zip(matrices, losses, strict=True)]) * share
    return average, average.solve(pull)


def _meta_matrices(losses: Sequence[BallQuadratic], alpha: arb, nu: int) -> list[arb_mat]:
    """The M_i of F_i(w) = (w - c_i)^T M_i (w - c_i)/2 (Q1)."""
    eye = identity(losses[0].A.nrows())
    return [f.A * power(eye - f.A * alpha, 2 * nu) for f in losses]


def power(x: arb_mat, exponent: int) -> arb_mat:
    """The power of a matrix by repeated multiplication."""
    result = identity(x.nrows())
    for _ in range(exponent):
        result = result * x
    return result


def _trace(x: arb_mat) -> arb:
    return sum((x[j, j] for j in range(x.nrows())), arb(0))


def _sum(matrices: list[arb_mat]) -> arb_mat:
    total = matrices[0]
    for one in matrices[1:]:
        total = total + one
    return total


def _enclosed(x: arb, how: str) -> Enclosed:
    lower, upper = ball.bounds(x)
    return Enclosed(max(lower, lower * 0), upper, how)
