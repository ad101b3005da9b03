r"""Bounds of every constant over one box, from derivatives enclosed on it and at one of its points.

With p the point, r the distance to the farthest corner, and g, H, T the derivatives at p,

    norm(grad f)  <= max over corners norm(g + H (v - p)) + r^2/2 sup norm(T),
    norm(hess f)  <= max over corners norm(H + T[v - p])  + r^2/2 sup norm(F),  norm(H + T_0[v - p]) + r norm(T - T_0),
    norm(T)       <= max over corners norm(T + F_0[v - p]) + r norm(F - F_0),

F the fourth derivative over the box, T_0 and F_0 the middles of enclosures on the box: what is affine and inside a norm
is largest at a corner, and Taylor's formula or the mean value theorem bounds the rest. Where corners are too many,
norm(g) + r norm(H) stands in their place. Each is also bounded by its enclosure on the box; the better counts.
Deviations from the mean, whose root mean square over agents is a norm as well, alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.numerics.spectra import spectral_ends
from reports.certificates.boxes import Box
from reports.certificates.derivatives import Derivatives, Enclosed
from reports.certificates.third_norm import attained_norms, fourth_norms, third_norms

# Sums of at most some hundred products round by less than this, relative to the sum of the sizes of their terms.
_SLACK = 2.0**-40
UPPER = ("B", "L", "rho", "gamma_G", "gamma_H")
LOWER = ("mu", "mu_mean")


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


def bounds_on(box: Box, at: Derivatives, over: Derivatives, enough: float = 0.0) -> Bounds:
    """From derivatives at the box's point and on all of it.

    A bound of third derivatives that is at most `enough` need not be tighter.

    >>> from empirics import QuadraticTask
    >>> from reports.balls.recorded import recorded_losses
    >>> from reports.certificates.boxes import Region
    >>> from reports.certificates.derivatives import derivatives
    >>> losses = recorded_losses(QuadraticTask(A=[[[2.0]]], c=[[1.0]]))                        # (w - 1)^2
    >>> box = Region(np.zeros(1), 1.0).around()
    >>> parts = derivatives(losses, box.point, box.point), derivatives(losses, box.low, box.high)
    >>> bounds_on(box, *parts).found.round(6).tolist()               # B, L, rho, ..., f >= 0
    [4.0, 2.0, 0.0, 0.0, 0.0, -2.0, -2.0, 0.0]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        found = _Over(box, at, over, enough).bounds()
        attained = _attained(at, over) if box.inside else np.full_like(found, -np.inf)
    return Bounds(np.where(np.isnan(found), np.inf, found), attained, _slopes(at, over))


