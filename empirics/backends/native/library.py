"""Finding and loading the compiled engine that suits this processor."""

from __future__ import annotations

import ctypes
import logging
from functools import lru_cache
from pathlib import Path

import torch

from empirics.backends.native.header import STRUCTURES, digest
from empirics.backends.native.job import Job

# by torch's name of what the processor can do, best first
_VARIANTS = {"AVX512": ("avx512", "avx2", "generic"), "AVX2": ("avx2", "generic")}


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """The engine, or None with one line in the log when there is none for this machine.

    Raises:
        ImportError: the engine at hand was compiled for another version of this package.
    """
    capability = torch.backends.cpu.get_cpu_capability()
    for variant in _VARIANTS.get(capability, ("generic",)):
        path = Path(__file__).parent / f"engine.{variant}.so"
        if path.is_file():
            return _declared(ctypes.CDLL(str(path)))
    logging.getLogger("empirics").warning(
        "the compiled engine is not installed (no C++ compiler when the package was installed?): running on torch"
    )
    return None


def _declared(loaded: ctypes.CDLL) -> ctypes.CDLL:
    expected = {"empirics_digest": digest()}
    expected |= {f"empirics_bytes_of_{kind.__name__}": ctypes.sizeof(kind) for kind in STRUCTURES}
    for name, number in expected.items():
        entry = getattr(loaded, name, None)
        if entry is not None:
            entry.restype = ctypes.c_int64
        if entry is None or entry() != number:
            raise ImportError(
                f"the compiled engine is from another version of this package ({name}): install the package again"
            )
    for precision in ("float64", "float32"):
        entry = getattr(loaded, f"empirics_rounds_{precision}")
        entry.argtypes, entry.restype = (ctypes.POINTER(Job),), ctypes.c_int64
        entry = getattr(loaded, f"empirics_derivatives_{precision}")
        entry.argtypes = (ctypes.POINTER(Job), ctypes.c_int64, ctypes.c_int64, *[ctypes.c_void_p] * 4)
        entry.restype = ctypes.c_int64
        entry = getattr(loaded, f"empirics_multiply_adds_{precision}")
        entry.argtypes, entry.restype = (ctypes.c_int64,), ctypes.c_double
        getattr(loaded, f"empirics_operations_a_turn_{precision}").restype = ctypes.c_int64
    return loaded
