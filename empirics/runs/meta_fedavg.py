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

    The server draws m participants uniformly without replacement and averages their results; `sampling`, `weights` and
    `server_step` vary that (C3, C6).

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
        sampling: "subset", m of n agents without replacement; "replacement", m draws with replacement, m <= n or not,
            each with batches of its own; "full", every agent.
        weights: p_i > 0, one an agent, of sum 1, kept as exact rationals; default 1/n each. The probabilities of the
            draws with replacement, the weights of the results where every agent takes part; a subset takes none.
        server_step: beta_s > 0: w_{k+1} = w_k + beta_s (average of the results - w_k), 1 by default.

    Raises:
        InputError: bad input, an option that the mode lacks, or one that it has no use for.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]], [[1.0]]], c=[[1.0], [-1.0]])
    >>> run = MetaFedAvg(alpha=0.0, nu=0, beta=0.5, tau=1).run(task, [8.0], rounds=2)
    >>> run.iterates.flatten().tolist()
    [8.0, 4.0, 2.0]
    >>> half = MetaFedAvg(alpha=0.0, nu=0, beta=0.5, tau=1, server_step=0.5, weights=["3/4", "1/4"])
    >>> half.run(task, [8.0], rounds=2).iterates.flatten().tolist()                      # F = (w - 1/2)^2/2 + 3/8
    [8.0, 6.125, 4.71875]
    """

    def run(
        self, task: Task, w0: Any, rounds: int, *, seed: int = 0, replicas: int = 1, local_averages: bool = False
    ) -> Run:
        """`rounds` rounds from w0, (d,) or (replicas, d), in independent replicas.

        local_averages: record the means of all n agents after each local step as well, for which those that are not
        sampled are run too; `Run.local_averages` holds them.

        Raises:
            InputError: bad input.
            DivergedError: an iterate was not finite; the message names agent, replica, round, local step and term.
        """
        return run(self, task, w0, rounds, seed=seed, replicas=replicas, local_averages=local_averages)
