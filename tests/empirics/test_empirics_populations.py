"""Agents on demand: the same agents as a stored task, at the cost of the participants alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from empirics import MODES, InputError, MetaFedAvg, QuadraticTask
from empirics.backends.choice import chosen
from empirics.numerics.memory import peak_bytes
from empirics.runs import fedavg
from empirics.tasks.populations import Population, QuadraticPopulation
from tests.empirics import oracles

CPU = torch.device("cpu")
SMALL = QuadraticPopulation(12, 4, L=2.0, mu=-0.5, spread=3.0, seed=7, radius=5.0)


def test_numbers_are_those_of_a_scalar_twin_whoever_asks():
    agents = torch.tensor([[3, 0], [9, 3], [2**32 - 1, 1]])
    large = QuadraticPopulation(2**32, 4, seed=7)
    drawn = large.uniforms("c", agents, 6)
    for (row, column), agent in np.ndenumerate(agents.numpy()):
        twin = [
            word for block in range(2) for word in oracles.philox_words(7, 0, 0, "population:c", block, int(agent), 0)
        ]
        assert drawn[row, column].tolist() == [(2 * word + 1 - 2**32) / 2**32 for word in twin[:6]]


def test_a_selected_agent_is_the_agent_of_the_whole_population():
    agents = torch.tensor([[3, 0, 11], [5, 3, 4]])
    view, arrays = SMALL.select(agents), SMALL.arrays()
    for name in ("A", "c"):
        np.testing.assert_array_equal(view.parameter(name).numpy(), arrays[name][agents.numpy()])
    assert (view.n, SMALL.n, view.values_per_agent) == (3, 12, 20)
    assert torch.equal(view.ids, agents)


@pytest.mark.parametrize("mode", ["exact", "first_order", "hessian_free"])
@pytest.mark.parametrize("participants", [None, 5])
def test_a_run_is_that_of_the_stored_agents(mode, participants):
    arrays = SMALL.arrays()
    stored = QuadraticTask(arrays["A"], arrays["c"])
    settings = MetaFedAvg(0.1, 2, 0.2, 3, participants=participants, mode=mode, delta=0.5 if "free" in mode else None)
    one, other = (
        fedavg.run(settings, subject, np.ones(4), 6, seed=4, replicas=3, backend="torch") for subject in (SMALL, stored)
    )
    assert torch.equal(one.iterates, other.iterates)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_compiled_engine_runs_a_population_like_torch(mode, dtype):
    batches = {"D": 2, "D_prime": 2, "D_H": 2} if mode.endswith("stochastic") else {}
    settings = MetaFedAvg(0.1, 2, 0.2, 3, participants=50, mode=mode, delta=0.5 if "free" in mode else None, **batches)
    subject = QuadraticPopulation(10**7, 6, mu=0.25, seed=2, dtype=dtype)
    engine = chosen(settings, subject)
    if engine.name == "torch":
        pytest.skip("the compiled engine is not installed")
    assert engine.name == "native on demand"
    one, other = (
        fedavg.run(settings, subject, np.ones(6), 4, seed=4, replicas=3, backend=backend)
        for backend in (engine, "torch")
    )
    # 12 local steps of a contraction on numbers of size one: roundings do not pile up.
    tolerance = 1e-14 if dtype == torch.float64 else 1e-5
    torch.testing.assert_close(one.iterates, other.iterates, rtol=0, atol=tolerance)


def test_agents_differ_and_depend_on_the_seed():
    arrays, other = SMALL.arrays(), QuadraticPopulation(12, 4, L=2.0, mu=-0.5, spread=3.0, seed=8).arrays()
    for name in ("A", "c"):
        assert len(np.unique(arrays[name].reshape(12, -1), axis=0)) == 12
        assert not (arrays[name] == other[name]).all(axis=tuple(range(1, arrays[name].ndim))).any()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("d", "mu"), [(1, 0.5), (2, -2.0), (5, 0.0), (16, 0.25), (5, 2.0)])
def test_curvature_is_what_it_is_constructed_to_be(d, mu, dtype):
    task = QuadraticPopulation(300, d, L=2.0, mu=mu, seed=1, dtype=dtype)
    matrices = task.arrays()["A"]
    assert matrices.dtype == (np.float64 if dtype == torch.float64 else np.float32)
    np.testing.assert_array_equal(matrices, matrices.swapaxes(1, 2))
    eigenvalues = np.linalg.eigvalsh(matrices.astype(np.float64))
    constants = task.constants()
    # LAPACK's eigenvalues are exact for a matrix within 1e-14; the stated room is larger than that.
    assert eigenvalues.max() <= constants["L"].value + 1e-14
    assert eigenvalues.min() >= constants["mu"].value - 1e-14
    slack = 1e-12 if dtype == torch.float64 else 1e-5
    assert constants["L"].value <= 2.0 + slack
    assert constants["mu"].value >= mu - slack
    np.testing.assert_allclose(eigenvalues[:, -1], 2.0, atol=slack)
    if d > 1:
        np.testing.assert_allclose(eigenvalues[:, 0], mu, atol=slack)
    spread = np.linalg.norm(matrices.astype(np.float64) - matrices.astype(np.float64).mean(0), ord=2, axis=(1, 2))
    assert np.sqrt((spread**2).mean()) <= constants["gamma_H"].value


def test_bounds_on_the_ball_hold_at_its_worst_points():
    arrays, constants = SMALL.arrays(), SMALL.constants()
    A, c = arrays["A"], arrays["c"]
    assert np.abs(c).max() <= 3.0
    # The largest gradient on a ball is at its boundary, along eigenvectors or the pull of c.
    directions = np.concatenate([np.linalg.eigh(A)[1].swapaxes(1, 2).reshape(-1, 4), np.einsum("nij,nj->ni", A, c)])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    w = torch.as_tensor(5.0 * np.concatenate([directions, -directions]))
    gradient = SMALL.gradient(w.unsqueeze(1).expand(-1, 12, -1))
    assert float(gradient.norm(dim=-1).max()) <= constants["B"].value
    spread = (gradient - gradient.mean(dim=1, keepdim=True)).square().sum(-1).mean(-1).sqrt().max()
    assert float(spread) <= constants["gamma_G"].value
    assert float(SMALL.loss(w.unsqueeze(1).expand(-1, 12, -1)).mean(-1).min()) >= SMALL.loss_lower_bound().value
    assert SMALL.contains([3.0, 0.0, 4.0, 0.0]).all()
    assert not SMALL.contains([3.0, 0.0, 4.1, 0.0]).any()


def test_a_convex_population_is_bounded_below_by_zero_and_a_saddle_by_nothing():
    convex = QuadraticPopulation(10**8, 4, mu=0.25)
    assert convex.loss_lower_bound().value == 0
    with pytest.raises(InputError, match="without a lower bound"):
        QuadraticPopulation(10**8, 4, mu=-0.25).loss_lower_bound()


def test_memory_depends_on_the_participants_and_not_on_the_population():
    def peak(n, participants):
        task = QuadraticPopulation(n, 4, seed=1)
        settings = MetaFedAvg(0.1, 2, 0.1, 2, participants=participants)
        return peak_bytes(lambda: settings.run(task, np.zeros(4), 3), CPU)

    # More agents meet fewer repeated candidates, so the smallest population draws a few more of them.
    assert peak(10**8, 64) == peak(2**32, 64) <= peak(10**6, 64) <= 1.01 * peak(10**8, 64)
    assert peak(10**8, 128) > 1.5 * peak(10**8, 64)


@pytest.mark.parametrize(
    "work",
    [
        lambda task: task.whole("A"),
        lambda task: task.arrays(),
        lambda task: task.ids,
        lambda task: task.loss(np.zeros(4)),
        lambda task: MetaFedAvg(0.1, 1, 0.1, 1).run(task, np.zeros(4), 1),
    ],
    ids=["whole", "arrays", "ids", "loss", "full participation"],
)
def test_what_needs_everybody_is_refused_with_the_memory_it_would_take(work):
    with pytest.raises(InputError, match=r"all 1000000000 agents .* GiB: expected at most 2 GiB"):
        work(QuadraticPopulation(10**9, 4))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 2**32 + 1, "d": 2}, r"n = 4294967297: expected at most 2\*\*32 agents"),
        ({"n": 0, "d": 2}, "n = 0"),
        ({"n": 5, "d": 0}, "d = 0"),
        ({"n": 5, "d": 2, "L": 0.0}, "L = 0"),
        ({"n": 5, "d": 2, "mu": 1.5}, "expected -L <= mu <= L"),
        ({"n": 5, "d": 2, "spread": -1.0}, "spread"),
        ({"n": 5, "d": 2, "radius": 0.0}, "radius"),
        ({"n": 5, "d": 2, "dtype": torch.int64}, "dtype"),
        ({"n": 5, "d": 2, "seed": -1}, "seed"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        QuadraticPopulation(**arguments)


def test_precision_changes_the_rounding_and_not_the_agents():
    narrow = SMALL.to(dtype=torch.float32).arrays()
    for name, wide in SMALL.arrays().items():
        np.testing.assert_array_equal(narrow[name], wide.astype(np.float32))


class Own(Population):
    """A population of a user: f_i(w) = s_i norm(w)^2 / 2."""

    def materialise(self, agents):
        return {"s": 2 + self.uniforms("s", agents, 1)}

    def raw_loss(self, w):
        return self.parameter("s")[..., 0] * w.square().sum(-1) / 2

    def raw_gradient(self, w):
        return self.parameter("s") * w

    def raw_hvp(self, w, v):
        return self.parameter("s") * v


@pytest.mark.parametrize("mode", ["exact", "stochastic"])
def test_a_population_of_ones_own_runs_in_every_mode(mode):
    task, options = Own(10**6, 2, seed=3), {} if mode == "exact" else {"D": 1, "D_prime": 1, "D_H": 1}
    settings = MetaFedAvg(0.1, 1, 0.5, 1, participants=2, mode=mode, **options)
    run = settings.run(task, [1.0, -2.0], 1, seed=5)
    s = np.array(
        [
            2 + (2 * oracles.philox_words(3, 0, 0, "population:s", 0, agent, 0)[0] + 1 - 2**32) / 2**32
            for agent in oracles.participants(5, 0, 0, 10**6, 2)
        ]
    )
    # One step: w - beta (1 - alpha s)^2 s w, averaged; a dozen roundings of numbers of size one.
    factor = (1 - 0.5 * (1 - 0.1 * s) ** 2 * s).mean()
    np.testing.assert_allclose(run.iterates[0, 1], factor * np.array([1.0, -2.0]), rtol=1e-14)
