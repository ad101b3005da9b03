"""A choice between tensors by a condition that does not depend on w."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from empirics.certificates.norms.bounds import Bound
from empirics.certificates.norms.majorants import times
from empirics.certificates.norms.rule import Rule, Site
from empirics.certificates.norms.sums import as_bound, spread

aten = torch.ops.aten


def _where(site: Site) -> Bound:
    """Entries of one tensor and of another: a tensor that is never chosen counts for nothing."""
    condition, a, b = site.bound(0), as_bound(site, 1), as_bound(site, 2)
    chosen = condition.value.reshape(len(condition.value), -1).astype(bool)
    one, other = np.any(chosen, axis=1), np.any(~chosen, axis=1)
    majorants = times(spread(site, a), one[:, None]) + times(spread(site, b), other[:, None])
    low = np.minimum(np.where(one, a.low, np.inf), np.where(other, b.low, np.inf))
    high = np.maximum(np.where(one, a.high, -np.inf), np.where(other, b.high, -np.inf))
    return Bound(site.value, majorants, low, high)


TABLE: dict[Any, Rule] = {aten.where.self: _where}
