"""Functions applied entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from empirics.certificates.norms import functions
from empirics.certificates.norms.bounds import Bound, UnboundedError, composed, hadamard
from empirics.certificates.norms.functions import Monotone, Smooth
from empirics.certificates.norms.rule import Rule, Site

aten = torch.ops.aten
# torch's softplus is the identity above its threshold.
_THRESHOLD = 20.0


def _roots(inner: Bound) -> np.ndarray:
    """m^(1/p) for p = 1, 2, inf, (3, 1): norms of a tensor of m ones."""
    return np.array([inner.entries, inner.entries**0.5, 1.0])[:, None] * (1 + 2.0**-50)


def smooth(phi: Smooth) -> Rule:
    """phi(z): slopes from the range of z, sizes from sup |phi| or from |phi(0)| + sup |phi'| |z|.

    The mean value between 0 and z may lie outside the range of z, so that supremum is the one over the real line.
    """

    def rule(site: Site) -> Bound:
        inner = site.bound()
        low, high = inner.around(site.ball)
        slopes = phi.slopes(low, high)
        count = len(inner.value)
        grown = _roots(inner) * phi.at_zero + phi.suprema[0] * inner.majorants[..., 0]
        value = np.minimum(_roots(inner) * max(abs(phi.low), abs(phi.high)), grown)
        majorants = composed(site.table, inner.majorants, slopes, value)
        return Bound(site.value, majorants, np.full(count, phi.low), np.full(count, phi.high))

    return rule


def monotone(phi: Monotone, name: str) -> Rule:
    """phi(z) from the ends of the range of z."""

    def rule(site: Site) -> Bound:
        inner = site.bound()
        suprema = phi.suprema(name, *inner.around(site.ball))
        value = _roots(inner) * suprema[0]
        majorants = composed(site.table, inner.majorants, suprema[1:], value)
        count = len(inner.value)
        return Bound(site.value, majorants, np.full(count, 0.0 if phi.sign > 0 else -np.inf), np.full(count, np.inf))

    return rule


def power(site: Site) -> Bound:
    """z^p for a number p; a square is a product, whose bounds are sharper than those of a function of the range."""
    exponent = site.argument(1)
    if not isinstance(exponent, (int, float)):
        raise site.refusal(f"with exponent {exponent}")
    if exponent == 2:
        return square(site)
    whole = float(exponent).is_integer() and exponent >= 0
    found = monotone(Monotone(functions.power(float(exponent)), positive=not whole), f"x**{exponent}")(site)
    even = whole and int(exponent) % 2 == 0
    return Bound(site.value, found.majorants, np.zeros_like(found.low) if even else found.low, found.high)


def square(site: Site) -> Bound:
    """z^2 = z z."""
    inner = site.bound()
    majorants = hadamard(site.table, inner.majorants, inner.majorants)
    count = len(inner.value)
    return Bound(site.value, majorants, np.zeros(count), np.full(count, np.inf))


def reciprocal(site: Site) -> Bound:
    """1/z where z keeps its sign on the ball."""
    return inverse(site, site.bound(), site.value)


def inverse(site: Site, inner: Bound, value: np.ndarray) -> Bound:
    """1/z: |d^k (1/z)| = k! / |z|^(k+1), largest where |z| is least."""
    low, high = inner.around(site.ball)
    least = np.where(low > 0, low, np.where(high < 0, -high, 0.0))
    if not bool((least > 0).all()):
        raise UnboundedError(f"{site.target}: a divisor may be 0 on the ball")
    suprema = Monotone(functions.power(-1.0)).suprema("1/x", least, np.maximum(np.abs(low), np.abs(high)))
    majorants = composed(site.table, inner.majorants, suprema[1:], _roots(inner) * suprema[0])
    count, positive = len(inner.value), (low > 0).reshape(len(low), -1).all(axis=1)
    return Bound(value, majorants, np.where(positive, 0.0, -np.inf), np.full(count, np.inf))


def softplus(site: Site) -> Bound:
    """log(1 + exp(b z))/b while b z stays below torch's threshold, above which it is another function."""
    beta, threshold = site.argument(1, 1.0), site.argument(2, _THRESHOLD)
    _, high = site.bound().around(site.ball)
    if beta != 1 or not bool((high <= threshold).all()):
        raise UnboundedError(
            f"softplus with beta = {beta} is the identity above {threshold:g} in torch, and an argument may get to "
            f"{float(high.max()):.4g} on the ball: expected beta = 1 and less"
        )
    return smooth(functions.SOFTPLUS)(site)


def gelu(site: Site) -> Bound:
    """z Phi(z), the exact form only."""
    if site.arguments[1:] not in ((), ("none",)):
        raise site.refusal(f"with {site.arguments[1:]}")
    return smooth(functions.GELU)(site)


TABLE: dict[Any, Rule] = {
    aten.tanh.default: smooth(functions.TANH),
    aten.sigmoid.default: smooth(functions.SIGMOID),
    aten.log_sigmoid_forward.default: smooth(functions.LOG_SIGMOID),
    aten.softplus.default: softplus,
    aten.gelu.default: gelu,
    aten.silu.default: smooth(functions.SILU),
    aten.erf.default: smooth(functions.ERF),
    aten.atan.default: smooth(functions.ATAN),
    aten.sin.default: smooth(functions.SINE),
    aten.cos.default: smooth(functions.COSINE),
    aten.exp.default: monotone(functions.EXP, "exp"),
    aten.expm1.default: monotone(functions.EXPM1, "expm1"),
    aten.log.default: monotone(functions.LOG, "log"),
    aten.log1p.default: monotone(functions.LOG1P, "log1p"),
    aten.sqrt.default: monotone(functions.SQRT, "sqrt"),
    aten.rsqrt.default: monotone(functions.RSQRT, "rsqrt"),
    aten.cosh.default: monotone(functions.COSH, "cosh"),
    aten.reciprocal.default: reciprocal,
    aten.square.default: square,
    aten.pow.Tensor_Scalar: power,
}
