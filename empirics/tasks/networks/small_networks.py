"""A network small enough for certified constants, and the ball on which it states them."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from empirics.numerics.checks import integer, real
from empirics.tasks.networks.layerwise import layerwise_constants
from empirics.tasks.networks.network import NetworkTask


def small_network(
    n: int = 3, *, hidden: int = 3, samples: int = 4, spread: float = 0.25, radius: float | None = None, seed: int = 0
) -> NetworkTask:
    """Regression of n teachers' outputs by a tanh network with 2 inputs and `hidden` units; 4 hidden + 1 parameters.

    Every agent's targets come from a teacher of its own: one common network, moved by a multiple `spread` of a random
    direction. With `radius` the task states certified constants on that ball about its own start
    (`empirics.tasks.networks.layerwise`).

    Args:
        n: agents.
        hidden: units of the only hidden layer.
        samples: of each agent.
        spread: how far teachers differ, in [W].
        radius: of the ball of certified constants, in [W].
        seed: of data, teachers and start.

    >>> small_network().d, sorted(small_network(radius=0.25).constants())[:3]
    (13, ['B', 'L', 'gamma_G'])
    """
    n, hidden = integer("n", n, at_least=1), integer("hidden", hidden, at_least=1)
    rng = np.random.default_rng(integer("seed", seed, at_least=0))
    x = rng.normal(size=(n, integer("samples", samples, at_least=1), 2)) / 2
    module = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 1)).double()
    d = 4 * hidden + 1
    with torch.no_grad():
        nn.utils.vector_to_parameters(torch.as_tensor(rng.normal(size=d) / 2), module.parameters())
    blank = NetworkTask(module, x, np.zeros((*x.shape[:2], 1)), nn.functional.mse_loss)
    teacher = rng.normal(size=d) / 2 + real("spread", spread, at_least=0) * rng.normal(size=(n, d))
    task = NetworkTask(module, x, blank.outputs(teacher), nn.functional.mse_loss)
    return task if radius is None else task.stating(layerwise_constants(task, radius))
