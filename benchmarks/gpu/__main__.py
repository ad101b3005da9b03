"""python -m benchmarks.gpu: one command that judges the suite on a GPU within some minutes, and writes as it goes.

It needs torch, NumPy and SciPy; a machine that lacks other packages is judged as far as it goes.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from benchmarks.options import RefusedError, chosen, device

_BAD_INPUT, _FAILED, _INTERRUPTED = 2, 3, 130
_LONGEST = 600  # minutes


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, exit status 2."""
        _say(f"{self.prog}: {message}")
        sys.exit(_BAD_INPUT)


def main(arguments: Sequence[str]) -> int:
    """The exit status of the command."""
    parser = _Parser(
        prog="benchmarks.gpu",
        description="Facts, tests, agreement with the CPU, a report on both devices, speed beside peers, scale.",
        epilog="Exit status 0: all right; 1: something disagrees; 2: bad input; 3: a stage failed inside or had too "
        "little time.",
    )
    parser.add_argument("--device", default="cuda", help="cuda, or cpu for a rehearsal at small sizes")
    parser.add_argument("--minutes", type=float, default=8.0, help="time of all stages together (8)")
    parser.add_argument("--stage", action="append", help="facts, tests, agreement, report, speed, scale")
    parser.add_argument("--json", type=Path, default=Path("out/gpu.json"), help="file of results, written as they come")
    given = parser.parse_args(arguments)
    try:
        return _judged(given, arguments)
    except RefusedError as refusal:
        parser.error(str(refusal))
    except ImportError as error:
        _say(f"benchmarks.gpu: {error}: without it nothing can be judged")
        return _FAILED


def _judged(given: argparse.Namespace, arguments: Sequence[str]) -> int:
    """The exit status of a command line that was read.

    Raises:
        RefusedError: bad input.
    """
    from benchmarks.gpu.judgement import Judgement
    from benchmarks.gpu.stages import STAGES

    if not 0 < given.minutes <= _LONGEST:
        raise RefusedError(f"--minutes {given.minutes}: expected a number > 0 and <= {_LONGEST}")
    names = chosen("--stage", given.stage, [stage.name for stage in STAGES])
    stages = [stage for stage in STAGES if stage.name in names]
    command = ["python", "-m", "benchmarks.gpu", *arguments]
    judgement = Judgement(stages, device(given.device), given.minutes, given.json, command, _say)
    try:
        if given.json.exists() and not given.json.is_file():
            raise RefusedError(f"--json {given.json}: is no file; name one")
        judgement.begin()
    except OSError as error:
        raise RefusedError(f"--json {given.json}: cannot be written: {error.strerror}") from None
    for name in ("SIGTERM", "SIGHUP"):  # end the children as Ctrl-C does
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        status = judgement.run()
    except KeyboardInterrupt:
        _say(f"benchmarks.gpu: interrupted; {given.json} has what was found")
        return _INTERRUPTED
    _say(f"{given.json}: {', '.join(f'{one.stage.name} {one.status}' for one in judgement.accounts)}")
    return status


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
