"""The printed script runs alone: for functions of a module, closures, lambdas, training code and small vectors."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
import torch

from empirics.testing import CheckFailedError, check_meta_gradient, on_modules
from empirics.testing.source import made_again
from tests.properties.implementations import fine_tuned, right


def rejected(f, **options):
    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(f, **{"max_examples": 2, "nu": 1, **options})
    return caught.value.failures[0]


def ran(script):
    """What it prints in a namespace of its own; that hypothesis is not needed is tested where failures are."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(script, {"__name__": "script"})
    return printed.getvalue().strip()


def closure():
    factor, unit = 0.5, np.float64

    def half(f, w, alpha, nu, mode, delta):
        return fine_tuned(f, unit(factor) * w, alpha, nu)[-1]

    return half


SHORT = lambda f, w, alpha, nu, mode, delta: np.zeros_like(w)  # noqa: E731


@pytest.mark.parametrize(
    ("f", "dtype"),
    [
        (closure(), "numpy.float64"),
        (SHORT, "numpy.float64"),
        (lambda f, w, alpha, nu, mode, delta: 2.0 * right(f, w, alpha, nu, mode, delta), "numpy.float64"),
    ],
    ids=["closure", "lambda", "lambda_in_a_call"],
)
def test_a_function_that_cannot_be_imported_is_shown(f, dtype):
    found = rejected(f, dtype=dtype)
    assert ran(found.script) == str(found.comparison)


def test_training_code_in_a_function_is_shown():
    def train(module, x, y, loss, alpha, nu):
        return torch.autograd.grad(loss(module(x), y), list(module.parameters()))

    found = rejected(on_modules(train))
    assert ran(found.script) == str(found.comparison)


def test_what_cannot_be_said_is_left_to_the_reader():
    array = np.zeros(3)
    lines, name = made_again(lambda f, w, *_: w + array[0])
    assert (lines[0], name) == ("# array has to be filled in by hand", "your_function")
