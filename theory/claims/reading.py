"""A user's own bounds, from a strict TOML file: what is claimed to bound what, and under which hypotheses.

Nothing in the file is evaluated as code: right sides and hypotheses go through the grammar of `theory.claims`. Every
mistake is one line that names the file, the line and what is expected.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from theory.claims.grammar import FUNCTIONS, GrammarError, read_comparison, read_written
from theory.claims.measured import MEASURED, Measured
from theory.language.algebra import Expr
from theory.language.errors import InputError, near
from theory.language.homogeneity import UnitError, unit_of
from theory.language.modes import MODE_NAMES, MODE_OF
from theory.language.records import CLAIM, Formula, Hypothesis, Line, Statement, formula
from theory.language.symbols import POSITIVE, REAL, F0_gap, Symbol, introduce
from theory.language.units import NUMBER, Unit
from theory.tables import Table, default_table

_KEYS = ("id", "measures", "rhs", "hypotheses", "source", "modes", "assumes", "constants")
_REQUIRED = ("id", "measures", "rhs")
_ASSUMPTIONS = {"A6": "mu", "A7": "mu_F"}
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_CONSTANT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,15}")
_LARGEST_FILE = 1 << 20
_LONGEST_LINE = 4000
_FREE = "free"


class ClaimError(InputError):
    """A claims file that cannot be read: the file, the line, and what is expected there."""


@dataclass(frozen=True)
class Claim:
    """A bound that somebody states: its right side as an expression, None where it is not filled in yet.

    written: parts of the right side as it stands in the file that must have a value besides.
    """

    id: str
    measures: Measured
    text: str
    expression: Expr | None
    hypotheses: tuple[Hypothesis, ...]
    source: str
    modes: tuple[str, ...]
    assumes: tuple[str, ...]
    constants: tuple[str, ...]
    place: str
    origin: str = ""
    source_text: str = field(default="", repr=False)
    written: tuple[Expr, ...] = ()

    @property
    def filled(self) -> bool:
        """Whether there is a right side to check."""
        return self.expression is not None

    @property
    def checkable(self) -> bool:
        """Whether the right side has a value: it is filled in and has no constant of unknown value."""
        return self.filled and not self.constants

    @property
    def unit_note(self) -> str:
        """Empty, or how the unit of the right side differs from that of what it bounds: often a lost factor."""
        assert self.expression is not None
        try:
            found = unit_of(self.expression)
        except UnitError as error:
            return str(error)
        if found is None or found == self.measures.unit:
            return ""
        return f"the right side has the unit {found}, what it bounds has {self.measures.unit}"

    def fixed(self, **constants: Expr) -> Claim:
        """The claim with values in place of its free constants."""
        assert self.expression is not None
        values = {_constant(name): value for name, value in constants.items()}
        written = tuple(part.subs(values) for part in self.written)
        left = tuple(name for name in self.constants if name not in constants)
        return replace(self, expression=self.expression.subs(values), constants=left, written=written)

    def formula(self) -> Formula:
        """The right side as a formula of the table.

        A claim about one round is stated with F(w_k) - F_low added to both sides, as T1 is.
        """
        right = F0_gap + self.expression if self.measures.shifted else self.expression
        source, more = self.source or self.place, {"hypotheses": self.hypotheses, "written": self.written}
        return formula(self.symbol, right, source, provenance=CLAIM, **more)

    @property
    def symbol(self) -> Symbol:
        """What the claimed right side is called."""
        return _named(self.id, self.measures.unit, f"claimed bound: {self.measures.words}", range=REAL)

    def statement(self) -> Statement:
        """The claim as a statement, so that it is printed and judged like any other."""
        return Statement(
            id=self.id,
            title=f"claim on {self.measures.words}",
            claim=f"Stated in {self.source or self.place} and registered as a claim: nothing here proves it.",
            measures=self.measures.name,
            quantities=(self.symbol,),
            kind=self.measures.kind,
            lines=(Line(self.measures.latex, self.symbol),),
            proof="A claim: this report checks it on instances and does not prove it.",
            assumptions=(*self.measures.assumptions, *self.assumes),
            modes=tuple(MODE_OF[name] for name in self.modes),
            source=self.source or self.place,
            provenance=CLAIM,
        )


def _named(name: str, unit: Unit, meaning: str, **more: Any) -> Symbol:
    latex = name if len(name) == 1 else rf"\mathrm{{{name.replace('_', '-')}}}"
    return introduce(name, latex, unit, meaning, **more)


def _constant(name: str) -> Symbol:
    return _named(name, NUMBER, "a constant of unknown value", range=POSITIVE, rank=900)


def with_claims(table: Table, claims: Iterable[Claim]) -> Table:
    r"""The table with every checkable claim beside the built-in bounds.

    >>> text = '[[claim]]\nid = "mine"\nmeasures = "L_F"\nrhs = "4*L"'
    >>> with_claims(default_table(), parse_claims(text, "a.toml")).quantity("mine").value(L=2)
    8.0
    """
    chosen = [claim for claim in claims if claim.checkable]
    formulas = {**table.formulas, **{claim.id: claim.formula() for claim in chosen}}
    return Table(formulas, {**table.statements, **{claim.id: claim.statement() for claim in chosen}})


def read_claims(paths: Iterable[str | Path]) -> tuple[Claim, ...]:
    """Every claim of several files, identifiers unique over all of them.

    Raises:
        ClaimError: a file is missing, not text, not TOML, or a claim in it is wrong.
    """
    found: dict[str, Claim] = {}
    for path in paths:
        for claim in parse_claims(_text(Path(path)), str(path)):
            if claim.id in found:
                raise ClaimError(f"{claim.place}: id {claim.id!r} is already used at {found[claim.id].place}")
            found[claim.id] = claim
    return tuple(found.values())


def _text(path: Path) -> str:
    try:
        if path.stat().st_size <= _LARGEST_FILE:
            return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ClaimError(f"{path}: cannot be read: {reason}") from None
    raise ClaimError(f"{path}:1: {path.stat().st_size} bytes, at most {_LARGEST_FILE} are read; split the file")


def parse_claims(text: str, origin: str) -> tuple[Claim, ...]:
    """The claims of one file.

    Raises:
        ClaimError: not TOML, an unknown key or name, a wrong type, a right side outside the grammar, a repeated id.
    """
    lines = _Lines(text, origin)
    lines.refuse_long()
    raw = _toml(text, lines)
    unknown = [key for key in raw if key != "claim"]
    if unknown:
        hint = near(unknown[0], ["claim"])
        raise lines.error(f"unknown key {unknown[0]!r}{hint}; a claims file has [[claim]] tables only", key=unknown[0])
    entries = raw.get("claim", [])
    if not isinstance(entries, list) or len(lines.headers) != len(entries):
        raise lines.error("write every claim as its own [[claim]] table")
    if not entries:
        raise lines.error("no [[claim]] table in the file")
    found: dict[str, Claim] = {}
    for index, entry in enumerate(entries):
        claim = _Reading(entry, index, lines).claim()
        if claim.id in found:
            raise lines.error(f"id {claim.id!r} is already used at {found[claim.id].place}", index, "id")
        found[claim.id] = claim
    return tuple(found.values())


def _toml(text: str, lines: _Lines) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        reason = re.sub(r"\s*\(at .*\)$", "", str(error))
        number = int(at[1]) if at else len(text.splitlines()) or 1
        raise ClaimError(f"{lines.origin}:{number}: not valid TOML: {reason}") from None
    except RecursionError:
        raise lines.error("not read: arrays or tables nested too deeply") from None
    except ValueError as error:
        raise lines.error(f"not valid TOML: {str(error)[:120]}") from None


@dataclass(frozen=True)
class _Lines:
    """Where in the text the claims and their keys stand."""

    text: str
    origin: str
    headers: tuple[int, ...] = field(init=False)
    _lines: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        lines, inside = [], ""
        for line in self.text.split("\n"):
            lines.append("" if inside else line)
            for quote in re.findall(r'"""|\'\'\'', line):
                inside = "" if quote == inside else inside or quote
        headers = [number for number, line in enumerate(lines) if re.match(r"\s*\[\[\s*[\"']?claim[\"']?\s*\]\]", line)]
        object.__setattr__(self, "_lines", tuple(lines))
        object.__setattr__(self, "headers", tuple(headers))

    def refuse_long(self) -> None:
        for number, line in enumerate(self.text.split("\n")):
            if len(line) > _LONGEST_LINE:
                raise ClaimError(
                    f"{self.origin}:{number + 1}: {len(line)} characters, a line has at most {_LONGEST_LINE}"
                )

    def number(self, index: int | None, key: str) -> int:
        start = 0 if index is None or index >= len(self.headers) else self.headers[index]
        end = len(self._lines) if index is None or index + 1 >= len(self.headers) else self.headers[index + 1]
        for number in range(start, end):
            if key and re.match(
                rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]|\s*\[+\s*{re.escape(key)}", self._lines[number]
            ):
                return number + 1
        return start + 1

    def error(self, message: str, index: int | None = None, key: str = "") -> ClaimError:
        return ClaimError(f"{self.origin}:{self.number(index, key)}: {message}")


