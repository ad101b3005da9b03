"""Another command of the project, in a process of its own that ends when its time does, with all its children."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.gpu.stage import Bench, TimeUpError

ROOT = Path(__file__).resolve().parents[2]
_BROKEN = "Traceback (most recent call last)"
_PR_SET_PDEATHSIG = 1


def python(bench: Bench, what: str, *arguments: str, fine: Sequence[int]) -> subprocess.CompletedProcess[str]:
    """`python ARGUMENTS` in the checkout for as long as the stage has; `fine` lists the exit statuses.

    Raises:
        TimeUpError: the time ended before it did.
        RuntimeError: it ended with another status, or with 1 in a traceback; the text has the last line that it said.
    """
    bench.need_time(f"{what} was not run")
    command, pipe = [sys.executable, *arguments], subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True, preexec_fn=_die_with_parent
    ) as process:
        try:
            out, err = process.communicate(timeout=bench.left)
        except BaseException as ended:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(ended, subprocess.TimeoutExpired):
                raise TimeUpError(f"{what} was stopped") from None
            raise
    broken = process.returncode == 1 and (err.startswith(_BROKEN) or f"\n{_BROKEN}" in err)
    if process.returncode not in fine or broken:
        said = (err.strip() or out.strip() or f"status {process.returncode}").splitlines()
        raise RuntimeError(f"{what} ended with status {process.returncode}: {said[-1]}")
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _die_with_parent() -> None:
    """On Linux a child of a killed judgement ends as well."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
