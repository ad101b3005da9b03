"""A run that leaves the finite numbers stops, and says where."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from empirics import DivergedError, Divergence, MetaFedAvg, QuadraticTask, Task


class Burst(Task):
    """Gradient w, but infinite at agent 2 once |w| exceeds its threshold there; chosen term by term."""

    def __init__(self, term: str):
        super().__init__(d=1, parameters={"limit": [1e300, 1e300, 4.0]})
        self.term = term

    def raw_loss(self, w):
        return w.square().sum(-1) / 2

    def raw_gradient(self, w):
        beyond = w.abs() > self.parameter("limit").unsqueeze(-1)
        return torch.where(beyond & (self.term == "gradient"), torch.inf, -w)

    def raw_hvp(self, w, v):
        beyond = w.abs() > self.parameter("limit").unsqueeze(-1)
        return torch.where(beyond & (self.term == "hessian"), torch.nan, -v)


def _caught(subject, settings, w0, rounds, **options) -> DivergedError:
    with pytest.raises(DivergedError) as caught:
        settings.run(subject, w0, rounds, **options)
    return caught.value


def test_an_overflowing_quadratic_names_agent_round_step_and_term():
    subject = QuadraticTask([[[1.0]], [[1e200]]], [[0.0], [0.0]])
    error = _caught(subject, MetaFedAvg(0.0, 0, 1.0, 3), [1.0], 5)
    # agent 1: |w| = 1e200 after one local step, 1e400 = inf after the second, whose gradient overflows first
    assert error.divergence == Divergence(1, 0, 0, 1, "outer gradient")
    assert "outer gradient of agent 1 is not finite in replica 0, round 0, local step 1" in str(error)
    assert error.partial.iterates.tolist() == [[[1.0]]]
    assert error.partial.diverged == error.divergence


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("gradient", "outer gradient"),
        ("hessian", "Hessian-vector product at w^0"),
    ],
)
def test_the_first_bad_term_is_named(term, expected):
    settings = MetaFedAvg(1.0, 1, 0.25, 2)
    # S1 with alpha = 1, f = -w^2/2: gradient -4w, so a local step maps w to 2w: 1, 2, 4, 8, ...
    error = _caught(Burst(term), settings, [1.0], 5)
    assert error.divergence.agent == 2
    assert error.divergence.term == expected
    # the outer gradient sees w^1 = 2w > 4 first at w = 4 (round 1, step 0), the Hessian sees w = 8 > 4 (step 1)
    assert (error.divergence.round, error.divergence.local_step) == ((1, 0) if term == "gradient" else (1, 1))
    assert error.partial.iterates.flatten().tolist() == [1.0, 4.0]


def test_a_trajectory_point_is_named():
    error = _caught(Burst("gradient"), MetaFedAvg(1.0, 2, 0.01, 1), [5.0], 1)
    assert error.divergence == Divergence(2, 0, 0, 0, "trajectory point w^1")


def test_the_participant_is_named_by_its_own_number():
    settings = MetaFedAvg(1.0, 1, 0.25, 1, participants=1)
    error = _caught(Burst("gradient"), settings, [8.0], 20)
    assert error.divergence.agent == 2


def test_the_replica_is_named_across_chunks_and_finite_replicas_are_kept():
    w0 = np.array([[0.5], [0.5], [5.0]])
    settings = MetaFedAvg(1.0, 1, 0.25, 1, chunk=2)
    error = _caught(Burst("gradient"), settings, w0, 2, replicas=3)
    assert error.divergence.replica == 2
    assert error.divergence.round == 0
    assert error.partial.iterates.shape == (3, 1, 1)


def test_an_overflowing_average_belongs_to_no_agent():
    subject = QuadraticTask(np.ones((4, 1, 1)), np.zeros((4, 1)))
    # a tiny step leaves w alone, each agent ends near 1e308, and the sum of four overflows
    error = _caught(subject, MetaFedAvg(0.0, 0, 1e-12, 1), [1e308], 1)
    assert error.divergence == Divergence(None, 0, 0, None, "average")
    assert "average" in str(error)


def test_the_error_survives_the_way_between_processes():
    error = _caught(Burst("gradient"), MetaFedAvg(1.0, 1, 0.25, 1), [5.0], 1)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.divergence == error.divergence
    assert torch.equal(again.partial.iterates, error.partial.iterates)


def test_divergence_is_an_arithmetic_error():
    assert issubclass(DivergedError, ArithmeticError)
