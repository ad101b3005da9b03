"""How a pure function of its arguments behaves, in every checker: no memory, no side effect, no change of precision."""

from __future__ import annotations

import gc
import math
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from empirics.algorithm.modes import MODES
from empirics.testing.arrays import numbers
from empirics.testing.ask import UNCHANGED, changes
from empirics.testing.comparison import Comparison
from empirics.testing.global_state import Watched
from empirics.testing.libraries import live_jax_arrays
from empirics.testing.property import property_for

DTYPE = "the answer has another dtype than w: the arithmetic left the precision of the input"
_OWN = "an array of its own"
_WARM_UP, _CALLS = 4, 12


@property_for(
    MODES,
    "conduct_cases",
    cause="gradients are accumulated across agents (.grad is not cleared), something is cached, or drawn at random",
    rank=3,
)
def no_memory(ask: Any, case: Any) -> Comparison:
    """A call does not depend on earlier calls, for another agent or at another point: the same bits come back."""
    other = case.of(lambda agent: agent.scaled(-0.5))
    before = [ask(case), ask(other)]
    ask(case.but(w=tuple(entry + 1 for entry in case.w)))
    after = [ask(other), ask(case)]
    return Comparison(np.concatenate(after[::-1]), np.concatenate(before), 0.0)


@property_for(
    MODES,
    "conduct_cases",
    cause="something is kept for an agent (a trajectory, a Hessian) and used at another point or setting",
    rank=3,
)
def second_call(ask: Any, case: Any) -> Comparison:
    """An agent that was asked before is answered like a new one: at another point and with another step.

    New agents have the loss plus a constant, so nothing that is kept by identity or by value is theirs.
    """
    moved = case.but(w=tuple(entry + 0.25 for entry in case.w))
    asked = [moved, moved.but(alpha=getattr(case, "setting", case).alpha / 2)]
    fresh = [each.of(lambda agent, level=2.0**-k: agent.raised(level)) for k, each in enumerate(asked, start=8)]
    ask(case)
    found, expected = ([ask(each) for each in cases] for cases in (asked, fresh))
    tolerance = 2 * math.hypot(*(ask.rounding(each) for each in asked))
    return Comparison(np.concatenate(found), np.concatenate(expected), tolerance)


@property_for(
    MODES,
    "conduct_cases",
    cause="an in-place update (w -= ..., sub_, .data), requires_grad_() on the caller's tensor, or eval() not undone",
    rank=3,
)
def untouched_input(ask: Any, case: Any) -> Comparison:
    """The caller's w, agents, module and data are left as they were: w is no leaf with a gradient."""
    changed = changes(ask, case)
    return Comparison(changed, UNCHANGED, 0.0, cause=f"the call changes {changed}: work on a copy, or restore it")


@property_for(MODES, "conduct_cases", cause="a constant, buffer or conversion in another precision")
def precision(ask: Any, case: Any) -> Comparison:
    """float32 and float64 agree within rounding, each answer in its own dtype.

    Code that is checked in float32 is asked in float32 only, where all other properties look at its values.
    """
    found, rounding = [], 0.0
    for name in ("float64", "float32") if ask.arrays.precision == "float64" else ("float32",):
        asked = replace(ask, arrays=replace(ask.arrays, precision=name))
        raw = asked.raw(case)
        dtype = str(getattr(raw, "dtype", "float64")).removeprefix("torch.")
        if dtype != name:
            return Comparison(dtype, name, 0.0, cause=DTYPE)
        found.append(numbers(raw, len(case.w)))
        rounding += asked.rounding(case)
    return Comparison(found[-1], found[0], rounding)


@property_for(MODES, "conduct_cases", cause="a buffer or a graph outlives the call", rank=3)
def own_answer(ask: Any, case: Any) -> Comparison:
    """The answer shares no memory with w or with earlier answers, and carries no graph of its computation."""
    w = ask.arrays.make(case.w)
    first = ask.raw(case, w)
    second = ask.raw(case.but(w=tuple(entry + 1 for entry in case.w)))
    if isinstance(first, torch.Tensor) and first.requires_grad:
        words, advice = "an array with a graph", "detach it, and leave create_graph out of the outer gradient"
    elif _shared(first, w):
        words, advice = "the caller's w, or a view of it", "return a new array"
    elif _shared(first, second):
        words, advice = "the array that an earlier call returned", "return a new array each time"
    else:
        words, advice = _OWN, ""
    return Comparison(words, _OWN, 0.0, cause=f"the answer is {words}: {advice}")


@property_for(MODES, "conduct_cases", cause="a global generator is used, or a mode is switched and left", rank=3)
def global_state(ask: Any, case: Any) -> Comparison:
    """Random generators, grad mode, default dtype and NumPy's handling of errors are left as they were."""
    watched = Watched(ask.f)
    replace(ask, f=watched).raw(case)
    changed = ", ".join(watched.changed) or UNCHANGED
    return Comparison(changed, UNCHANGED, 0.0, cause=f"the call changes {changed}: restore it, or use one of your own")


@property_for(MODES, "one_case", cause="a list, cache or graph grows with every call", rank=3)
def kept_memory(ask: Any, case: Any) -> Comparison:
    """Calls at other points keep no arrays of torch, NumPy or JAX: their number does not grow with every call.

    Other objects are not looked at; what fills up within the first calls is not either.
    """
    asked = iter([case.but(w=tuple(entry + call / 64 for entry in case.w)) for call in range(_WARM_UP + _CALLS)])
    with _counted() as count:
        for _ in range(_WARM_UP):
            ask.raw(next(asked))
        before = count()
        for again in asked:
            ask.raw(again)
        kept = max(0, count() - before) // _CALLS
    cause = f"every call keeps {kept} tensors or arrays: a list, cache or graph grows with the calls"
    return Comparison(kept, 0, 0.0, cause=cause)


@contextmanager
def _counted() -> Iterator[Callable[[], int]]:
    """How many tensors and NumPy buffers made from now on, and arrays of JAX, are alive."""
    numpy_only = [tracemalloc.DomainFilter(inclusive=True, domain=np.lib.tracemalloc_domain)]
    started = not tracemalloc.is_tracing()
    if started:
        tracemalloc.start()
    gc.freeze()

    def count() -> int:
        # Cycles that only wait for the collector are not kept.
        gc.collect()
        tensors = sum(isinstance(one, torch.Tensor) for one in gc.get_objects())
        buffers = len(tracemalloc.take_snapshot().filter_traces(numpy_only).traces)
        return tensors + buffers + live_jax_arrays()

    try:
        yield count
    finally:
        gc.unfreeze()
        if started:
            tracemalloc.stop()


def _shared(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.numel() > 0 and one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
    return isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and np.shares_memory(one, other)
