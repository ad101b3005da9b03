"""Forward derivatives in several threads of Python at once are those of one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import torch
from torch.func import grad

from empirics.numerics.forward_derivatives import forward_alone, jacfwd, jvp
from empirics.numerics.workers import in_recording_thread


def product(w: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return jvp(grad(lambda at: (torch.tanh(at) ** 2).sum() * at.exp().sum()), (w,), (v,))[1]


def test_threads_do_not_take_each_others_tangents():
    draw = torch.Generator().manual_seed(0)
    w, v = torch.randn(2, 30, generator=draw, dtype=torch.float64)
    expected = product(w, v)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: product(w, v), range(90)))
    assert all(torch.equal(one, expected) for one in found)


def test_one_within_another_and_the_thread_that_records_do_not_wait_for_themselves():
    def third(point: torch.Tensor) -> torch.Tensor:
        def second(at: torch.Tensor) -> torch.Tensor:
            return jvp(lambda u: (u**3).sum(), (at,), (torch.ones_like(at),))[1]

        return jacfwd(second, point)

    assert third(torch.tensor([2.0])).tolist() == [12.0]
    with forward_alone():
        assert in_recording_thread(lambda: third(torch.tensor([1.0])).tolist()) == [6.0]


def test_another_thread_waits():
    entered = threading.Event()

    def enter() -> None:
        with forward_alone():
            entered.set()

    other = threading.Thread(target=enter)
    with forward_alone():
        other.start()
        assert not entered.wait(0.05)
    other.join()
    assert entered.is_set()
