"""S1: the engine's meta-gradient beside the one of the recorded loss in balls, relative to its norm."""

from __future__ import annotations

import math

import torch

import empirics
from empirics.algorithm.meta_gradients import trajectory
from reports.balls import ball
from reports.judging.measurement import Measurement
from reports.measure.at_point import AtPoint
from reports.measure.at_points import AtPoints
from reports.measure.point_search import Objective, Search
from reports.measure.statement import LeftSide


def _largest(search: Search) -> Objective:
    return search.at(lambda part, w: trajectory(part, w, search.alpha, search.nu).exact().norm(dim=-1))


def _difference(at: AtPoint) -> list[Measurement]:
    instance, w = at.instance, at.point.w
    expected = at.meta.exact(at.w)
    engine = empirics.meta_gradient(instance.task, torch.as_tensor(w), at.alpha, at.nu)[at.point.agent]
    size = ball.norm(expected)
    eta = instance.rounding(at.alpha, at.nu, math.hypot(*w) + at.alpha * at.nu * at.value("B_F") * 1.01)
    residual = ball.norm(ball.column(engine.numpy()) - expected) / size
    return [at.row("S1", "S1_relative", residual, eta_G=eta.gradient, eta_H=eta.hessian, grad_norm=size)]


MEASURED = AtPoints(id="S1", left=(LeftSide("S1", "S1_relative"),), objective=_largest, measure=_difference, seen=False)
