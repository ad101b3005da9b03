"""Modules of a user's own in the compiled engine: the programs written from their recorded derivatives."""

from __future__ import annotations

import copy
import logging
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from empirics import MODES, MetaFedAvg
from empirics.backends.backend import TorchBackend
from empirics.backends.choice import chosen
from empirics.backends.native import recorded as recorded_module
from empirics.backends.native.engine import native_backend
from empirics.backends.native.instructions import OPERATIONS
from empirics.backends.native.library import library
from empirics.backends.native.operations import HANDLERS, aten
from empirics.backends.native.recorded import RecordedModel
from empirics.backends.native.recorded_networks import network_model
from empirics.backends.native.writer import Writer
from empirics.runs.fedavg import run
from empirics.tasks.networks.network import NetworkTask
from empirics.tasks.networks.sweeps import EagerSweeps
from empirics.tasks.networks.traced import TracedSweeps

needs_compiler = pytest.mark.skipif(library() is None, reason="the package was installed without a C++ compiler")

AGENTS, SAMPLES = 3, 7


class Layers(nn.Module):
    """An activation between two linear layers, inside a module that the engine can only record."""

    def __init__(self, activation: Callable[[Tensor], Tensor], inputs: int = 4, hidden: int = 9, outputs: int = 3):
        super().__init__()
        self.below, self.above = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.above(self.activation(self.below(x)))


class Attention(nn.Module):
    """Softmax attention over pieces of a sample: batched products of slices."""

    def __init__(self):
        super().__init__()
        self.mix, self.out = nn.Linear(4, 12), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.mix(torch.stack([x, x.square()], dim=1)).chunk(3, dim=-1)
        weights = torch.softmax(query @ key.transpose(-1, -2) / 2, dim=-1)
        return self.out((weights @ value).mean(dim=1))


class Normed(nn.Module):
    """Layer norm, a residual and parameters of unusual shapes."""

    def __init__(self):
        super().__init__()
        self.below, self.norm, self.above = nn.Linear(4, 9), nn.LayerNorm(9), nn.Linear(9, 3, bias=False)
        self.scale, self.unused = nn.Parameter(torch.tensor(0.7)), nn.Parameter(torch.ones(2))

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.below(x)
        return self.above(hidden + self.scale * torch.tanh(self.norm(hidden)))


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": functional.softplus,
    "GELU": functional.gelu,
    "GELU by tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "SiLU": functional.silu,
    "ELU": functional.elu,
    "softmax": lambda x: torch.softmax(x, dim=-1),
    "sine": torch.sin,
    "cube": lambda x: x**3,
    "power": lambda x: (x * x + 1) ** 1.5,
    "root": lambda x: (x * x + 1).sqrt() + (x * x + 2).rsqrt(),
    "quotient": lambda x: x / (1 + x.abs()),
    "concatenation": lambda x: torch.cat([x[..., 3:], torch.tanh(x[..., :3])], dim=-1),
    "outer products": lambda x: torch.einsum("si,sj->sij", x, x).sum(1),
    "norm": lambda x: x / (1 + x.norm(dim=-1, keepdim=True)),
    "variance": lambda x: x / (1 + x.var(dim=-1, keepdim=True)).sqrt(),
    "logarithm of sums": lambda x: x - torch.logsumexp(x, dim=-1, keepdim=True),
    "larger": lambda x: torch.maximum(x, torch.cos(x)),
    "clamp": lambda x: x.clamp(-0.5, 0.75),
    "arctangent": lambda x: torch.atan(x) + torch.log1p(x * x) + torch.expm1(-x * x),
    "hyperbolic": lambda x: torch.sinh(x / 3) + torch.cosh(x / 3),
}
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": functional.mse_loss,
    "Huber": functional.huber_loss,
    "log cosh": lambda output, y: torch.log(torch.cosh(output - y)).mean(),
    "logistic": lambda output, y: functional.binary_cross_entropy_with_logits(output, torch.sigmoid(y)),
}


def made(
    module: nn.Module, loss: Callable = functional.cross_entropy, dtype: torch.dtype = torch.float64
) -> NetworkTask:
    draws = torch.Generator().manual_seed(5)
    module = module.to(dtype)
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, generator=draws, dtype=dtype) / 2
    x = torch.randn(AGENTS, SAMPLES, 4, generator=draws, dtype=dtype)
    if loss is functional.cross_entropy:
        return NetworkTask(module, x, torch.randint(0, 3, (AGENTS, SAMPLES), generator=draws), loss, smooth=True)
    y = torch.randn(AGENTS, SAMPLES, 3, generator=draws, dtype=dtype)
    return NetworkTask(module, x, y, loss, smooth=True)


