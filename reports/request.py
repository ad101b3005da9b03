"""From the words of a command line to a checked request: whatever is wrong with them is said before any work."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
import typer

import empirics
import theory
from reports.analyses.cells_for_forms import with_cells_for
from reports.analyses.claims import measured_statements
from reports.plans.checking import check_tasks
from reports.plans.own_data import shares, with_own_data
from reports.plans.own_task import bounded_where_needed, with_own_task
from reports.plans.plan import PROFILES, Plan, PlanError, bounds_of, load_plan, plan_names
from reports.plans.studies import PersonalisationPlan
from reports.refusal import RefusedError, described
from reports.tasks.conformance import load_task, require_conformance
from reports.user_objects import importing_only, trusted
from theory.claims.reading import Claim, ClaimError, read_claims
from theory.language.errors import near

_ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?([^\s/:\[\]]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True)
class Words:
    """What a command line asks for, as it was written."""

    profile: str
    plan: str | None
    device: str
    out: Path
    only: Sequence[str]
    seed: int
    seeds: int
    jobs: int | None
    claims: Sequence[str]
    task: str | None
    data: str | None = None
    model: str | None = None
    dry: bool = False
    shard: str | None = None
    scheduler: str | None = None
    retry_failed: bool = False
    cell_limit: float | None = None
    refine: float | None = None


@dataclass(frozen=True)
class Request:
    """What is to be done, checked.

    shard: I of N, of a request for the records of these cells alone. cell_limit: seconds that a cell may take to run.
    refine: seconds for more replicas where samples leave a row open; None where they do not grow.
    """

    plan: Plan
    plan_name: str
    out: Path
    device: str
    seed: int
    seeds: int
    jobs: int
    claims: tuple[Claim, ...] = ()
    only: tuple[str, ...] = ()
    task: str | None = None
    data: str | None = None
    model: str | None = None
    command: list[str] = field(default_factory=list)
    shard: tuple[int, int] | None = None
    scheduler: str | None = None
    retry_failed: bool = False
    cell_limit: float | None = None
    refine: float | None = None

    @property
    def alone(self) -> bool:
        """Whether this process runs everything itself: a cell with a limit needs a process that can be ended."""
        return self.jobs == 1 and self.cell_limit is None and self.refine is None

    @property
    def whole(self) -> bool:
        """Whether the report says something about all bounds; not where it is a study's or cut down."""
        return bool(self.plan.tasks) and not self.only and self.data is None


def checked(words: Words) -> Request:
    """The request that a command line makes.

    Raises:
        RefusedError: an option, a plan, a claims file or a task that cannot be used.
    """
    if words.plan is None and words.profile not in PROFILES:
        hint = near(words.profile, PROFILES)
        raise RefusedError(f"--profile {words.profile}: expected one of {', '.join(PROFILES)}{hint}")
    if words.seeds < 1 or words.seed < 0:
        given = f"--seed {words.seed} --seeds {words.seeds}"
        raise RefusedError(f"{given}: expected a root >= 0 and at least one root")
    shard, scheduler = _shard(words.shard), _scheduler(words.scheduler)
    for option, seconds in (("--cell-limit", words.cell_limit), ("--refine", words.refine)):
        if seconds is not None and not 0 < seconds < math.inf:
            raise RefusedError(f"{option} {seconds:g}: expected a number of seconds > 0")
    if shard is not None and words.refine is not None:
        raise RefusedError("--refine: expected without --shard, whose rows are judged by the build that follows")
    _check_folder(words.out)
    name = words.plan or words.profile
    try:
        claims = read_claims(list(words.claims))
        plan = _plan(name)
        if words.task is not None:
            plan = _with_task(plan, words.task)
        if words.data is not None or words.model is not None:
            plan = _with_data(plan, words.data, words.model)
        if words.only:
            plan = cut_down(plan, name, words.only, claims)
        plan = with_cells_for(plan, claims)
    except (PlanError, ClaimError) as error:
        raise RefusedError(str(error)) from None
    try:
        if words.dry or name not in plan_names():  # the packaged plans are known to be sound
            check_tasks(plan)
    except PlanError as error:
        raise RefusedError(f"plan {name}: {error}") from None
    device = _device(words.device)
    return Request(
        plan, name, words.out, device, words.seed, words.seeds, _jobs(words.jobs, device), claims, tuple(words.only),
        words.task, words.data, words.model,
        command=["python", "-m", "reports.build", *sys.argv[1:]],
        shard=shard, scheduler=scheduler, retry_failed=words.retry_failed, cell_limit=words.cell_limit,
        refine=words.refine,
    )  # fmt: skip


def _plan(name: str) -> Plan:
    """The plan; what it imports from outside the package is said before it is imported."""
    with importing_only(()):
        plan = load_plan(name)
    if not plan.outside:
        return plan
    modules = sorted({one.partition(":")[0] for one in plan.outside})
    here = [one for one in modules if trusted(one)]
    for word, some in (("imports", here), ("would import", [one for one in modules if one not in here])):
        if some:
            typer.echo(f"plan {name} {word} {', '.join(some)}", err=True)
    return load_plan(name)


