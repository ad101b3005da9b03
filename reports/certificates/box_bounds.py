r"""Bounds of every constant over one box, from derivatives enclosed on it and at one of its points.

With p the point, r the distance to the farthest corner, and g, H, T the derivatives at p,

    norm(grad f)  <= max over corners norm(g + H (v - p)) + r^2/2 sup norm(T),
    norm(hess f)  <= max over corners norm(H + T[v - p])  + r^2/2 sup norm(F),     norm(T) <= norm(T(p)) + r sup norm(F),

F being the fourth derivative: what is affine and inside a norm is largest at a corner, and Taylor's formula bounds the
rest. Where corners are too many, norm(g) + r norm(H) stands in their place. Each is also bounded by its enclosure on the
box; the better counts. Deviations from the mean, whose root mean square over agents is a norm as well, alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.numerics.spectra import spectral_ends
from reports.certificates.boxes import Box
from reports.certificates.derivatives import Derivatives, Enclosed
from reports.certificates.third_norm import attained_norms, third_norms

# Sums of at most some hundred products round by less than this, relative to the sum of the sizes of their terms.
_SLACK = 2.0**-40
UPPER = ("B", "L", "rho", "gamma_G", "gamma_H")
LOWER = ("mu", "mu_c")


@dataclass(frozen=True, eq=False)
class Bounds:
    """What is known on a box: `found` from above of UPPER, -LOWER and minus the losses, and what its point attains.

    Both are (7 + n,), in this order; `attained` is -infinity where the point does not count.
    """

    found: np.ndarray
    attained: np.ndarray
    slopes: np.ndarray


def unknown(n: int, d: int) -> Bounds:
    """Of a box on which nothing is known."""
    size = len(UPPER) + len(LOWER) + n
    return Bounds(np.full(size, np.inf), np.full(size, -np.inf), np.ones((2, d)))


def bounds_on(box: Box, at: Derivatives, over: Derivatives, norms: np.ndarray) -> Bounds:
    """From derivatives at the box's point and on all of it; `norms` (4, n) bound those of order 1 to 4 there.

    >>> from empirics import QuadraticTask
    >>> from reports.balls.recorded import recorded_losses
    >>> from reports.certificates.boxes import Region
    >>> from reports.certificates.derivatives import derivatives
    >>> losses = recorded_losses(QuadraticTask(A=[[[2.0]]], c=[[1.0]]))                        # (w - 1)^2
    >>> box = Region(np.zeros(1), 1.0).around()
    >>> parts = derivatives(losses, box.point, box.point), derivatives(losses, box.low, box.high)
    >>> bounds_on(box, *parts, np.full((4, 1), np.inf)).found.round(6).tolist()               # B, L, rho, ..., f >= 0
    [4.0, 2.0, 0.0, 0.0, 0.0, -2.0, -2.0, -0.0]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        found = _Over(box, at, over, norms).bounds()
        attained = _attained(at) if box.inside else np.full_like(found, -np.inf)
    return Bounds(np.where(np.isnan(found), np.inf, found), attained, _slopes(at))