def settings(mode: str, nu: int = 2, sizes: tuple[int, int, int] = (3, 3, 3)) -> MetaFedAvg:
    options: dict = {}
    if mode.endswith("stochastic"):
        options = {"D": sizes[0], "D_prime": sizes[1], "D_H": None if mode.startswith("first") else sizes[2]}
    if mode.startswith("hessian_free"):
        options["delta"] = 2.0**-7
    return MetaFedAvg(0.02, nu, 0.01, tau=1, participants=2, mode=mode, **options)


def gap(task: NetworkTask, how: MetaFedAvg) -> float:
    """Largest distance of iterates between the compiled engine and torch.func itself, relative to 1 + their norm."""
    backend = native_backend(how, task)
    assert backend is not None
    assert isinstance(backend.model, RecordedModel)
    assert isinstance(task.sweeps, TracedSweeps)
    unrecorded = copy.copy(task)
    unrecorded.sweeps = EagerSweeps(task.sweeps.model)
    ours, torchs = (
        run(how, one, task.start, 2, seed=2, replicas=2, backend=engine).iterates
        for one, engine in ((task, backend), (unrecorded, TorchBackend()))
    )
    return float(((ours - torchs).norm(dim=-1) / (1 + torchs.norm(dim=-1))).max())


# Both engines round differently: some 1e-16 for each of a few hundred operations, amplified by at most one order.
ROUNDING = 1e-12


@needs_compiler
@pytest.mark.parametrize("mode", MODES)
def test_all_modes_agree_with_torch(mode: str) -> None:
    assert gap(made(Layers(torch.tanh)), settings(mode)) <= ROUNDING


@needs_compiler
@pytest.mark.parametrize("module", [Normed, Attention])
def test_unusual_modules_agree_with_torch_on_batches_of_three_sizes(module: Callable[[], nn.Module]) -> None:
    assert gap(made(module()), settings("stochastic", sizes=(3, 5, 2))) <= ROUNDING


@needs_compiler
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_agree_with_torch(name: str) -> None:
    assert gap(made(Layers(ACTIVATIONS[name])), settings("exact")) <= ROUNDING


@needs_compiler
@pytest.mark.parametrize("name", LOSSES)
def test_losses_agree_with_torch(name: str) -> None:
    assert gap(made(Layers(torch.tanh), LOSSES[name]), settings("stochastic")) <= ROUNDING


@needs_compiler
@pytest.mark.parametrize(("inputs", "hidden", "outputs"), [(4, 1, 3), (4, 16, 3), (4, 33, 3), (4, 70, 3)])
def test_widths_around_whole_vectors_agree_with_torch(inputs: int, hidden: int, outputs: int) -> None:
    assert gap(made(Layers(torch.tanh, inputs, hidden, outputs)), settings("stochastic")) <= ROUNDING


@needs_compiler
def test_float32_agrees_with_torch() -> None:
    # float32 carries 1e-7 where float64 carries 1e-16
    assert gap(made(Layers(torch.tanh), dtype=torch.float32), settings("exact")) <= 1e-4


@needs_compiler
def test_a_long_trajectory_makes_its_primal_again() -> None:
    # beyond 3 MB of kept activations the engine keeps one point's and computes the others again
    draws = torch.Generator().manual_seed(0)
    x = torch.randn(2, 300, 4, generator=draws, dtype=torch.float64)
    y = torch.randint(0, 3, (2, 300), generator=draws)
    task = NetworkTask(Layers(torch.tanh, hidden=120).double(), x, y, functional.cross_entropy, smooth=True)
    kept = network_model(task, ())
    assert kept is not None
    assert kept.assemblies[0].program.kept_values * 8 * 7 > 3 * 2**20
    assert gap(task, settings("exact", nu=6)) <= ROUNDING


