"""The run that the compiled engine is asked for, field by field as in source/job.h."""

from __future__ import annotations

import ctypes

_INTEGERS = ("replicas", "agents", "count", "d", "rounds", "tau", "nu", "mode", "inner", "outer", "hessian", "threads")
_REALS = ("alpha", "beta", "delta")
_RUN = ("keys", "replica_ids", "start", "iterates")
_QUADRATIC = ("matrices", "centres", "noise_u", "noise_v", "noise_phi")
_NOISE = ("noise_gradient", "noise_amplitude", "noise_frequency")
_DENSE = ("inputs", "targets", "labels", "widths")
_SIZES = ("samples", "layers")
_RECORDED = ("programs", "parameters", "data")
_COUNTS = ("program_count", "parameter_count", "data_count", "point_values", "scratch_values")


class Job(ctypes.Structure):
    """Sizes, scalars and addresses; whoever fills it keeps the memory behind the addresses alive."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in _INTEGERS),
        *((name, ctypes.c_double) for name in _REALS),
        *((name, ctypes.c_void_p) for name in (*_RUN, *_QUADRATIC)),
        *((name, ctypes.c_double) for name in _NOISE),
        *((name, ctypes.c_void_p) for name in _DENSE),
        *((name, ctypes.c_int64) for name in _SIZES),
        *((name, ctypes.c_void_p) for name in _RECORDED),
        *((name, ctypes.c_int64) for name in _COUNTS),
    ]
