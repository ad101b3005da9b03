"""A finished output folder as it is read: its manifest, its plan and claims, its records, its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reports.analyses.claims import restored
from reports.judging.rows import Row, VerdictFile
from reports.manifest import Manifest, ManifestError
from reports.plans.plan import Plan
from reports.records.attempts import Failure
from reports.records.seeded_cell import SeededCell, Sources, key_of, seeded_cells
from reports.records.store import Store
from reports.request import Request, default_jobs
from theory.claims.reading import ClaimError


class RecheckError(ValueError):
    """An output folder that cannot be questioned, with what is missing."""


@dataclass(frozen=True)
class Finished:
    """The folder of an earlier build."""

    out: Path
    manifest: Manifest

    @classmethod
    def read(cls, out: Path) -> Finished:
        """The folder of an earlier build. Raises RecheckError when there is none, or none that can be read."""
        try:
            found = cls(out, Manifest.read(out))
        except ManifestError as error:
            raise RecheckError(str(error)) from None
        older = found.store.older()
        if older and not found.store.present(found.manifest.records):
            raise RecheckError(f"--out {out}: {older}; build the report again")
        return found

    @property
    def store(self) -> Store:
        """Its records."""
        return Store(self.out / "records")

    @cached_property
    def request(self) -> Request:
        """What was asked for, as the manifest has it. Raises RecheckError where that is not a plan or not claims."""
        stored = self.manifest
        try:
            plan = Plan.model_validate(stored.contents)
            claims = restored(stored.claims)
            if stored.seeds < 1 or stored.seed < 0:
                raise RecheckError(f"seed = {stored.seed}, seeds = {stored.seeds}: no report has these")
        except (ValidationError, ClaimError, KeyError) as error:
            raise RecheckError(f"manifest.json: plan or claims: {error}".splitlines()[0]) from None
        return Request(
            plan, stored.plan, self.out, stored.device, stored.seed, stored.seeds, default_jobs("cpu"), claims,
            tuple(stored.only), stored.task, stored.data, stored.model, stored.where.command,
            refine=None if stored.refinement is None else stored.refinement.seconds,
        )  # fmt: skip

    @cached_property
    def cells(self) -> list[SeededCell]:
        """Its cells that gave a record, as they were when it was made."""
        stored, failed = self.manifest, {one.key for one in self.failed}
        sources = Sources(stored.code, stored.own_code)
        cells = seeded_cells(
            self.request.plan, seed=stored.seed, seeds=stored.seeds, device=stored.device, sources=sources,
            looks=None if stored.refinement is None else stored.refinement.looks,
        )  # fmt: skip
        return [one for one in cells if not failed or key_of(one) not in failed]

    @property
    def failed(self) -> list[Failure]:
        """Its cells that gave none, as far as the report speaks of them."""
        return [Failure(one["key"], one["cell"], one["reason"], "", "") for one in self.manifest.failed]

    def rows(self) -> list[Row]:
        """The rows of verdicts.json. Raises RecheckError for a file that cannot be read."""
        try:
            return VerdictFile.model_validate_json((self.out / "verdicts.json").read_bytes()).rows
        except OSError as error:
            raise RecheckError(f"--out {self.out}: verdicts.json cannot be read: {error}") from None
        except ValidationError as error:
            why = error.errors()[0]["msg"].splitlines()[0]
            raise RecheckError(
                f"--out {self.out}: verdicts.json is damaged or of another version: {why}; --check says more"
            ) from None


def read_json(path: Path) -> Any:
    """A JSON file in which no name stands twice. Raises ValueError that says what is wrong with it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except FileNotFoundError:
        raise ValueError("is not there") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"cannot be read: {error}".splitlines()[0]) from None


def _once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} stands twice")
    return dict(pairs)
