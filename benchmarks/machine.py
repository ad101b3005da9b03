"""What a measurement ran on, without names of hosts, users or folders, and the memory of this process."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from reports.pages.speed_records import Machine

_LIBRARIES = ("torch", "jax", "numpy")


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe(threads: int, device: str) -> Machine:
    """Processor, cores, threads, accelerator and versions."""
    known = {name: version(name) for name in _LIBRARIES}
    versions = {"python": platform.python_version(), **{name: one for name, one in known.items() if one is not None}}
    accelerator = None
    if device.startswith("cuda"):
        import torch

        accelerator = torch.cuda.get_device_name(device)
    return Machine(
        processor=_processor(), cores=processors(), threads=threads, accelerator=accelerator, versions=versions
    )


def version(name: str) -> str | None:
    """The version of an installed distribution, None where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def seconds(work: Callable[[], object], device: str = "cpu") -> float:
    """Seconds until the device has done the work, and nothing but that."""
    _wait(device)
    started = time.perf_counter()
    work()
    _wait(device)
    return time.perf_counter() - started


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize(device)


def resident_bytes() -> int:
    """Memory of this process that is in use now."""
    return _status("VmRSS")


def peak_bytes() -> int:
    """Largest memory of this process since `reset_peak`, or since it started where that is not possible."""
    return _status("VmHWM")


def reset_peak() -> None:
    """Let `peak_bytes` start from now (Linux; elsewhere the peak is that of the whole life of the process)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _status(name: str) -> int:
    """A line of this process's status in bytes; elsewhere than on Linux the peak of its whole life."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if platform.system() == "Darwin" else 1024)
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
