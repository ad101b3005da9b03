"""Whether a module and its loss still compute what they computed when their task was made.

The module is copied, but what it or the loss reads elsewhere (a global, an attribute of the loss, a tensor in a
closure) may change afterwards. What was recorded before would go on computing the old loss, and constants proved of one
would be stated of the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from empirics.numerics.errors import InputError
from empirics.tasks.networks.agent_model import AgentModel
from empirics.tasks.networks.module_checks import same


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """The loss of one agent at one point, as it was.

    Args:
        parameters: of the point, in module.parameters() order.
        x, y: the agent's samples and targets.
        loss: its loss there, a tensor of one number.
    """

    parameters: tuple[Tensor, ...]
    x: Tensor
    y: Tensor
    loss: Tensor

    def refuse_changes(self, model: AgentModel) -> None:
        """Raise InputError where the loss of the model is another one now.

        >>> factor = [1.0]
        >>> module = torch.nn.Linear(1, 1)
        >>> model = AgentModel(module, lambda output, y: factor[0] * output.square().mean())
        >>> before = fingerprint(model, torch.ones(1, 1), torch.ones(1, 1))
        >>> before.refuse_changes(model)
        >>> factor[0] = 2.0
        >>> before.refuse_changes(model)
        Traceback (most recent call last):
        ...
        empirics.numerics.errors.InputError: the module or its loss reads something that has changed since ...
        """
        now = _loss(model, self.parameters, self.x, self.y, seed=1)
        if not same(self.loss, now):
            raise InputError(
                "the module or its loss reads something that has changed since the task was made (a global, an "
                "attribute, a tensor in a closure), or draws at random where a weight of 0 had hidden it: the loss of "
                f"one agent was {float(self.loss):.17g} at one point and is {float(now):.17g}; expected the same "
                "function throughout: make a new task"
            )


def fingerprint(model: AgentModel, x: Tensor, y: Tensor) -> Fingerprint:
    """What the model computes now on one agent's samples, a little away from its parameters, where these may be 0."""
    moved = tuple(
        part.detach() + torch.cos(torch.arange(part.numel(), dtype=part.dtype, device=part.device)).view(part.shape) / 8
        for part in model.module.parameters()
    )
    return Fingerprint(moved, x, y, _loss(model, moved, x, y, seed=0))


@torch.no_grad()
def _loss(model: AgentModel, parameters: tuple[Tensor, ...], x: Tensor, y: Tensor, *, seed: int) -> Tensor:
    # what draws at random shows under two seeds, and nobody's random numbers are used up
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return model.loss(parameters, x, y)
