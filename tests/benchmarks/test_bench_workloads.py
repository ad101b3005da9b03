from __future__ import annotations

import doctest
import importlib

import numpy as np
import pytest

from benchmarks.workloads import W1, W2, W3, W4, WORKLOADS
from tests.benchmarks.tiny import TINY


def test_sizes_are_those_of_the_published_table() -> None:
    sizes = {
        name: (w.agents, w.participants, w.d, w.nu, w.tau, w.rounds, w.dtype, w.mode) for name, w in WORKLOADS.items()
    }
    assert sizes == {
        "W1": (128, 128, 64, 5, 5, 200, "float64", "exact"),
        "W2": (64, 64, 8970, 3, 5, 20, "float32", "exact"),
        "W3": (64, 64, 8970, 3, 5, 20, "float32", "stochastic"),
        "W4": (100_000, 1000, 16, 3, 5, 50, "float64", "exact"),
    }
    assert (W2.widths, W2.samples, W2.batch, W3.batch) == ((64, 64, 64, 10), 64, None, 16)
    assert (W3.widths, W3.samples) == (W2.widths, W2.samples)


@pytest.mark.parametrize("name", ["W1", "W4"])
def test_quadratic_data_is_deterministic_symmetric_and_well_inside_the_step_size(name: str) -> None:
    workload = TINY[name]
    data, again = workload.data("float64"), workload.data("float64")
    for one, other in zip((*data.arrays, data.w0), (*again.arrays, again.w0), strict=True):
        assert np.array_equal(one, other)
    A, c = data.arrays
    assert A.shape == (workload.agents, workload.d, workload.d)
    assert c.shape == (workload.agents, workload.d)
    assert data.w0.shape == (workload.d,)
    assert np.array_equal(A, A.transpose(0, 2, 1))
    assert np.linalg.eigvalsh(A).min() >= 0.1 - 1e-12  # G G^T is positive semidefinite; eigvalsh rounds
    assert workload.alpha * np.linalg.eigvalsh(W1.data("float64").arrays[0]).max() < 1


def test_float32_data_is_the_rounded_float64_data() -> None:
    narrow, wide = TINY["W2"].data("float32"), TINY["W2"].data("float64")
    assert narrow.arrays[0].dtype == narrow.w0.dtype == np.float32
    assert np.array_equal(narrow.arrays[0], wide.arrays[0].astype(np.float32))
    assert np.array_equal(narrow.arrays[1], wide.arrays[1])
    assert wide.arrays[0].shape == (4, 6, 3)
    assert wide.w0.shape == (TINY["W2"].d,)


def test_a_scaled_workload_has_that_many_times_the_participants() -> None:
    assert (W1.scaled(64).participants, W1.scaled(64).agents) == (8192, 8192)
    assert (W4.scaled(64).participants, W4.scaled(64).agents) == (64_000, 100_000)
    assert W4.scaled(64).flops() == 64 * W4.flops()
    assert W2.scaled(1) == W2


def test_shortening_never_lengthens() -> None:
    assert W1.shortened(3).rounds == 3
    assert W1.shortened(1000) == W1


@pytest.mark.parametrize(
    "module",
    ["benchmarks.workloads", "benchmarks.timing", "benchmarks.busy", "reports.pages.speed", "benchmarks.growth"],
)
def test_examples_in_docstrings(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0
