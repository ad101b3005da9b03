"""Few-shot sinusoid regression, the classic of meta-learning (Finn, Abbeel, Levine, 2017)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from empirics.numerics.checks import integer
from empirics.tasks.networks.agent_samples import AgentData
from empirics.tasks.networks.architectures import multilayer_perceptron
from empirics.tasks.networks.network import NetworkTask

AMPLITUDES = (0.1, 5.0)
PHASES = (0.0, np.pi)
INPUTS = (-5.0, 5.0)


def sinusoid_data(n: int = 20, samples: int = 10, held_out: int = 20, *, seed: int = 0) -> AgentData:
    """Samples (x, a_i sin(x - p_i)) of n agents: a_i uniform in [0.1, 5], p_i in [0, pi], x in [-5, 5].

    Agent i depends on (seed, i) only, and its training samples not on `held_out`: more agents or more held-out
    samples never change those there were.

    >>> data = sinusoid_data(3)
    >>> data.x.shape, data.held_y.shape, bool(np.abs(data.y).max() <= 5)
    ((3, 10, 1), (3, 20, 1), True)
    """
    n, samples = integer("n", n, at_least=1), integer("samples", samples, at_least=1)
    held_out, seed = integer("held_out", held_out, at_least=1), integer("seed", seed, at_least=0)
    x = np.empty((n, samples + held_out, 1))
    y = np.empty_like(x)
    for agent in range(n):
        generator = np.random.default_rng([seed, agent])
        amplitude, phase = generator.uniform(*AMPLITUDES), generator.uniform(*PHASES)
        x[agent, :, 0] = generator.uniform(*INPUTS, size=samples + held_out)
        y[agent] = amplitude * np.sin(x[agent] - phase)
    return AgentData(x[:, :samples], y[:, :samples], x[:, samples:], y[:, samples:])


def sinusoid_regression(
    n: int = 20, samples: int = 10, *, hidden: Sequence[int] = (40, 40), seed: int = 0
) -> NetworkTask:
    """A tanh network with mean squared error on `sinusoid_data`; the network's initialisation is seeded as well.

    >>> task = sinusoid_regression(3, hidden=(8,))
    >>> task.n, task.d, task.path
    (3, 25, 'dense')
    """
    data = sinusoid_data(n, samples, seed=seed)
    return data.task(multilayer_perceptron((1, *hidden, 1), seed=seed), nn.functional.mse_loss)