class _Over:
    """Bounds over a box, (n,) per agent."""

    def __init__(self, box: Box, at: Derivatives, over: Derivatives, norms: np.ndarray) -> None:
        self.box, self.at, self.over, self.r = box, at, over, box.reach
        self.fourth = np.minimum(norms[3], over.line)
        self.third = np.minimum(
            np.minimum(norms[2], third_norms(over.third.middle) + _frobenius(over.third.radius, 3)),
            third_norms(at.third.middle) + _frobenius(at.third.radius, 3) + self.r * self.fourth,
        ) * (1 + _SLACK)
        # a product of 0 and infinity is nan: where nothing is known of the fourth derivative, r is not 0
        low, high = self._eigenvalues(at.hessian, at.third, self.fourth, over.hessian)
        self.least = np.maximum(low, -norms[1])
        self.hessian = np.minimum(np.maximum(-low, high), norms[1])
        self.gradient = np.minimum(
            np.minimum(_vectors(over.gradient), norms[0]), self._gradients(at.gradient, at.hessian, self.third)
        )

    def bounds(self) -> np.ndarray:
        """All of them, in order."""
        gamma = (0.0, 0.0) if len(self.least) == 1 else self._gamma()
        mean = _mean(self.over.hessian), _mean(self.at.hessian), _mean(self.at.third)
        low, _ = self._eigenvalues(mean[1], mean[2], _safe_mean(self.fourth), mean[0])
        mean_low = max(float(low[0]), -_safe_mean(-self.least)[0])
        upper = [self.gradient.max(), self.hessian.max(), self.third.max(), *gamma]
        return np.array([*upper, -self.least.min(), -mean_low, *-self._losses()])

    def _eigenvalues(
        self, hessian: Enclosed, third: Enclosed, fourth: np.ndarray, over: Enclosed
    ) -> tuple[np.ndarray, np.ndarray]:
        """The least and the largest (n,)."""
        low, high = spectral_ends(over.middle)
        wide = _frobenius(over.radius, 2)
        size = _frobenius(hessian.middle, 2) + self.r * _frobenius(third.middle, 3)
        own = _frobenius(hessian.radius, 2) + self.r * _frobenius(third.radius, 3) + _SLACK * size
        if self.box.corners is None:
            first, last = spectral_ends(hessian.middle)
            own = own + self.r * third_norms(third.middle)
        else:
            ends = spectral_ends(hessian.middle[:, None] + np.einsum("nijk,vk->nvij", third.middle, self.box.corners))
            first, last = ends[0].min(axis=1), ends[1].max(axis=1)
        rest = (own + self.r**2 / 2 * fourth) * (1 + _SLACK)
        return _better(low - wide, first - rest, np.fmax), _better(high + wide, last + rest, np.fmin)

    def _gradients(self, gradient: Enclosed, hessian: Enclosed, third: np.ndarray) -> np.ndarray:
        """The norms (n,)."""
        size = _frobenius(gradient.largest, 1) + self.r * _frobenius(hessian.largest, 2)
        own = _frobenius(gradient.radius, 1) + self.r * _frobenius(hessian.radius, 2) + _SLACK * size
        if self.box.corners is None:
            low, high = spectral_ends(hessian.middle)
            norm = _frobenius(gradient.middle, 1) + self.r * np.maximum(-low, high)
        else:
            norm = _frobenius(self._moved(gradient, hessian), 1).max(axis=1)
        return (norm + own + self.r**2 / 2 * third) * (1 + _SLACK)

    def _moved(self, gradient: Enclosed, hessian: Enclosed) -> np.ndarray:
        """g + H (v - p), (n, corners, d)."""
        assert self.box.corners is not None
        return gradient.middle[:, None] + np.einsum("nij,vj->nvi", hessian.middle, self.box.corners)

    def _gamma(self) -> tuple[float, float]:
        r, spread_third, spread_fourth = self.r, _spread(self.third), _spread(self.fourth)
        over_g, over_h = _offset(self.over.gradient), _offset(self.over.hessian)
        g, H, T = _offset(self.at.gradient), _offset(self.at.hessian), _offset(self.at.third)
        first = [_rms(np.minimum(_vectors(over_g), _spread(self.gradient))), _rms(self.gradient)]
        second = [_rms(np.minimum(_matrices(over_h), _spread(self.hessian)))]
        slack = _frobenius(g.radius, 1) + r * _frobenius(H.radius, 2)
        slack = slack + _SLACK * (_frobenius(g.largest, 1) + r * _frobenius(H.largest, 2))
        curved = _frobenius(H.radius, 2) + r * _frobenius(T.radius, 3)
        curved = curved + _SLACK * (_frobenius(H.largest, 2) + r * _frobenius(T.largest, 3))
        if self.box.corners is None:
            first.append(_rms(_frobenius(g.middle, 1) + r * _matrices(H) + slack + r**2 / 2 * spread_third))
            second.append(_rms(_matrices(H) + r * third_norms(T.middle) + curved + r**2 / 2 * spread_fourth))
        else:
            at_corners = _frobenius(self._moved(g, H), 1)
            first.append(float(_rms(at_corners.T).max()) + _rms(slack + r**2 / 2 * spread_third))
            low, high = spectral_ends(H.middle[:, None] + np.einsum("nijk,vk->nvij", T.middle, self.box.corners))
            second.append(float(_rms(np.maximum(-low, high).T).max()) + _rms(curved + r**2 / 2 * spread_fourth))
        return tuple(float(np.nanmin(part)) * (1 + _SLACK) for part in (first, second))  # type: ignore[return-value]

    def _losses(self) -> np.ndarray:
        """At most every value (n,)."""
        value, gradient = self.at.value, self.at.gradient
        sides = np.stack([self.box.low - self.box.point, self.box.high - self.box.point])
        falls = np.minimum(gradient.middle[:, None] * sides, 0.0).min(axis=1).sum(axis=-1)
        size = np.abs(value.middle) + self.r * _frobenius(gradient.largest, 1)
        own = value.radius + self.r * _frobenius(gradient.radius, 1) + _SLACK * size
        bent = np.minimum(self.least, 0.0) * (self.r**2 / 2 * (1 + _SLACK))
        over = self.over.value.middle - self.over.value.radius
        over = over - np.where(np.isfinite(over), np.abs(over), 0.0) * _SLACK * (self.over.value.radius > 0)
        return _better(over, value.middle + falls + bent - own, np.fmax)


