"""Running the stages: what is found is in the file at once, and a stage that fails does not stop the next."""

from __future__ import annotations

import json
import math
import os
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.gpu.stage import Bench, Finding, Stage, TimeUpError
from benchmarks.options import Say
from reports.records.store import write_atomically

ALL_RIGHT, DISAGREEMENT, FAILED_INSIDE = 0, 1, 3
_GRACE = 60.0  # seconds after which what hangs is ended


@dataclass(frozen=True)
class Account:
    """What a stage has come to: `passed`, `disagreement`, `failed`, `cut` (its time was up) or still `running`."""

    stage: Stage
    status: str = "running"
    reason: str | None = None
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()

    @property
    def disagreements(self) -> list[Finding]:
        """What does not agree."""
        return [finding for finding in self.findings if finding.agrees is False]

    def as_json(self) -> dict[str, Any]:
        """Strict JSON: numbers that are not finite become null."""
        return {
            "name": self.stage.name,
            "title": self.stage.title,
            "status": self.status,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            "findings": [strict(vars(finding)) for finding in self.findings],
        }


@dataclass
class Judgement:
    """All stages on one device within some minutes; `file` holds everything found so far at any moment."""

    stages: Sequence[Stage]
    device: str
    minutes: float
    file: Path
    command: Sequence[str]
    say: Say
    accounts: list[Account] = field(default_factory=list)
    unwritten: str | None = None

    def begin(self) -> None:
        """Write the file with nothing found, so that a place that cannot be written is known before any work."""
        write_atomically(self.file, self._text(None))

    def run(self) -> int:
        """Exit status: 0 all right, 1 a disagreement, 3 a stage failed inside, or the file could not be written."""
        rehearsal = not self.device.startswith("cuda")
        parts = [stage.rehearsal_share if rehearsal else stage.share for stage in self.stages]
        started, used = time.monotonic(), 0.0
        watch = threading.Timer(60 * self.minutes + _GRACE, self._give_up)
        watch.daemon = True
        watch.start()
        try:
            with TemporaryDirectory() as folder:
                for stage, part in zip(self.stages, parts, strict=True):
                    used += part  # what one stage leaves of its share, the next ones have
                    deadline = started + 60 * self.minutes * used / sum(parts)
                    self._run(stage, Bench(self.device, rehearsal, Path(folder), deadline))
        finally:
            watch.cancel()
        self._write(self.status)
        return self.status

    @property
    def status(self) -> int:
        """The exit status of what has been run."""
        if any(account.disagreements for account in self.accounts):
            return DISAGREEMENT
        bad = any(account.status in ("failed", "cut", "running") for account in self.accounts)
        return FAILED_INSIDE if bad or self.unwritten else ALL_RIGHT

    def _run(self, stage: Stage, bench: Bench) -> None:
        started = time.monotonic()
        self.say(f"{stage.name}: {stage.title} (at most {max(bench.left, 0):.0f} s)")
        self.accounts.append(Account(stage))
        self._write(None)
        ended: dict[str, Any]
        try:
            for finding in stage.findings(bench):
                self._update(findings=(*self.accounts[-1].findings, finding), seconds=time.monotonic() - started)
                if finding.agrees is False:
                    self.say(f"  DISAGREES: {finding.what}")
            ended = {"status": "disagreement" if self.accounts[-1].disagreements else "passed"}
        except TimeUpError as left:
            ended = {"status": "cut", "reason": str(left)}
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            reason = f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
            ended = {"status": "failed", "reason": reason}
        self._update(**ended, seconds=time.monotonic() - started)
        self.say(f"  {summary(self.accounts[-1])}")

    def _update(self, **changes: Any) -> None:
        self.accounts[-1] = replace(self.accounts[-1], **changes)
        self._write(None)

    def _write(self, status: int | None) -> None:
        """The file as of now; its status is null until the end. The judgement goes on when it cannot be written."""
        try:
            write_atomically(self.file, self._text(status))
        except OSError as error:
            if self.unwritten is None:
                self.say(f"{self.file}: cannot be written any more: {error}")
            self.unwritten = str(error)

    def _text(self, status: int | None) -> bytes:
        found = {
            "command": list(self.command),
            "device": self.device,
            "minutes": self.minutes,
            "status": status,
            "stages": [account.as_json() for account in self.accounts],
        }
        return (json.dumps(found, indent=1, allow_nan=False) + "\n").encode()

    def _give_up(self) -> None:
        """Something hangs where nobody can interrupt it: keep what is there and end the process."""
        self.accounts[-1] = replace(self.accounts[-1], status="failed", reason="it hung: the process was ended")
        self._write(self.status)
        self.say(f"{self.file}: {self.accounts[-1].stage.name} hung, given up")
        os._exit(self.status)


def summary(account: Account) -> str:
    """One line: what agreed, what did not, and why it ended."""
    compared = [finding for finding in account.findings if finding.agrees is not None]
    counts = f"{len(compared)} compared, {len(account.disagreements)} disagree" if compared else "measured"
    reason = "" if account.reason is None else f": {account.reason}"
    return f"{account.status}, {counts}, {account.seconds:.0f} s{reason}"


def strict(value: Any) -> Any:
    """The same value for a strict reader of JSON.

    >>> strict({"a": (1, float("nan"))})
    {'a': [1, None]}
    """
    if isinstance(value, dict):
        return {str(key): strict(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [strict(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
