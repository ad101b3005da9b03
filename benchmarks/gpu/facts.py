"""Stage a: what this machine is, and what it can do at most."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.gpu.peaks import copy_bytes_per_second, launch_seconds
from benchmarks.gpu.stage import Bench, Finding, Stage
from benchmarks.machine import describe, processors, version
from benchmarks.peak import peak_flops
from empirics.backends.native.library import library
from empirics.numerics.precision import products

_LIBRARIES = (
    *("torch", "jax", "jaxlib", "numpy", "scipy", "sympy", "pandas", "matplotlib", "scikit-learn", "joblib"),
    *("hypothesis", "pytest", "typer", "rich", "jinja2", "python-flint", "pydantic", "pydantic_core", "tueplots"),
)
_FULL = 2.0**-18  # 1024 positive terms in any order; TF32 rounds each factor to 2^-11


class Facts(Stage):
    """Card, driver, versions, free memory and measured peaks; float32 products are seen to be full ones."""

    name, title, share, rehearsal_share = "facts", "what this machine is", 0.04, 0.06

    def findings(self, bench: Bench) -> Iterator[Finding]:
        """One finding a fact."""
        yield Finding("machine", {**vars(describe(processors(), bench.device)), "platform": platform.platform()})
        versions = {name: version(name) for name in _LIBRARIES}
        yield Finding("versions", {**versions, "missing": [name for name, one in versions.items() if one is None]})
        facts = {"at hand": library() is not None, "made by": "python setup.py build_ext --inplace"}
        yield Finding("compiled engine, without which torch on the CPU is compared with", facts)
        if bench.kind == "cuda":
            yield Finding("card", _card(bench.device))
        yield full_products(bench.device)
        yield from _peaks(bench)


def full_products(device: str) -> Finding:
    """Whether a float32 product is a full one as runs set it: TF32 would err by 2^-11 and more."""
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.rand(1024, 1024, generator=generator, dtype=torch.float32) for _ in range(2))
    exact = left.double() @ right.double()
    with products("ieee"):
        found = (left.to(device) @ right.to(device)).double().cpu()
    error = float(((found - exact) / exact).abs().max())
    overrides = {name: value for name, value in os.environ.items() if "TF32" in name}
    facts = {"largest relative error": error, "allowed": _FULL, "environment": overrides}
    return Finding("float32 products are full ones", facts, agrees=error <= _FULL)


def _peaks(bench: Bench) -> Iterator[Finding]:
    seconds = 0.2 if bench.rehearsal else 1.0
    for dtype, precision in (("float64", "ieee"), ("float32", "ieee"), ("float32", "tf32")):
        if precision == "tf32" and bench.kind != "cuda":
            continue
        with products(precision):
            rate = peak_flops(dtype, bench.device, processors(), seconds=seconds)
        yield Finding(f"peak, {dtype}, {precision}", {"flop/s": rate})
    moved = copy_bytes_per_second(bench.device, 2**26 if bench.rehearsal else 2**31)
    yield Finding("peak, copy", {"bytes/s, read and written": moved})
    yield Finding("launch of one operation", {"seconds": launch_seconds(bench.device)})
    if bench.kind == "cuda":
        yield Finding(
            "launch of one operation inside a CUDA graph", {"seconds": launch_seconds(bench.device, replayed=True)}
        )


def _card(device: str) -> dict[str, Any]:
    """The card and its driver."""
    known = torch.cuda.get_device_properties(device)
    free, total = torch.cuda.mem_get_info(device)
    return {
        "name": known.name,
        "compute capability": f"{known.major}.{known.minor}",
        "multiprocessors": known.multi_processor_count,
        "memory, bytes": total,
        "free memory, bytes": free,
        "CUDA of torch": torch.version.cuda,
        "driver": _driver(),
    }


def _driver() -> str | None:
    try:
        told = subprocess.run(
            ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"],
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.strip().splitlines()[0] if told.stdout.strip() else None
