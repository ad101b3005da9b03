"""What a model is worth to an agent: its accuracy and loss on held-out samples after some fine-tuning steps."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from empirics.tasks.networks.network import NetworkTask

_POWER_ITERATIONS = 60


@torch.no_grad()
def adapted(
    own: NetworkTask, held: NetworkTask, models: Tensor, alpha: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Held-out accuracy and loss (models, steps + 1, agents) after 0..steps fine-tuning steps on agents' own samples.

    models: (C, d). Every agent starts from the same model and takes full-batch steps of size alpha.
    """
    w = _at_every_agent(own, models)
    labels = held.parameter("y").expand(len(models), -1, -1)
    accuracy, loss = [], []
    for step in range(steps + 1):
        scores = torch.log_softmax(held.outputs(w).double(), dim=-1)
        accuracy.append((scores.argmax(-1) == labels).double().mean(-1))
        loss.append(-scores.gather(-1, labels.unsqueeze(-1)).squeeze(-1).mean(-1))
        if step < steps:
            w = torch.sub(w, own.raw_gradient(w), alpha=alpha)
    return torch.stack(accuracy, 1).cpu().numpy(), torch.stack(loss, 1).cpu().numpy()


@torch.no_grad()
def objective(task: NetworkTask, models: Tensor, alpha: float, nu: int) -> np.ndarray:
    """The training objective F^(nu) at each model, (C,): the mean loss after nu steps, on the samples they used."""
    w = _at_every_agent(task, models)
    for _ in range(nu):
        w = torch.sub(w, task.gradient(w), alpha=alpha)
    return task.loss(w).double().mean(-1).cpu().numpy()


@torch.no_grad()
def curvature(task: NetworkTask, models: Tensor, seed: int) -> np.ndarray:
    """A lower estimate of norm(hess f_i) for each model and agent, (C, n), by power iteration from a random vector."""
    w = _at_every_agent(task, models)
    start = np.random.default_rng(seed).standard_normal((len(models), task.n, task.d))
    v = torch.as_tensor(start, dtype=task.dtype, device=task.device)
    size = torch.ones(v.shape[:-1], dtype=task.dtype, device=task.device)
    for _ in range(_POWER_ITERATIONS):
        v = task.hvp(w, v / v.norm(dim=-1, keepdim=True).clamp_min(torch.finfo(task.dtype).tiny))
        size = v.norm(dim=-1)
    return size.double().cpu().numpy()


@torch.no_grad()
def gradient_spread(task: NetworkTask, models: Tensor) -> np.ndarray:
    """sqrt((1/n) sum norm(grad f_i - grad f)^2) at each model, (C,): how heterogeneous the agents are there."""
    w = _at_every_agent(task, models)
    gradients = task.gradient(w).double()
    centred = gradients - gradients.mean(dim=1, keepdim=True)
    return centred.square().sum(-1).mean(-1).sqrt().cpu().numpy()


def _at_every_agent(task: NetworkTask, models: Tensor) -> Tensor:
    """Each model (C, d) at every agent of a task, (C, n, d), where and as the task computes."""
    return models.to(task.device, task.dtype).unsqueeze(1).expand(len(models), task.n, task.d)