def _with_task(plan: Plan, name: str) -> Plan:
    try:
        task = load_task(name)
        require_conformance(name, bounded_where_needed(task))
        return with_own_task(plan, name, task)
    except ValueError as error:
        raise RefusedError(f"--task {error}") from None
    except SystemExit as error:  # a module of a user's that ends the interpreter
        raise RefusedError(f"--task {name}: it ends the program with SystemExit({error})") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a user's code may raise anything
        raise RefusedError(f"--task {name}: {described(error)}") from None


def _with_data(plan: Plan, data: str | None, model: str | None) -> Plan:
    """The plan on a user's samples and module; what was found in the file is said in a line."""
    if data is None or model is None:
        raise RefusedError("--data FILE --model MODULE:NAME: expected both")
    found = with_own_data(plan, data, model)
    for study in found.studies:
        if isinstance(study, PersonalisationPlan):
            typer.echo(f"--data {data}: {shares(study)}", err=True)
    return found


def _check_folder(out: Path) -> None:
    """Whether a folder can be written there, without writing it."""
    try:
        if out.is_symlink() and not out.exists():
            raise RefusedError(f"--out {out}: a link to {os.readlink(out)}, which is not there; choose another")
        if out.exists() and not out.is_dir():
            raise RefusedError(f"--out {out}: exists and is not a folder; choose another")
        held = next(one for one in (out, *out.absolute().parents) if one.exists())
        if not held.is_dir():
            raise RefusedError(f"--out {out}: {held} is not a folder; choose another")
        if not os.access(held, os.W_OK | os.X_OK):
            raise RefusedError(f"--out {out}: {held} cannot be written to; choose another")
        limit = os.pathconf(held, "PC_NAME_MAX")
        if any(len(os.fsencode(part)) > limit for part in out.parts):
            raise RefusedError(f"--out {str(out)[:60]}...: a name of more than {limit} bytes; choose another")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RefusedError(f"--out {str(out)[:60]}: {reason}; choose another") from None


def cut_down(plan: Plan, name: str, only: Sequence[str], claims: Sequence[Claim]) -> Plan:
    """What a plan of that name has about these statements and claims. Raises RefusedError where that is nothing."""
    own = {bound for statement in plan.statements for bound in bounds_of(statement)}
    known = {*(bound.id for bound in theory.bounds()), *own, *plan.statements, *(claim.id for claim in claims)}
    unknown = [one for one in only if one not in known]
    if unknown:
        expected = ", ".join(sorted(known))
        hint = near(unknown[0], known)
        raise RefusedError(f"--only {','.join(unknown)}: unknown{hint}; expected statement IDs among {expected}")
    cut = plan.only(set(only).union(*(measured_statements(one) for one in claims if one.id in only)))
    if not cut.tasks:
        raise RefusedError(f"--only {','.join(only)}: nothing in plan {name} measures it")
    return cut


def _device(name: str) -> str:
    try:
        return str(empirics.device(name))
    except ValueError as error:
        raise RefusedError(f"--device {name}: {error}") from None


def _shard(text: str | None) -> tuple[int, int] | None:
    """I and N of I/N."""
    if text is None:
        return None
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise RefusedError(f"--shard {text}: expected I/N with 1 <= I <= N, such as 1/3")
    return int(index), int(count)


def _scheduler(text: str | None) -> str | None:
    """The address of a scheduler: HOST:PORT, perhaps after the name of a protocol that dask speaks between machines."""
    if text is None:
        return None
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 2**16:
        expected = "expected tcp://HOST:PORT, such as tcp://127.0.0.1:8786"
        raise RefusedError(f"--scheduler {text[:60]}: {expected}")
    return text


def _jobs(jobs: int | None, device: str) -> int:
    """Worker processes: as many as were asked for, and no more than there are processors, or GPUs where they run."""
    if jobs is not None and jobs < 1:
        raise RefusedError(f"--jobs {jobs}: expected at least one worker process")
    at_hand, what = (len(gpus(device)), "GPUs") if device.startswith("cuda") else (processors(), "processors")
    if jobs is not None and jobs > at_hand:
        typer.echo(f"--jobs {jobs}: {at_hand} {what} are at hand, so many processes are started", err=True)
    return min(jobs or at_hand, at_hand)


def default_jobs(device: str) -> int:
    """Worker processes where nobody says how many: the processors at hand, and one beside a GPU."""
    return 1 if device.startswith("cuda") else processors()


def gpus(device: str) -> list[str]:
    """CUDA's names of the GPUs that this process may use, where cells run on GPUs; none where they do not."""
    if not device.startswith("cuda"):
        return []
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    count = torch.cuda.device_count()
    return [name.strip() for name in named[:count]] if any(named) else [str(place) for place in range(count)]


def processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
