"""Meta-FedAvg as it is called: its settings, and their runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from empirics.algorithm.settings import Settings
from empirics.runs.fedavg import run
from empirics.runs.run import Run
from empirics.tasks.task import Task


@dataclass(frozen=True)
class MetaFedAvg(Settings):
    r"""Meta-FedAvg (arXiv 2504.21327): in every round each participant takes tau local steps w <- w - beta g_i(w).

    The server draws m participants uniformly without replacement and averages their results.

    Args:
        alpha: fine-tuning step >= 0, in [W^2/F].
        nu: fine-tuning steps >= 0; nu = 0 is FedAvg, nu = 1 is Per-FedAvg.
        beta: meta step > 0, in [W^2/F].
        tau: local steps a round, >= 1.
        participants: m, 1 <= m <= n; default all agents.
        mode: one of `empirics.MODES`.
        D, D_prime, D_H: batch sizes of inner gradients, outer gradient and Hessians; stochastic modes only.
        delta: probe step > 0; Hessian-free modes only.
        chunk: replicas a batch; default as many as a measured local step shows to fit into 256 MB (on a GPU into
            half of its memory). Iterates are bit-identical for equal device, chunk and backend, otherwise equal
            within 1e-10 (1 + norm) in float64.

    Raises:
        InputError: bad input, an option that the mode lacks, or one that it has no use for.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]], [[1.0]]], c=[[1.0], [-1.0]])
    >>> run = MetaFedAvg(alpha=0.0, nu=0, beta=0.5, tau=1).run(task, [8.0], rounds=2)
    >>> run.iterates.flatten().tolist()
    [8.0, 4.0, 2.0]
    """

    def run(self, task: Task, w0: Any, rounds: int, *, seed: int = 0, replicas: int = 1) -> Run:
        """`rounds` rounds from w0, (d,) or (replicas, d), in independent replicas.

        Raises:
            InputError: bad input.
            DivergedError: an iterate was not finite; the message names agent, replica, round, local step and term.
        """
        return run(self, task, w0, rounds, seed=seed, replicas=replicas)