class _Over:
    """Bounds over a box, (n,) per agent."""

    def __init__(self, box: Box, at: Derivatives, over: Derivatives, enough: float) -> None:
        self.box, self.at, self.over, self.r, self.enough = box, at, over, box.reach, enough
        fourth = _fourths(over.fourth)
        self.third = self._thirds(at.third, over.third, over.fourth, fourth)
        self.least, high = self._eigenvalues(at.hessian, at.third, over.hessian, over.third, fourth)
        self.hessian = np.maximum(-self.least, high)
        self.gradient = np.fmin(_vectors(over.gradient), self._gradients(at.gradient, at.hessian, self.third))

    def bounds(self) -> np.ndarray:
        """All of them, in order."""
        gamma = (0.0, 0.0) if len(self.least) == 1 else self._gamma()
        mean = [_mean(part) for part in (self.at.hessian, self.at.third, self.over.hessian, self.over.third)]
        low, _ = self._eigenvalues(mean[0], mean[1], mean[2], mean[3], _fourths(_mean(self.over.fourth)))
        mean_low = max(float(low[0]), -_safe_mean(-self.least)[0])
        upper = [self.gradient.max(), self.hessian.max(), self.third.max(), *gamma]
        return np.array([*upper, -self.least.min(), -mean_low, *-self._losses()])

    def _thirds(self, at: Enclosed, over: Enclosed, fourth: Enclosed, norm: np.ndarray) -> np.ndarray:
        """The norms (n,), `norm` bounding those of the fourth derivatives."""
        own = _frobenius(at.radius, 3)
        found = third_norms(over.middle, self.enough) + _frobenius(over.radius, 3)
        found = np.fmin(found, third_norms(at.middle, self.enough) + own + self.r * norm)
        if self.box.corners is not None and np.isfinite(fourth.radius).all():
            moved = at.middle[:, None] + np.einsum("nijkl,vl->nvijk", fourth.middle, self.box.corners)
            size = _frobenius(at.middle, 3) + self.r * _frobenius(fourth.middle, 4)
            rest = own + self.r * _frobenius(fourth.radius, 4) + _SLACK * size
            enough = self.enough - float(rest.max())
            found = np.fmin(found, third_norms(moved, enough).max(axis=1) + rest)
        return found * (1 + _SLACK)

    def _eigenvalues(
        self, hessian: Enclosed, third: Enclosed, over: Enclosed, over_third: Enclosed, fourth: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The least and the largest (n,): of the enclosure, by the mean value theorem, by Taylor's formula."""
        low, high = spectral_ends(over.middle)
        wide = _frobenius(over.radius, 2)
        low, high = low - wide, high + wide
        for slope, rest in ((over_third, np.zeros_like(fourth)), (third, self.r**2 / 2 * fourth)):
            first, last = self._at_corners(hessian, slope)
            low, high = np.fmax(low, first - rest * (1 + _SLACK)), np.fmin(high, last + rest * (1 + _SLACK))
        return low, high

    def _at_corners(self, hessian: Enclosed, slope: Enclosed) -> tuple[np.ndarray, np.ndarray]:
        """The least and the largest eigenvalues of H + T[v - p] over the box, H and T as enclosed."""
        size = _frobenius(hessian.middle, 2) + self.r * _frobenius(slope.middle, 3)
        own = _frobenius(hessian.radius, 2) + self.r * _frobenius(slope.radius, 3) + _SLACK * size
        own = own * (1 + _SLACK)
        if not np.isfinite(own).any():
            return -own, own
        if self.box.corners is None:
            first, last = spectral_ends(hessian.middle)
            own = (own + self.r * third_norms(slope.middle)) * (1 + _SLACK)
            return first - own, last + own
        ends = spectral_ends(hessian.middle[:, None] + np.einsum("nijk,vk->nvij", slope.middle, self.box.corners))
        return ends[0].min(axis=1) - own, ends[1].max(axis=1) + own

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
        r, at, over = self.r, self.at, self.over
        g, H, T, over_g, over_H, over_T, over_F = (
            _offset(part)
            for part in (at.gradient, at.hessian, at.third, over.gradient, over.hessian, over.third, over.fourth)
        )
        fourth = np.fmin(_fourths(over_F), np.inf)
        third = np.fmin(_spread(self.third), self._thirds(T, over_T, over_F, fourth))
        first = [_rms(np.fmin(_vectors(over_g), _spread(self.gradient))), _rms(self.gradient)]
        low, high = self._eigenvalues(H, T, over_H, over_T, fourth)
        hessian = np.fmin(np.maximum(-low, high), _spread(self.hessian))
        second = [_rms(hessian)]
        own = _frobenius(g.radius, 1) + r * _frobenius(H.radius, 2)
        own = own + _SLACK * (_frobenius(g.largest, 1) + r * _frobenius(H.largest, 2))
        if self.box.corners is None:
            first.append(_rms(_frobenius(g.middle, 1) + r * _matrices(H) + own + r**2 / 2 * third))
        else:
            first.append(_rms(_frobenius(self._moved(g, H), 1).T).max() + _rms(own + r**2 / 2 * third))
            for slope, rest in ((over_T, 0.0), (T, r**2 / 2 * fourth)):
                part = _frobenius(H.radius, 2) + r * _frobenius(slope.radius, 3) + rest
                part = part + _SLACK * (_frobenius(H.largest, 2) + r * _frobenius(slope.largest, 3))
                if np.isfinite(part).all():
                    moved = H.middle[:, None] + np.einsum("nijk,vk->nvij", slope.middle, self.box.corners)
                    low, high = spectral_ends(moved)
                    second.append(_rms(np.maximum(-low, high).T).max() + _rms(part))
        return tuple(float(np.nanmin(part)) * (1 + _SLACK) for part in (first, second))  # type: ignore[return-value]

    def _losses(self) -> np.ndarray:
        """At most every value (n,): f(p) + g (w - p) + mu norm(w - p)^2 / 2, coordinate by coordinate."""
        value, gradient, mu = self.at.value, self.at.gradient, self.least[:, None]
        low, high = self.box.low - self.box.point, self.box.high - self.box.point
        bottom = np.clip(-gradient.middle / np.where(mu > 0, mu, np.inf), low, high)
        falls = np.stack([x * gradient.middle + mu / 2 * x * x for x in (low, high, bottom)]).min(axis=0).sum(axis=-1)
        size = np.abs(value.middle) + self.r * _frobenius(gradient.largest, 1) + self.r**2 * np.abs(self.least)
        own = value.radius + self.r * _frobenius(gradient.radius, 1) + _SLACK * size
        over = self.over.value.middle - self.over.value.radius * (1 + _SLACK)
        return np.fmax(over - np.abs(self.over.value.middle) * _SLACK, value.middle + falls - own)


def _attained(at: Derivatives, over: Derivatives) -> np.ndarray:
    """At the point: a number that each of `Bounds.found` is at least, but for rounding."""
    third = at.third if np.isfinite(at.third.radius).all() else over.third
    known = all(np.isfinite(part.radius).all() for part in (at.gradient, at.hessian, at.value))
    if not known:
        return np.full(len(UPPER) + len(LOWER) + len(at.value.middle), -np.inf)
    values = np.linalg.eigvalsh(at.hessian.middle)
    g, H = _offset(at.gradient).middle, _offset(at.hessian).middle
    upper = [
        np.linalg.norm(at.gradient.middle, axis=-1).max(),
        np.abs(values).max(),
        # the point lies in the box: its third derivatives are within the enclosure's radius of the middle
        (attained_norms(third.middle) - _frobenius(third.radius, 3)).max(),
        np.sqrt(np.square(np.linalg.norm(g, axis=-1)).mean()),
        np.sqrt(np.square(np.abs(np.linalg.eigvalsh(H)).max(axis=-1)).mean()),
    ]
    least = float(values.min()), float(np.linalg.eigvalsh(at.hessian.middle.mean(axis=0)).min())
    return np.array([*upper, -least[0], -least[1], *-at.value.middle])


def _slopes(at: Derivatives, over: Derivatives) -> np.ndarray:
    """How much gradients and Hessians change along every coordinate, (2, d): where a cut is worth most."""
    second, third = np.square(at.hessian.middle), np.square(over.third.middle)
    found = np.sqrt(np.stack([second.sum(axis=(0, 1)), third.sum(axis=(0, 1, 2))]))
    # a coordinate that seems to change nothing at the point may do so elsewhere: it is cut when much wider
    return found + found.max(axis=1, keepdims=True) / 8 + 1e-300


def _frobenius(values: np.ndarray, axes: int) -> np.ndarray:
    return np.sqrt(np.square(values).sum(axis=tuple(range(-axes, 0)))) * (1 + _SLACK)


def _fourths(fourths: Enclosed) -> np.ndarray:
    if not np.isfinite(fourths.radius).all():
        return np.full(len(fourths.radius), np.inf)
    return (fourth_norms(fourths.middle) + _frobenius(fourths.radius, 4)) * (1 + _SLACK)


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