class Linear(nn.Module):
    """x -> w x, with nothing that a dense network has."""

    def __init__(self, value: float):
        super().__init__()
        self.w = nn.Parameter(torch.tensor([value], dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.w


@needs_compiler
def test_a_squared_logarithm_has_its_closed_form_at_every_magnitude() -> None:
    # f(w) = log(w x)^2 / 2 averaged, f' = mean log(w x) / w; a local step from w with nu = 0 moves by -beta f'
    x = torch.logspace(-100, 100, 41, dtype=torch.float64).view(41, 1, 1)
    task = NetworkTask(Linear(1.5), x, x, lambda output, y: output.log().square().mean() / 2, smooth=True)
    how = MetaFedAvg(0.0, 0, 0.125, tau=1)
    backend = native_backend(how, task)
    assert backend is not None
    found = float(run(how, task, task.start, 1, seed=0, replicas=1, backend=backend).iterates[0, 1, 0])
    expected = 1.5 - 0.125 * float(np.log(1.5 * x.numpy().flatten().astype(np.longdouble)).mean()) / 1.5
    # logarithms of up to 691 with 2^-53 each, averaged to a mean of 0.4: 41 rounding errors of 1e-13 at most
    assert abs(found - expected) <= 1e-13


@needs_compiler
def test_a_quadratic_of_one_weight_has_its_closed_form() -> None:
    # f(w) = (x w - y)^2 averaged over two samples: A = 2 mean x^2 = 5, slope at 1 = 2 mean x (x w - y) = -1
    x, y = torch.tensor([[[1.0], [2.0]]], dtype=torch.float64), torch.tensor([[[0.0], [4.0]]], dtype=torch.float64)
    task = NetworkTask(Linear(1.0), x, y, functional.mse_loss, smooth=True)
    how = MetaFedAvg(0.125, 1, 0.5, tau=1)
    backend = native_backend(how, task)
    assert backend is not None
    # w^1 = 1 + 0.125 * 3 = 1.375, slope there 5 * 1.375 - 8 = -1.125; times (1 - 0.125 * 5) = 0.375
    assert run(how, task, task.start, 1, seed=0, replicas=1, backend=backend).iterates.flatten().tolist() == [
        1.0,
        1.0 + 0.5 * 1.125 * 0.375,
    ]


@needs_compiler
def test_the_engine_chooses_programs_for_unknown_modules() -> None:
    task = made(Layers(torch.tanh))
    assert chosen(settings("exact"), task).name == "native"
    assert network_model(task, ()) is network_model(task, ()), "written once"
    assert network_model(task, (3,)) is not network_model(task, ())


@needs_compiler
def test_what_programs_do_not_know_runs_on_torch(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "empirics")
    task = made(Layers(lambda x: torch.special.i0(x)))
    assert chosen(settings("exact"), task).name == "torch"
    assert "does not serve this module" in caplog.text


@needs_compiler
def test_a_wrong_program_is_noticed(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(HANDLERS, aten.tanh.default, HANDLERS[aten.sin.default])
    assert network_model(made(Layers(torch.tanh)), ()) is None
    assert "does not reproduce torch" in caplog.text


@needs_compiler
def test_neither_threads_nor_chunks_change_an_iterate() -> None:
    task, how = made(Layers(torch.tanh)), settings("stochastic")
    threads = torch.get_num_threads()
    try:
        found = []
        for count in (1, 3):
            torch.set_num_threads(count)
            found.append(run(how, task, task.start, 3, seed=2, replicas=4).iterates)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*found)
    assert torch.equal(found[0][:1], run(how, task, task.start, 3, seed=2, replicas=1).iterates)


def test_without_the_library_there_are_no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_module, "library", lambda: None)
    assert network_model(made(Layers(torch.tanh)), ()) is None


def test_neighbouring_axes_are_joined_and_broadcast_ones_are_not() -> None:
    writer = Writer(8)
    a, b, row = writer.new((2, 5, 16)), writer.new((2, 5, 16)), writer.new((16,))
    for value in (a, b, row):
        value.storage.uses.append((0, 0))
    writer.elementwise("add", a, b)
    writer.elementwise("add", a, row)
    together, apart = writer.steps[0]
    assert together.extents == (160,)
    assert apart.extents == (10, 16)
    assert apart.arguments[1].strides == (0, 1)


def test_a_transposed_factor_is_copied_once() -> None:
    writer = Writer(8)
    left, right = writer.new((1, 4, 16)), writer.new((1, 24, 16))
    for _ in range(2):
        writer.product(left, right.seen(right.meta.transpose(1, 2)))
    assert [step.operation for step in writer.steps[0]] == ["transpose", "product", "product"]
    writer.product(left.seen(left.meta.transpose(1, 2)), left)
    assert [step.operation for step in writer.steps[0]][3:] == ["product"], "a left factor is read either way"


def test_operations_are_named_once() -> None:
    assert len(set(OPERATIONS)) == len(OPERATIONS)


_IN_A_PROCESS_OF_ITS_OWN = """
import torch
from torch import nn
from empirics.tasks.networks.network import NetworkTask
from empirics.tasks.networks.sweeps import EagerSweeps
from empirics.tasks.networks.traced import TracedSweeps
class Linear(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(1, dtype=torch.float64))
    def forward(self, x):
        return x * self.w
x = torch.full((2, 1, 1), 3.0, dtype=torch.float64)
for loss in (nn.functional.mse_loss, nn.functional.smooth_l1_loss, nn.functional.huber_loss):
    task = NetworkTask(Linear(), x, x - 0.25, loss, smooth=True)
    print(task.hvp(task.start, [1.0]).flatten().tolist())
"""


def test_losses_without_a_forward_derivative_do_not_crash_the_process() -> None:
    # outside of pytest, which turns torch's warnings into exceptions: recording such a loss ended the process
    done = subprocess.run([sys.executable, "-c", _IN_A_PROCESS_OF_ITS_OWN], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # (x w - y)^2 curves by 2 x^2 = 18; the other two by x^2 within their quadratic zone
    assert done.stdout.split("\n")[:3] == ["[18.0, 18.0]", "[9.0, 9.0]", "[9.0, 9.0]"]
