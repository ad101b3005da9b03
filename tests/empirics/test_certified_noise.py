"""Certified sigma_G and sigma_H of a sampler that lists its samples, against their closed forms."""

from __future__ import annotations

import math
from typing import Any

import torch

from empirics import Constant, CosineTask, Sampler
from empirics.certificates.certified_constants import certified_constants
from empirics.tasks.sampler import AlmostSureBounds, full_loss_bounds


class Tilts(Sampler):
    """s sin(w_0) is added, s = -1 with probability 3/4 and 3 with 1/4: at 0 the variance of the gradient is 3."""

    def blocks(self, size: int) -> int:
        return size

    def draw(self, task: Any, words: Any, size: int) -> torch.Tensor:
        four = (words[0][..., :size] % 4 == 0).to(task.dtype)
        return (4 * four - 1).mean(-1, keepdim=True)

    def loss(self, task: Any, w: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        return task.raw_loss(w) + values[..., 0] * torch.sin(w[..., 0])

    def outcomes(self, task: Any) -> list[tuple[float, torch.Tensor]]:
        return [(0.75, -torch.ones(task.n, 1).double()), (0.25, 3 * torch.ones(task.n, 1).double())]

    def constants(self, task: Any) -> dict[str, Constant]:
        return {"sigma_G": Constant(3**0.5, "upper"), "sigma_H": Constant(3**0.5, "upper")}

    def almost_sure_bounds(self, task: Any, constants: dict[str, Constant]) -> AlmostSureBounds:
        return full_loss_bounds(constants, noise=3.0)


def test_the_noise_of_a_users_own_listed_samples_is_bounded() -> None:
    """sigma_G = sqrt(3) cos(w_0) and sigma_H = sqrt(3) |sin(w_0)|; about 0 the first is near sqrt(3)."""
    task = CosineTask([[1.0, 0.5]], [[1.0], [0.5]], [[0.0], [1.0]])
    task.sampler = Tilts()
    small = certified_constants(task, [0.0, 0.0], 2.0**-10)
    assert 3**0.5 <= small["sigma_G"].value <= 3**0.5 * 1.01
    assert 3**0.5 * 2.0**-10 * 0.999 <= small["sigma_H"].value <= 3**0.5 * 2.0**-10 * 4
    everywhere = certified_constants(task, [0.0, 0.0], math.inf)
    assert 3**0.5 <= everywhere["sigma_G"].value < 8
