"""The run that the compiled engine is asked for, as Python fills it and (through `header`) as C++ reads it."""

from __future__ import annotations

import ctypes

from empirics.backends.native.instructions import Data, Program, Rows


class Signed(ctypes.c_void_p):
    """The address of signed 64-bit integers."""


class Unsigned(ctypes.c_void_p):
    """The address of unsigned 64-bit integers."""


def _each(kind: type, *names: str) -> list[tuple[str, type]]:
    return [(name, kind) for name in names]


class Job(ctypes.Structure):
    """BatchSizes, scalars and addresses; whoever fills it keeps the memory behind the addresses alive."""

    _fields_ = [
        *_each(ctypes.c_int64, "replicas", "agents", "count", "d"),  # R, n, m, d
        *_each(ctypes.c_int64, "rounds", "tau", "nu", "threads"),
        *_each(ctypes.c_int64, "curved"),  # 1: the factors I - alpha H are kept; 0: first order
        *_each(ctypes.c_int64, "inner", "outer", "hessian"),  # batch sizes D, D', D_H; 0: the whole loss
        *_each(ctypes.c_int64, "replacement"),  # 1: each participant is a draw with replacement, with its own batches
        *_each(ctypes.c_double, "alpha", "beta", "delta"),  # delta > 0: products are central differences of gradients
        *_each(ctypes.c_double, "server_step"),
        # with replacement: (n - 1,) of 63-bit keys, null where all weigh the same
        *_each(Unsigned, "thresholds"),
        # everybody takes part: (n,) weights of the results in the points' precision, null where all weigh the same
        *_each(ctypes.c_void_p, "weights"),
        # (rounds, 1 + tau (nu + 1 + nu)): of the participants, then of inner, outer and Hessian batches of each step
        *_each(Unsigned, "keys"),
        *_each(Signed, "replica_ids"),  # (R,)
        *_each(ctypes.c_void_p, "start", "iterates"),  # (R, d), (R, rounds, d)
        # quadratics: A (n, d, d), c (n, d), two-sign noise u, v (n, d), phi (n,) or null, and its scales g, a, k
        *_each(ctypes.c_void_p, "matrices", "centres", "noise_u", "noise_v", "noise_phi"),
        *_each(ctypes.c_double, "noise_gradient", "noise_amplitude", "noise_frequency"),
        # dense networks: x (n, samples, widths[0]), targets (n, samples, widths[layers]) or labels (n, samples)
        *_each(ctypes.c_void_p, "inputs", "targets"),
        *_each(Signed, "labels", "widths"),
        *_each(ctypes.c_int64, "samples", "layers"),
        # recorded tasks
        *_each(ctypes.POINTER(Program), "programs"),
        *_each(ctypes.POINTER(Rows), "parameters"),
        *_each(ctypes.POINTER(Data), "data"),
        *_each(ctypes.c_int64, "program_count", "parameter_count", "data_count", "point_values", "scratch_values"),
    ]
