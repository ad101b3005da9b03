"""Sums, differences, means and multiples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from empirics.certificates.norms.bounds import Bound, closed
from empirics.certificates.norms.majorants import INFLATION
from empirics.certificates.norms.rule import Rule, Site

aten = torch.ops.aten


def as_bound(site: Site, place: int) -> Bound:
    """An operand; a number is a tensor of one entry."""
    argument = site.argument(place)
    if isinstance(argument, Bound):
        return argument
    if not isinstance(argument, (int, float)) or isinstance(argument, bool):
        raise site.refusal(f"with {argument!r}")
    value = np.full((1,), float(argument))
    majorants = np.zeros((3, 1, site.table.width))
    majorants[..., 0] = abs(float(argument))
    return Bound(value, majorants, value, value)


def spread(site: Site, operand: Bound) -> np.ndarray:
    """Majorants of an operand repeated to the result's shape: every entry as often as the sizes say."""
    repeats = math.prod(site.value.shape[1:]) / max(operand.entries, 1)
    factors = np.array([repeats, math.sqrt(repeats) * INFLATION, 1.0])[:, None, None]
    return closed(operand.majorants * factors, math.prod(site.value.shape[1:]))


def _signed(sign: int) -> Rule:
    def rule(site: Site) -> Bound:
        a, b = as_bound(site, 0), as_bound(site, 1)
        factor = sign * float(site.argument(2, 1))
        majorants = (spread(site, a) + abs(factor) * spread(site, b)) * INFLATION
        ends = sorted_ends(factor * b.low, factor * b.high)
        slack = (np.abs(a.low) + np.abs(ends[0])) * 2.0**-50, (np.abs(a.high) + np.abs(ends[1])) * 2.0**-50
        with np.errstate(invalid="ignore"):
            low = np.nan_to_num(a.low + ends[0] - slack[0], nan=-np.inf, neginf=-np.inf, posinf=np.inf)
            high = np.nan_to_num(a.high + ends[1] + slack[1], nan=np.inf, neginf=-np.inf, posinf=np.inf)
        return Bound(site.value, majorants, low, high)

    return rule


def sorted_ends(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The smaller and the larger."""
    return np.minimum(first, second), np.maximum(first, second)


def _negative(site: Site) -> Bound:
    a = site.bound()
    return Bound(site.value, a.majorants, -a.high, -a.low)


def _reduced(site: Site, *, mean: bool) -> Bound:
    """A sum over k entries: l_1 norms do not grow, l_2 norms by sqrt(k), l_inf norms by k."""
    a = site.bound()
    count = a.entries / max(1, math.prod(site.value.shape[1:]))
    root = math.sqrt(count) * INFLATION
    one, two, most = a.majorants
    majorants = np.stack([one, root * two, np.minimum(np.minimum(count * most, root * two), one)])
    scale = 1 / count if mean else 1.0
    low, high = (end * (1.0 if mean else count) for end in (a.low, a.high))
    low, high = low - np.abs(low) * 2.0**-40, high + np.abs(high) * 2.0**-40
    # an infinite end stays one
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    return Bound(site.value, majorants * scale * INFLATION, low, high)


def _sum(site: Site) -> Bound:
    return _reduced(site, mean=False)


def _mean(site: Site) -> Bound:
    return _reduced(site, mean=True)


TABLE: dict[Any, Rule] = {
    **dict.fromkeys((aten.add.Tensor, aten.add.Scalar), _signed(1)),
    **dict.fromkeys((aten.sub.Tensor, aten.sub.Scalar), _signed(-1)),
    aten.neg.default: _negative,
    **dict.fromkeys((aten.sum.default, aten.sum.dim_IntList), _sum),
    **dict.fromkeys((aten.mean.default, aten.mean.dim), _mean),
}