@dataclass(frozen=True)
class _Reading:
    """One [[claim]] table being read."""

    entry: Mapping[str, Any]
    index: int
    lines: _Lines

    def claim(self) -> Claim:
        for key in self.entry:
            if key not in _KEYS:
                raise self.error(f"unknown key {key!r}{near(key, _KEYS)}; expected {', '.join(_KEYS)}", key)
        for key in _REQUIRED:
            if key not in self.entry:
                raise self.error(f"the claim has no {key}; expected {', '.join(_REQUIRED)}", "")
        id, measures = self.id(), self.measures()
        assumes = self.listed("assumes", tuple(_ASSUMPTIONS))
        constants = self.constants()
        names = self.names(assumes, constants)
        text = self.string("rhs")
        expression, written = self.read("rhs", lambda: read_written(text, names)) if text.strip() else (None, ())
        if measures.shifted and expression is not None and expression.has(F0_gap):
            raise self.error("F0_gap stands for the shift of both sides in one_round_change; leave it out", "rhs")
        used = set() if expression is None else {str(item) for item in expression.free_symbols}
        idle = [name for name in constants if name not in used]
        if idle and expression is not None:
            raise self.error(f"the constant {idle[0]} does not occur in rhs", "constants")
        place = f"{self.lines.origin}:{self.lines.number(self.index, 'id')}"
        modes = self.listed("modes", MODE_NAMES) or measures.default_modes
        silent = [mode for mode in modes if mode not in measures.modes]
        if silent:
            raise self.error(
                f"{measures.name} does not exist for mode {silent[0]}; expected {', '.join(measures.modes)}", "modes"
            )
        return Claim(
            id, measures, text, expression, self.hypotheses(names), self.string("source", ""), modes, assumes,
            constants, place, self.lines.origin, self.lines.text, written,
        )  # fmt: skip

    def error(self, message: str, key: str) -> ClaimError:
        return self.lines.error(message, self.index, key)

    def string(self, key: str, default: str | None = None) -> str:
        value = self.entry.get(key, default)
        if not isinstance(value, str):
            raise self.error(f"{key} = {str(value)[:60]}: expected a text in quotes", key)
        return value

    def id(self) -> str:
        id = self.string("id")
        if not _ID.fullmatch(id):
            raise self.error(f"id {id[:70]!r}: expected a letter and up to 63 of letters, digits, '.', '_', '-'", "id")
        table = default_table()
        if id in table.symbols or id in table.statements:
            raise self.error(f"id {id!r} is already used by the theory; choose another", "id")
        return id

    def measures(self) -> Measured:
        name = self.string("measures")
        if name not in MEASURED:
            hint = near(name[:60], MEASURED)
            raise self.error(f"measures {name[:60]!r}{hint}: expected one of {', '.join(MEASURED)}", "measures")
        return MEASURED[name]

    def listed(self, key: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        values = self.entry.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.error(f"{key}: expected a list of texts among {', '.join(allowed)}", key)
        for value in values:
            if value not in allowed:
                hint = near(value[:60], allowed)
                raise self.error(f"{key}: {value[:60]!r} is unknown{hint}; expected {', '.join(allowed)}", key)
        return tuple(dict.fromkeys(values))

    def constants(self) -> tuple[str, ...]:
        given = self.entry.get("constants", {})
        if not isinstance(given, dict):
            raise self.error(f'constants: expected a table such as {{ c = "{_FREE}" }}', "constants")
        known = {*FUNCTIONS, *default_table().symbols}
        for name, value in given.items():
            if not _CONSTANT.fullmatch(name) or name in known:
                raise self.error(
                    f"constants: {name[:40]!r} is not a free name; expected letters and digits", "constants"
                )
            if value != _FREE:
                raise self.error(f'constants: {name} = {str(value)[:40]!r}: expected "{_FREE}"', "constants")
        return tuple(given)

    def names(self, assumes: tuple[str, ...], constants: tuple[str, ...]) -> dict[str, Expr]:
        """What may occur: inputs, quantities of the theory, free constants; mu and mu_F only where assumed."""
        hidden = {key for assumption, key in _ASSUMPTIONS.items() if assumption not in assumes}
        known = {name: symbol for name, symbol in default_table().symbols.items() if name not in hidden}
        return known | {name: _constant(name) for name in constants}

    def read(self, key: str, reader: Any, *, what: str = "") -> Any:
        try:
            return reader()
        except GrammarError as error:
            text = str(error)
            for assumption, name in _ASSUMPTIONS.items():
                if f"{name!r}: unknown name" in text:
                    text = f'{text.split(": unknown")[0]}: needs assumes = ["{assumption}"]'
            raise self.error(f"{key}{what}: {text}", key) from None
        except (RecursionError, OverflowError, MemoryError):
            raise self.error(f"{key}{what}: too large to be read", key) from None

    def hypotheses(self, names: Mapping[str, Expr]) -> tuple[Hypothesis, ...]:
        given = self.entry.get("hypotheses", [])
        if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
            raise self.error('hypotheses: expected a list of texts such as ["alpha*L <= 1"]', "hypotheses")
        found = []
        for place, text in enumerate(given, start=1):
            compared = self.read(
                "hypotheses", lambda text=text: read_comparison(text, names), what=f" (number {place})"
            )
            sides = compared.left, compared.relation, compared.right
            found.append(Hypothesis(" ".join(text.split()), *sides, written=compared.written))
        return tuple(found)
