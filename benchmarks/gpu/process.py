"""Another command of the project, in a process of its own that ends when its time does, with all its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.gpu.stage import Bench, TimeUpError

ROOT = Path(__file__).resolve().parents[2]
_BROKEN = "Traceback (most recent call last)"


def python(bench: Bench, what: str, *arguments: str, fine: Sequence[int]) -> subprocess.CompletedProcess[str]:
    """`python ARGUMENTS` in the checkout; `fine` lists the exit statuses that are answers.

    Raises:
        TimeUpError: the stage's time ended before it did.
        RuntimeError: it ended with another status, or in a traceback; the text has the last line that it said.
    """
    bench.need_time(f"{what} was not run")
    command = [sys.executable, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as process:
        try:
            out, err = process.communicate(timeout=bench.left)
        except BaseException as ended:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(ended, subprocess.TimeoutExpired):
                raise TimeUpError(f"{what} was stopped") from None
            raise
    if process.returncode not in fine or err.startswith(_BROKEN) or f"\n{_BROKEN}" in err:
        said = (err.strip() or out.strip() or f"status {process.returncode}").splitlines()
        raise RuntimeError(f"{what} ended with status {process.returncode}: {said[-1]}")
    return subprocess.CompletedProcess(command, process.returncode, out, err)
