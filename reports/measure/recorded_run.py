"""A recorded run and what is evaluated along it, each thing once: rows, curve and slack all look at the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from reports.measure.path import squared_gradients_in_balls
from reports.measure.run_specification import RunSpecification
from reports.measure.squared_gradients import SquaredGradients
from reports.measure.trajectories import gaps, mean_gradients, squared_gradients


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """Server iterates (replicas, rounds + 1, d) of a run, and the device on which gradients are evaluated.

    local_averages: the means (replicas, rounds, tau, d) of all agents over the local steps, where they were recorded.
    """

    specification: RunSpecification
    iterates: np.ndarray
    device: str = "cpu"
    local_averages: np.ndarray | None = None

    @cached_property
    def gradients(self) -> Tensor:
        """Grad F(w_k) for k < K, (replicas, rounds, d)."""
        return mean_gradients(self.specification, self.iterates[:, :-1], self.device)

    @cached_property
    def squared_gradients(self) -> np.ndarray:
        """norm(grad F(w_k))^2 for k < K, (replicas, rounds)."""
        return self.gradients.square().sum(-1).numpy()

    @cached_property
    def local_squared_gradients(self) -> np.ndarray:
        """norm(grad F(wbar_{k,t}))^2 for k < K, t < tau, (replicas, rounds, tau): their mean is C2's left side."""
        assert self.local_averages is not None  # of a cell with a statement that asks for them
        return squared_gradients(self.specification, self.local_averages, self.device)

    @cached_property
    def squared_gradients_in_balls(self) -> SquaredGradients | None:
        """The same of the exact run without randomness, where that can be had."""
        return squared_gradients_in_balls(self.specification)

    @cached_property
    def gaps(self) -> np.ndarray:
        """F(w_k) - F* of a quadratic run for k <= K, (replicas, rounds + 1)."""
        return gaps(self.specification, self.iterates)
