"""What a finished report says of itself: what was asked for, with which versions, which record a row was read off."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reports import __version__
from reports.analyses.claims import stored
from reports.judging import statistics
from reports.plans.plan import PROFILES
from reports.records.attempts import Failure
from reports.records.execution import Outcome
from reports.records.seeded_cell import MOST_LOOKS, SeededCell, key_of
from reports.records.sources import code_version, own_version
from reports.request import Request
from reports.studies.study import StudyResult

NAME = "manifest.json"
_LIBRARIES = (
    *("torch", "numpy", "scipy", "sympy", "python-flint", "pandas", "matplotlib", "scikit-learn", "joblib", "pydantic"),
)
# what differs between two computations of the same report, and what only a program reads
_APART = ("where", "outputs", "contents")


class ManifestError(ValueError):
    """A manifest that is not there or cannot be read: one line that says what is wrong with it."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Where(_Strict):
    """How it was computed, which changes nothing else: the command, its folders, processes, machine and seconds."""

    command: list[str]
    folder: str
    working_folder: str
    host: str
    jobs: int
    seconds: dict[str, float]


class Refinement(_Strict):
    """More replicas where samples left a row open: for how many seconds, and the cells that are at a further look.

    looks: by the key of a cell's record at its first look.
    """

    seconds: float = Field(gt=0)
    looks: dict[str, Annotated[int, Field(ge=2, le=MOST_LOOKS)]]


class Manifest(_Strict):
    """manifest.json.

    failed: the cells that gave no record, each by its key, in words, and why. refinement: None where samples did not
    grow. contents: the plan as it was run, every cell written out. code, own_code: SHA-256 of the sources of ours and,
    by MODULE:NAME or path, of a user's modules and data that decide what is recorded. outputs: the SHA-256 of every
    file of the report by its path.
    """

    distribution: str
    version: str
    plan: str
    title: str
    only: list[str]
    task: str | None
    data: str | None = None
    model: str | None = None
    device: str
    seed: int
    seeds: int
    error_level: float
    python: str
    platform: str
    versions: dict[str, str | None]
    code: str
    own_code: dict[str, str]
    cells: int
    family: int
    claims: list[dict[str, str]]
    own: list[str]
    row_records: dict[str, str]
    records: list[str]
    failed: list[dict[str, str]]
    refinement: Refinement | None = None
    studies: dict[str, str]
    study_records: list[str]
    contents: dict[str, Any]
    where: Where
    outputs: dict[str, str]

    @classmethod
    def read(cls, out: Path) -> Manifest:
        """The manifest of a folder. Raises ManifestError where there is none that this version can read."""
        try:
            return cls.model_validate_json((out / NAME).read_bytes())
        except FileNotFoundError:
            raise ManifestError(f"--out {out}: no {NAME}; build the report there first") from None
        except OSError as error:
            raise ManifestError(f"--out {out}: {NAME} cannot be read: {error}") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the whole"
            raise ManifestError(
                f"--out {out}: {NAME} is damaged or of another version: {place}: {first['msg'].splitlines()[0]}; "
                "build the report again"
            ) from None

    @property
    def stated(self) -> dict[str, Any]:
        """What page and appendix show of it: equal however the report was computed."""
        apart = {*_APART, *(() if self.refinement else ("refinement",))}
        return self.model_dump(exclude=apart) | {"command": self.command}

    @property
    def command(self) -> list[str]:
        """The command that builds this report, wherever it is given."""
        name = "--profile" if self.plan in PROFILES else "--plan"
        words = ["python", "-m", "reports.build", name, self.plan, "--device", self.device]
        for option, value, default in (
            ("--seed", self.seed, 0),
            ("--seeds", self.seeds, 1),
            ("--task", self.task, None),
            ("--refine", None if self.refinement is None else f"{self.refinement.seconds:g}", None),
            ("--data", self.data, None),
            ("--model", self.model, None),
        ):
            words += [] if value == default else [option, str(value)]
        words += ["--only", ",".join(self.only)] if self.only else []
        return [*words, *(word for file in self.claims for word in ("--claims", file["file"]))]

    @property
    def text(self) -> bytes:
        """The file."""
        return (json.dumps(self.model_dump(mode="json"), indent=1, allow_nan=False) + "\n").encode()


def manifest_of(
    request: Request, outcomes: Sequence[Outcome], family: int, studies: Sequence[StudyResult],
    failed: Sequence[Failure], where: Where, made: Mapping[str, Any] | None = None,
    looks: Mapping[str, int] | None = None,
) -> Manifest:  # fmt: skip
    """The manifest of a report whose files are still to be made, hence without their hashes.

    made: what made it, as `made_here` says it unless another version's report is written again. looks: see `looks_of`.
    """
    plan = request.plan
    return Manifest(
        distribution="meta-fedavg-bounds",
        plan=request.plan_name,
        title=plan.title,
        only=list(request.only),
        task=request.task,
        data=request.data,
        model=request.model,
        device=request.device,
        seed=request.seed,
        seeds=request.seeds,
        error_level=statistics.FAMILY_WISE_LEVEL,
        **(made_here([*plan.outside, *plan.files]) if made is None else made),
        cells=len(outcomes),
        family=family,
        claims=stored(request.claims),
        own=list(plan.own_statements),
        row_records={measurement.row_id: outcome.key for outcome in outcomes for measurement in outcome.measurements},
        records=[outcome.key for outcome in outcomes],
        failed=[{"key": one.key, "cell": one.cell, "reason": one.reason} for one in failed],
        refinement=None if request.refine is None else Refinement(seconds=request.refine, looks=dict(looks or {})),
        studies={study.name: study.headline for study in studies},
        study_records=[key for study in studies for key in study.records],
        contents=plan.model_dump(mode="json"),
        where=where,
        outputs={},
    )


def looks_of(work: Sequence[SeededCell]) -> dict[str, int]:
    """The cells at a further look than the first: by their keys at that, which one."""
    return {key_of(one.looked_at(1)): one.look for one in work if one.look is not None and one.look > 1}


def made_here(own: Sequence[str] = ()) -> dict[str, Any]:
    """What makes a report here: our version, Python, the platform, libraries, and the sources; own: MODULE:NAMEs."""
    return {
        "version": __version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "versions": {name: _version(name) for name in _LIBRARIES},
        "code": code_version(),
        "own_code": own_version(own),
    }


def _version(name: str) -> str | None:
    """None for a library that is there without being installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
