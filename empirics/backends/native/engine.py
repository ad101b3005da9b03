"""The backend that hands whole blocks of rounds to the compiled engine."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from empirics.algorithm.meta_gradients import batch_purposes
from empirics.algorithm.modes import Mode
from empirics.algorithm.sampling import Sampling
from empirics.algorithm.settings import Settings
from empirics.backends.backend import Backend
from empirics.backends.native.job import Job
from empirics.backends.native.library import library
from empirics.backends.native.model import NativeModel
from empirics.backends.native.models import model_of
from empirics.numerics.randomness import derived_key
from empirics.tasks.task import Task


def native_backend(settings: Settings, task: Task) -> NativeBackend | None:
    """The compiled engine for this task, None when it knows no such task or is not installed."""
    if task.device.type != "cpu":
        return None
    if library() is None or task.on_demand:  # a population's agents are made as they take part
        return None
    if task.ids.dim() > 1:  # in a selection every replica has agents of its own
        return None
    model = model_of(task, settings.sizes or (), settings.participants_of(task.n))
    return None if model is None else NativeBackend(model)


@final
@dataclass(frozen=True, eq=False)
class NativeBackend(Backend):
    """Rounds in compiled code: same draws as the torch engine, same iterates up to rounding."""

    model: NativeModel
    name: str = "native"

    def rounds(
        self, settings: Settings, task: Task, w: Tensor, first: int, count: int, seed: int, replicas: Tensor
    ) -> Tensor:
        """Iterates (R, count, d); after a round that is not finite all further ones are nan."""
        loaded = library()
        assert loaded is not None  # checked before this backend was made
        start, ids = w.detach().contiguous(), replicas.to(torch.int64).contiguous()
        iterates = torch.full((len(w), count, task.d), torch.nan, dtype=task.dtype)
        keys = torch.tensor(_keys(settings, seed, first, count), dtype=torch.int64)
        replacement, given = settings.sampling == Sampling.REPLACEMENT, settings.weights
        thresholds = given.thresholds(task.device) if given is not None and replacement else None
        weights = given.floats(task.dtype, task.device) if given is not None and not replacement else None
        job = Job(
            replicas=len(w),
            agents=task.n,
            count=settings.participants_of(task.n),
            d=task.d,
            rounds=count,
            tau=settings.tau,
            nu=settings.nu,
            threads=torch.get_num_threads(),
            curved=Mode(settings.mode).curved,
            alpha=settings.alpha,
            beta=settings.beta,
            delta=settings.delta or 0.0,
            replacement=replacement,
            server_step=settings.server_step,
            thresholds=None if thresholds is None else thresholds.data_ptr(),
            weights=None if weights is None else weights.data_ptr(),
            keys=keys.data_ptr(),
            replica_ids=ids.data_ptr(),
            start=start.data_ptr(),
            iterates=iterates.data_ptr(),
        )
        if settings.sizes is not None:
            job.inner, job.outer, job.hessian = settings.sizes
        self.model.fill(job)
        entry = loaded.empirics_rounds_float64 if task.dtype == torch.float64 else loaded.empirics_rounds_float32
        if entry(ctypes.byref(job)) < 0:
            raise MemoryError(f"the compiled engine found no memory for {len(w)} replicas of {job.count} participants")
        return iterates


def _keys(settings: Settings, seed: int, first: int, count: int) -> list[list[int]]:
    """Philox keys (count, 1 + tau (2 nu + 1)): of the participants, then of every batch of every local step."""
    purposes, sampled = batch_purposes(settings.nu, settings.nu), settings.sizes is not None
    rows = []
    for index in range(first, first + count):
        row = [_key(seed, index, 0, "participants")]
        for local_step in range(settings.tau):
            row += [_key(seed, index, local_step, purpose) if sampled else 0 for purpose in purposes]
        rows.append(row)
    return rows


def _key(seed: int, index: int, step: int, purpose: str) -> int:
    """The 64-bit key as the signed integer that torch can hold."""
    low, high = derived_key(seed, index, step, purpose)
    return ((high << 32) | low) - ((high >> 31) << 64)
