"""Real data: handwritten digits, split over agents by label skew."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from empirics.numerics.checks import integer, real
from empirics.numerics.errors import InputError
from empirics.tasks.datasets.partitions import dirichlet_partition
from empirics.tasks.logistic import LogisticTask

MINIMUM_SAMPLES = 10


class DigitsTask(LogisticTask):
    r"""Logistic regression on the 1,797 handwritten 8x8 digits that scikit-learn ships (UCI, Alpaydin and Kaynak 1998).

    The binary question is, unless `positive` says otherwise, whether the digit is 5 or more: y = 1 for 5-9 and y = -1
    for 0-4. Each class is split over the agents in proportions drawn from a Dirichlet law with all parameters equal to
    `skew`: small values give agents with few classes. Proportions are drawn again until every agent has at least 10
    samples.

    Features are the 64 pixels times one common factor and an intercept feature 1/sqrt(2), scaled so that the largest
    sample norm, intercept counted, is 1 up to rounding: then B <= 1, L <= 1/4 and rho <= 1/(6 sqrt 3).

    Args:
        agents: number of agents.
        skew: Dirichlet parameter > 0.
        labels: the digits to keep, default all ten.
        positive: the kept digits that have y = 1, default those of 5-9.
        seed: seed of the split.

    Raises:
        InputError: bad input, or a split that leaves some agent with fewer than 10 samples 1000 times in a row.

    >>> DigitsTask(10, skew=0.1, seed=0).counts.tolist()
    [118, 164, 484, 33, 196, 116, 385, 31, 233, 37]
    """

    def __init__(
        self,
        agents: int = 10,
        *,
        skew: float = 0.5,
        labels: Sequence[int] | None = None,
        positive: Sequence[int] | None = None,
        seed: int = 0,
    ) -> None:
        """Load, split, scale and pad."""
        agents, seed = integer("agents", agents, at_least=1), integer("seed", seed, at_least=0)
        skew = real("skew", skew, above=0)
        kept = _digits("labels", range(10) if labels is None else labels, range(10))
        ones = _digits("positive", [k for k in kept if k >= 5] if positive is None else positive, kept)
        if not ones or len(ones) == len(kept):
            raise InputError(f"positive = {ones}: expected some but not all of the digits {kept}")
        pixels, digits = _shipped()
        try:
            parts = dirichlet_partition(digits, agents, skew, seed=seed, classes=kept, at_least=MINIMUM_SAMPLES)
        except InputError as error:
            raise InputError(
                f"agents = {agents}, skew = {skew:g}: no split gave every agent {MINIMUM_SAMPLES} samples; "
                "expected fewer agents or a larger skew"
            ) from error
        longest = max(len(part) for part in parts)
        scale = np.linalg.norm(pixels, axis=1).max()
        x = np.zeros((agents, longest, pixels.shape[1] + 1))
        y = np.ones((agents, longest))
        for agent, part in enumerate(parts):
            x[agent, : len(part), :-1] = pixels[part] / scale / np.sqrt(2)
            x[agent, : len(part), -1] = 1 / np.sqrt(2)
            y[agent, : len(part)] = np.where(np.isin(digits[part], ones), 1.0, -1.0)
        super().__init__(x, y, intercept=False, counts=[len(part) for part in parts])


def digit_images() -> tuple[np.ndarray, np.ndarray]:
    """Pixels (1797, 8, 8) between 0 and 1, and labels (1797,), as scikit-learn ships them.

    >>> pixels, labels = digit_images()
    >>> pixels.shape, float(pixels.max()), labels[:5].tolist()
    ((1797, 8, 8), 1.0, [0, 1, 2, 3, 4])
    """
    pixels, labels = _shipped()
    return pixels.reshape(-1, 8, 8) / 16, labels


def _shipped() -> tuple[np.ndarray, np.ndarray]:
    """Pixels (1797, 64) from 0 to 16 and labels, from the file in scikit-learn: importing that takes a second."""
    found = importlib.util.find_spec("sklearn")
    folders = [] if found is None else found.submodule_search_locations or []
    for folder in folders:
        path = Path(folder) / "datasets" / "data" / "digits.csv.gz"
        if path.is_file():
            table = np.loadtxt(path, delimiter=",")
            return table[:, :-1], table[:, -1].astype(np.int64)
    from sklearn.datasets import load_digits

    loaded: Any = load_digits()
    return np.asarray(loaded.data, dtype=np.float64), np.asarray(loaded.target, dtype=np.int64)


def _digits(name: str, values: Sequence[int], allowed: Sequence[int]) -> list[int]:
    chosen = [integer(f"{name}[{place}]", value, at_least=0) for place, value in enumerate(values)]
    if len(set(chosen)) != len(chosen) or not set(chosen) <= set(allowed):
        raise InputError(f"{name} = {chosen}: expected distinct digits out of {list(allowed)}")
    return sorted(chosen)
