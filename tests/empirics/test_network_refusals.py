"""Which modules, losses and data cannot serve as a network task, and what only looks as if it could not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from empirics import InputError, NetworkTask


class Counting(nn.Module):
    """Output that depends on how often it was asked for."""

    def __init__(self):
        super().__init__()
        self.layer, self.calls = nn.Linear(1, 1), 0

    def forward(self, x):
        self.calls += 1
        return self.layer(x) * self.calls


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, x):
        return functional.dropout(self.layer(x), 0.5, self.training) + torch.rand(())


class Remembering(nn.Module):
    """A buffer that changes without showing in the output."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        self.seen += len(x)
        return self.layer(x)


class Centred(nn.Module):
    """Samples mixed by hand."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, x):
        z = self.layer(x)
        return z - z.mean(0)


REFUSED = {
    "batch norm": (lambda: nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1)), "module 1 is BatchNorm1d.*LayerNorm"),
    "dropout": (lambda: nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.1)), "module 1 is Dropout.*draws at random"),
    "instance norm": (
        lambda: nn.Sequential(nn.Linear(1, 1), nn.InstanceNorm1d(1, track_running_stats=True)),
        "InstanceNorm1d.*track_running_stats=False",
    ),
    "state": (Counting, "two evaluations in a row differ"),
    "randomness": (Noisy, "two evaluations in a row differ"),
    "buffer": (Remembering, "changed a buffer"),
    "coupling": (Centred, "mean over single samples"),
    "no parameters": (nn.Tanh, "no parameters"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_function_of_w_or_no_mean_is_refused(name):
    make, message = REFUSED[name]
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 4, 1)), rng.normal(size=(2, 4, 1))
    with pytest.raises(InputError, match=message):
        NetworkTask(make(), x, y, functional.mse_loss, smooth=True)


@pytest.mark.parametrize(("dtype", "last_digit"), [(torch.float32, 2.0**-23), (torch.float64, 2.0**-52)])
def test_a_last_digit_that_changes_between_evaluations_is_accepted(dtype, last_digit):
    # as libraries do that share a sum out among more or fewer threads
    class Wavering(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.turns = nn.Linear(1, 1, dtype=dtype), 0

        def forward(self, x):
            self.turns += 1
            return self.layer(x) * (1.0 + last_digit * (self.turns % 2))

    x = torch.ones(1, 2, 1, dtype=dtype)
    assert NetworkTask(Wavering(), x, x, functional.mse_loss, smooth=True).d == 2


def test_dropout_that_never_drops_is_accepted():
    module = nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.0))
    assert NetworkTask(module, np.zeros((1, 2, 1)), np.zeros((1, 2, 1)), functional.mse_loss, smooth=True).d == 2


def test_bad_data_is_refused():
    linear, rng = nn.Linear(2, 3), np.random.default_rng(0)
    x, labels = rng.normal(size=(2, 4, 2)), np.array([[0, 1, 2, 0], [1, 1, 2, 2]])
    wrong = np.array([[0, 1, 2, 0], [1, 1, 2, 3]])
    cases = {
        r"same agents and samples": (x, labels[:, :3], functional.cross_entropy),
        r"y\[1, 3\] = 3: expected labels 0 to 2": (x, wrong, functional.cross_entropy),
        r"module \(root\) is Linear.*fails on agent 0's x": (x[..., :1], labels, functional.cross_entropy),
        r"expected finite numbers": (np.full((2, 4, 2), np.nan), labels, functional.cross_entropy),
        r"reduction='mean'": (x, x[..., :1] * np.ones(3), nn.MSELoss(reduction="sum")),
        r"y of the output's shape": (x, x[..., 0], lambda output, y: functional.mse_loss(output[:, 0:1], y)),
        r"not one number": (x, labels, nn.CrossEntropyLoss(reduction="none")),
    }
    for message, (samples, targets, loss) in cases.items():
        with pytest.raises(InputError, match=message):
            NetworkTask(linear, samples, targets, loss, smooth=True)
    with pytest.raises(InputError, match=r"expected a torch\.nn\.Module"):
        NetworkTask(functional.relu, x, labels, functional.cross_entropy)  # type: ignore[arg-type]
