"""Right implementations pass: this package's own, plain loops, and automatic differentiation through the loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from empirics.algorithm.modes import FULL_BATCH, SAMPLED
from empirics.testing import Report, check_meta_gradient, check_round, check_stochastic
from tests.properties.implementations import (
    our_round,
    our_stochastic,
    ours,
    right,
    right_round,
    right_stochastic,
    unrolled,
)


@pytest.mark.parametrize("mode", FULL_BATCH)
def test_our_meta_gradients(mode):
    assert isinstance(check_meta_gradient(ours, modes=[mode]), Report)


def test_our_meta_gradients_in_single_precision():
    check_meta_gradient(ours, modes=FULL_BATCH, dtype=torch.float32, max_examples=8)


@pytest.mark.parametrize("mode", SAMPLED)
def test_our_stochastic_meta_gradients(mode):
    check_stochastic(our_stochastic, modes=[mode])


def test_our_round():
    check_round(our_round)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, torch.float32], ids=str)
def test_a_plain_loop_in_each_library_and_precision(dtype):
    check_meta_gradient(right, modes=FULL_BATCH, dtype=dtype, max_examples=10)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_automatic_differentiation_through_the_loop(dtype):
    # SLACK covers the operations that automatic differentiation adds; the largest ratio is far below 1.
    report = check_meta_gradient(unrolled, modes=["exact", "first_order"], dtype=dtype, max_examples=10)
    equalities = [
        ratio for (name, _), ratio in report.worst.items() if name not in ("slope_in_alpha", "first_order_error")
    ]
    assert max(equalities) < 0.5


def test_plain_stochastic_loops():
    check_stochastic(right_stochastic, modes=SAMPLED, dtype="numpy.float64", max_examples=10)


def test_a_plain_round():
    check_round(right_round, dtype="numpy.float32", max_examples=15)
