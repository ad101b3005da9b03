r"""Both ends of the spectrum of many symmetric matrices at once, known through their products with vectors.

Lanczos with full reorthogonalisation (twice), k steps from uniformly random unit vectors. The largest Ritz value is a
Rayleigh quotient, theta <= lambda_max, and some eigenvalue lies within its residual.

How far theta can lie below lambda_max is a matter of luck with the start b, with a probability bound that needs no gap
(Kuczynski and Wozniakowski, SIAM J. Matrix Anal. Appl. 13 (1992), Theorem 4.2). Proof, in a slightly sharper form.
Shift and scale so that lambda_max = 1 and lambda_min = 0; Lanczos is invariant under both. theta is the maximum over
polynomials p of degree k - 1 of sum lambda_i p(lambda_i)^2 b_i^2 / sum p(lambda_i)^2 b_i^2, so theta < 1 - eps implies

    eps p(1)^2 b_1^2 < sum_{lambda_i <= 1 - eps} (1 - eps - lambda_i) p(lambda_i)^2 b_i^2
                     <= max_{0 <= x <= 1 - eps} (1 - eps - x) p(x)^2 (1 - b_1^2).

With x = (1 - eps)(1 - s^2) and s p a multiple of the Chebyshev polynomial T_{2k-1}(s) the maximum over eps p(1)^2 is
1/sinh^2((2k-1) atanh(sqrt(eps))), since |T_j(i sinh(t))| = sinh(j t) for odd j. So
b_1^2 < sech^2((2k-1) atanh(sqrt(eps))), and for b uniform on the sphere b_1^2 has the Beta(1/2, (d-1)/2) law:

    P(lambda_max - theta > eps (lambda_max - lambda_min)) <= I_{sech^2((2k-1) atanh sqrt(eps))}(1/2, (d-1)/2).

Bounding the density by sqrt((d-1)/(2 pi)), sech(t) by 2 exp(-t) and atanh(x) from below by x gives at most
1.596 sqrt(d-1) exp(-sqrt(eps) (2k-1)), which is within the published 1.648 sqrt(d) exp(-sqrt(eps) (2k-1)).
It is a statement about one matrix, so about one agent at one point: it says nothing about a supremum over a set.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from scipy.special import betainc, betaincinv
from torch import Tensor

from empirics.numerics.checks import integer, real

Operator = Callable[[Tensor], Tensor]
"""A batch of symmetric matrices: vectors (..., d) -> (..., d)."""


@dataclass(frozen=True, eq=False)
class Ritz:
    """Extreme Ritz values (...), their unit vectors (..., d) and residuals norm(A v - theta v) (...), after k steps."""

    low: Tensor
    high: Tensor
    low_vector: Tensor
    high_vector: Tensor
    low_residual: Tensor
    high_residual: Tensor
    steps: int

    @property
    def norm(self) -> Tensor:
        """max |theta| (...), at most the spectral norm."""
        return torch.maximum(self.high, -self.low)

    @property
    def norm_sign(self) -> Tensor:
        """Sign (...) of the Ritz value of largest size, 1 or -1."""
        return torch.where(self.high >= -self.low, 1.0, -1.0)

    @property
    def norm_vector(self) -> Tensor:
        """The unit vector (..., d) of the Ritz value of largest size."""
        return torch.where(self.norm_sign.unsqueeze(-1) > 0, self.high_vector, self.low_vector)

    @property
    def norm_residual(self) -> Tensor:
        """norm(A v - theta v) (...) of the Ritz value of largest size."""
        return torch.where(self.norm_sign > 0, self.high_residual, self.low_residual)


@torch.no_grad()
def lanczos(operator: Operator, like: Tensor, steps: int, *, seed: int) -> Ritz:
    """min(d, steps) Lanczos steps for a whole batch; with d steps the Ritz values are the eigenvalues, to rounding.

    `like` (..., d) says how many matrices there are, their size, and where and in which precision to work.

    An invariant subspace found early is left through a fresh random vector orthogonal to it, as exact Lanczos would
    need, so no spurious Ritz value appears.

    >>> found = lanczos(lambda v: v * torch.tensor([3.0, -1.0, 2.0]).to(v), torch.zeros(3).double(), 3, seed=0)
    >>> round(float(found.low), 9), round(float(found.high), 9)
    (-1.0, 3.0)
    """
    batch, d = tuple(like.shape[:-1]), like.shape[-1]
    count = min(integer("steps", steps, at_least=1), d)
    generator = torch.Generator().manual_seed(seed)

    def fresh() -> Tensor:
        return torch.randn(*batch, d, generator=generator, dtype=torch.float64).to(like)

    vector = _unit(fresh())
    basis = like.new_zeros(*batch, count, d)
    diagonal, beside, scale = like.new_zeros(*batch, count), like.new_zeros(*batch, count), like.new_zeros(batch)
    for step in range(count):
        basis[..., step, :] = vector
        image = operator(vector)
        diagonal[..., step] = (vector * image).sum(-1)
        scale = torch.maximum(scale, image.norm(dim=-1))
        known = basis[..., : step + 1, :]
        rest = _orthogonal(image, known)
        size = rest.norm(dim=-1)
        exhausted = size <= 64 * torch.finfo(size.dtype).eps * scale
        beside[..., step] = torch.where(exhausted, 0.0, size)
        if step + 1 < count:
            restart = _unit(_orthogonal(fresh(), known))
            vector = torch.where(exhausted.unsqueeze(-1), restart, rest / size.clamp_min(1e-300).unsqueeze(-1))
    return _ritz(basis, diagonal, beside)


def _ritz(basis: Tensor, diagonal: Tensor, beside: Tensor) -> Ritz:
    matrix = torch.diag_embed(diagonal)
    if diagonal.shape[-1] > 1:
        matrix = matrix + torch.diag_embed(beside[..., :-1], 1) + torch.diag_embed(beside[..., :-1], -1)
    values, vectors = torch.linalg.eigh(matrix)
    ends = []
    for end in (0, -1):
        weights = vectors[..., end]
        direction = _unit((weights.unsqueeze(-2) @ basis).squeeze(-2))
        ends.append((values[..., end], direction, (beside[..., -1] * weights[..., -1]).abs()))
    (low, low_vector, low_residual), (high, high_vector, high_residual) = ends
    return Ritz(low, high, low_vector, high_vector, low_residual, high_residual, diagonal.shape[-1])


def _orthogonal(vector: Tensor, basis: Tensor) -> Tensor:
    for _ in range(2):
        along = basis @ vector.unsqueeze(-1)
        vector = vector - (basis.mT @ along).squeeze(-1)
    return vector


def _unit(vector: Tensor) -> Tensor:
    return vector / vector.norm(dim=-1, keepdim=True).clamp_min(1e-300)


def miss_probability(gap: float, steps: int, d: int) -> float:
    """At least P(lambda_max - theta > gap (lambda_max - lambda_min)) after k steps, over a uniformly random start.

    The Beta form of the module's proof; at most 1.596 sqrt(d - 1) exp(-sqrt(gap) (2k - 1)).

    >>> miss_probability(0.0072, 50, 771) <= 0.01
    True
    """
    gap, steps, d = real("gap", gap, at_least=0), integer("steps", steps, at_least=1), integer("d", d, at_least=1)
    if d == 1 or steps >= d or gap >= 1:
        return 0.0
    return float(betainc(0.5, (d - 1) / 2, 1 / math.cosh((2 * steps - 1) * math.atanh(math.sqrt(gap))) ** 2))


def relative_gap(probability: float, steps: int, d: int) -> float:
    """The gap that is exceeded with at most this probability: the inverse of `miss_probability`.

    >>> 0.99 < miss_probability(relative_gap(0.01, 20, 300), 20, 300) / 0.01 < 1.01
    True
    """
    if d == 1 or steps >= d:
        return 0.0
    square = float(betaincinv(0.5, (d - 1) / 2, real("probability", probability, above=0)))
    return math.tanh(math.acosh(1 / math.sqrt(square)) / (2 * steps - 1)) ** 2


def enclosures(found: Ritz, d: int, miss: float) -> tuple[Tensor, Tensor]:
    """(lower bound of lambda_min, upper bound of lambda_max), each broken with probability at most `miss`, jointly 2x.

    With eps = `relative_gap`, lambda_max - lambda_min <= (theta_max - theta_min)/(1 - 2 eps) when neither end misses by
    more; eps >= 1/2 says nothing. Rounding of theta is covered by 2^-40 of the norm.
    """
    gap = relative_gap(miss, found.steps, d)
    spread = (found.high - found.low) / (1 - 2 * gap) if gap < 0.5 else torch.full_like(found.high, torch.inf)
    slack = found.norm.abs() * 2.0**-40 + (gap * spread if gap else 0.0)
    return found.low - slack, found.high + slack
