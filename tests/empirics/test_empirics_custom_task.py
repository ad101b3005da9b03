"""A task of one's own is one subclass with three methods; everything else works on it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

import empirics
from empirics import MODES, Constant, InputError, MetaFedAvg, Noise, Task, meta_gradient
from empirics.tasks.factories import small_quadratic
from empirics.tasks.noise import sampler_of, with_noise
from tests.empirics.cases import options, settings_options


class Wells(Task):
    """f_i(w) = sum_p (w_p^4/4 - c_ip w_p)."""

    def __init__(self, c, noise=None):
        n, d = np.shape(c)
        super().__init__(d, with_noise({"c": c}, noise, n, d), sampler=sampler_of(noise))

    def raw_loss(self, w):
        return (w**4 / 4 - self.parameter("c") * w).sum(-1)

    def raw_gradient(self, w):
        return w**3 - self.parameter("c")

    def raw_hvp(self, w, v):
        return 3 * w**2 * v


CENTRES = [[1.0, 0.5], [-0.5, 0.25], [0.0, 1.0]]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_runs_on_it(mode):
    subject = Wells(CENTRES, Noise.coordinate(3, 2, gradient=0.1, amplitude=0.05))
    gradient = meta_gradient(subject, [0.5, -0.5], 0.1, 2, mode, **options(mode))
    assert gradient.shape == (3, 2)
    settings = MetaFedAvg(0.1, 2, 0.1, 2, participants=2, mode=mode, **settings_options(mode))
    run = settings.run(subject, [0.5, -0.5], 5, replicas=3)
    assert run.iterates.shape == (3, 6, 2)


def test_its_meta_gradient_at_nu_one_is_the_formula():
    w = torch.tensor([[0.5, -0.5]] * 3, dtype=torch.float64)
    c = torch.tensor(CENTRES, dtype=torch.float64)
    after = w - 0.1 * (w**3 - c)
    expected = (1 - 0.3 * w**2) * (after**3 - c)
    torch.testing.assert_close(meta_gradient(Wells(CENTRES), w, 0.1, 1), expected, rtol=1e-14, atol=1e-15)


def test_what_it_does_not_state_is_refused_by_name():
    subject = Wells(CENTRES)
    assert set(subject.constants()) == {"sigma_G", "sigma_H"}
    assert subject.almost_sure_norms() == {}
    assert subject.everywhere
    assert subject.contains([1.0, 2.0]).tolist() == [True, True, True]
    with pytest.raises(InputError, match="family custom states no lower bound"):
        subject.loss_lower_bound()
    with pytest.raises(InputError, match="states no L"):
        subject.almost_sure_step_factor(0.1)
    noisy = Wells(CENTRES, Noise.coordinate(3, 2, gradient=0.1))
    assert noisy.almost_sure_norms() == {}


def test_parameters_are_checked():
    class Loose(Wells):
        def __init__(self, parameters):
            Task.__init__(self, 1, parameters)

    with pytest.raises(InputError, match="parameters is empty"):
        Loose({})
    with pytest.raises(InputError, match="disagree on the number of agents"):
        Loose({"a": [1.0], "b": [1.0, 2.0]})
    with pytest.raises(InputError, match=r"expected torch\.float64 or torch\.float32"):
        Wells(CENTRES).to(dtype=torch.float16)


def test_vectors_and_points_must_fit_together():
    subject = Wells(CENTRES)
    with pytest.raises(InputError, match="leading axes"):
        subject.hvp(np.ones((2, 3, 2)), np.ones((3, 3, 2)))


def test_tasks_and_runs_travel_between_processes():
    subject = pickle.loads(pickle.dumps(small_quadratic(noise=Noise.coordinate(5, 4, gradient=0.1))))
    run = MetaFedAvg(0.1, 1, 0.1, 1, mode="stochastic", D=1, D_prime=1, D_H=1).run(subject, np.ones(4), 2)
    again = pickle.loads(pickle.dumps(run))
    assert torch.equal(again.iterates, run.iterates)
    assert again.settings == run.settings


def test_a_batch_drawn_by_hand_serves_gradient_and_hessian():
    subject = Wells(CENTRES, Noise.coordinate(3, 2, gradient=0.1, amplitude=0.05, frequency=2.0))
    draws = empirics.Draws(1, 0, 0, torch.arange(2))
    batch = subject.draw_batch(draws, "outer", 3)
    assert batch.size == 3
    w = np.full((2, 3, 2), 0.3)
    step = 1e-6
    ahead, behind = (subject.batch_gradient(w + sign * step * np.array([0.0, 1.0]), batch) for sign in (1, -1))
    product = subject.batch_hvp(w, np.broadcast_to([0.0, 1.0], w.shape), batch)
    # The Hessian noise is the derivative of the gradient noise; the quotient is off by 1e-16/1e-6 and O(step^2).
    torch.testing.assert_close((ahead - behind) / (2 * step), product, rtol=0, atol=1e-9)


def test_arrays_tell_an_oracle_everything():
    arrays = Wells(CENTRES, Noise.coordinate(3, 2, gradient=0.1, amplitude=0.05, frequency=2.0)).arrays()
    assert {"c", "noise_u", "noise_v", "noise_phi"} <= set(arrays)
    scales = [float(arrays[f"noise_{name}"]) for name in ("gradient", "amplitude", "frequency")]
    assert scales == [0.1, 0.05, 2.0]
    arrays["c"][:] = 0.0
    assert Wells(CENTRES).arrays()["c"].any()


def test_one_dimension_has_a_reference_quadratic():
    constants = small_quadratic(4, 1, mu=-0.5, L=2.0).constants()
    assert (constants["mu"].value, constants["L"].value) == (-0.5, 2.0)


def test_many_features_fall_back_to_the_spectral_bound():
    # 40 features: too many vertices; for an orthonormal basis used 20 times each with weight 1 the true maximum is
    # 20 sqrt 2, which the spectral bound sqrt(40 * 20) attains.
    a = np.tile(np.eye(2), (20, 1))
    subject = empirics.CosineTask(a, np.ones((1, 40)), np.zeros((1, 40)))
    assert subject.constants()["B"].value == pytest.approx(20 * np.sqrt(2), rel=1e-12)


def test_a_constant_is_a_number_too():
    assert float(Constant(0.5, "upper")) == 0.5


def test_auto_device_is_always_there():
    assert empirics.device("auto").type in ("cpu", "cuda")
    assert empirics.device("cpu").type == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is visible here")
def test_a_missing_cuda_device_is_said_so():
    with pytest.raises(InputError, match="no CUDA device is visible"):
        empirics.device("cuda")