def _attained(at: Derivatives) -> np.ndarray:
    """At the point: a number that each of `Bounds.found` is at least, but for rounding."""
    known = all(np.isfinite(part.radius).all() for part in (at.gradient, at.hessian, at.third, at.value))
    if not known:
        return np.full(len(UPPER) + len(LOWER) + len(at.line), -np.inf)
    values = np.linalg.eigvalsh(at.hessian.middle)
    g, H = _offset(at.gradient).middle, _offset(at.hessian).middle
    upper = [
        np.linalg.norm(at.gradient.middle, axis=-1).max(),
        np.abs(values).max(),
        attained_norms(at.third.middle).max(),
        np.sqrt(np.square(np.linalg.norm(g, axis=-1)).mean()),
        np.sqrt(np.square(np.abs(np.linalg.eigvalsh(H)).max(axis=-1)).mean()),
    ]
    least = float(values.min()), float(np.linalg.eigvalsh(at.hessian.middle.mean(axis=0)).min())
    return np.array([*upper, -least[0], -least[1], *-at.value.middle])


def _slopes(at: Derivatives) -> np.ndarray:
    """How much gradients and Hessians change along every coordinate, (2, d): where a cut is worth most."""
    second, third = np.square(at.hessian.middle), np.square(at.third.middle)
    found = np.sqrt(np.stack([second.sum(axis=(0, 1)), third.sum(axis=(0, 1, 2))]))
    # a coordinate that seems to change nothing at the point may do so elsewhere: it is cut when much wider
    return found + found.max(axis=1, keepdims=True) / 8 + 1e-300


def _better(a: np.ndarray, b: np.ndarray, pick: np.ufunc) -> np.ndarray:
    """The better of two bounds, one of which may be no number."""
    return pick(a, b)


def _frobenius(values: np.ndarray, axes: int) -> np.ndarray:
    return np.sqrt(np.square(values).sum(axis=tuple(range(-axes, 0)))) * (1 + _SLACK)


def _vectors(vectors: Enclosed) -> np.ndarray:
    return _frobenius(vectors.largest, 1)


def _matrices(matrices: Enclosed) -> np.ndarray:
    low, high = spectral_ends(matrices.middle)
    return np.maximum(-low, high) + _frobenius(matrices.radius, 2)


def _mean(parts: Enclosed) -> Enclosed:
    """Of all agents, as of one."""
    size = parts.largest.mean(axis=0, keepdims=True)
    radius = parts.radius.mean(axis=0, keepdims=True) * (1 + _SLACK) + size * _SLACK * (size < np.inf)
    return Enclosed(parts.middle.mean(axis=0, keepdims=True), np.where(np.isnan(radius), np.inf, radius))


def _safe_mean(values: np.ndarray) -> np.ndarray:
    mean = values.mean(keepdims=True)
    return mean + np.abs(values).mean(keepdims=True) * _SLACK


def _offset(parts: Enclosed) -> Enclosed:
    """Deviations from the mean over agents: the own part counts (n - 1)/n times, every other 1/n times."""
    n, mean = len(parts.middle), _mean(parts)
    radius = parts.radius * (1 - 2 / n) + parts.radius.sum(axis=0, keepdims=True) / n
    radius = np.where(np.isfinite(radius), radius, np.inf) * (1 + _SLACK) + (parts.largest + mean.largest) * _SLACK
    return Enclosed(parts.middle - mean.middle, np.where(np.isnan(radius), np.inf, radius))


def _spread(own: np.ndarray) -> np.ndarray:
    """At least norm(X_i - mean X) from norm(X_i) <= own_i."""
    n = len(own)
    return (own * (1 - 2 / n) + own.sum() / n) * (1 + _SLACK)


def _rms(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(values).mean(axis=-1)) * (1 + _SLACK)
