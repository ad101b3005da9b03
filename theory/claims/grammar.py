"""The grammar of a user's own right sides and hypotheses: a small reader, so that nothing is ever evaluated as code.

    comparison  = sum ("<=" | "<" | ">=" | ">" | "==") sum
    sum         = product { ("+" | "-") product }
    product     = signed { ("*" | "/") signed }
    signed      = { "+" | "-" } power
    power       = atom [ "**" signed ]
    atom        = number | name | function "(" sum { "," sum } ")" | "(" sum ")"

Functions: sqrt, exp, log, abs, min, max, S(j, x), sum(expression, l, low, high) with an index l, j or t. Length and
nesting are looked at before the first symbol is read, and no number may outgrow a fixed size, so that reading takes
time in proportion to the text whatever it says.

An expression is simplified as it is read, so that 0/(1 - alpha L) becomes 0. Whatever may be no real, finite number is
kept beside it as it was written: where it has no value, the whole has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy

from theory.enclosure.programs import counter, program
from theory.language.algebra import Expr, Kept, S
from theory.language.errors import near
from theory.language.signs import always_positive, never_negative
from theory.language.symbols import INDICES, KNOWN

LONGEST = 2000
DEEPEST = 50
LARGEST_EXPONENT = 10_000
RELATIONS = ("<=", ">=", "==", "<", ">")
_LARGEST_BITS = 14_000  # of a number: Python writes no more than 4300 digits
_SMALL = 16
_WRITTEN_OUT = 1_024  # bits of a power that is multiplied out
_MOST_ARGUMENTS = 16
_LARGEST_DECADE = 400
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)?)"
    r"|(?P<sign>\*\*|<=|>=|==|[-+*/(),<>]))",
    re.ASCII,
)
_SUM_INDICES = tuple(index.name for index in INDICES)


class GrammarError(ValueError):
    """A text that is not in the grammar: what is wrong, where, and what is expected there."""


@dataclass(frozen=True)
class Comparison:
    """Two sides and the relation between them; `written` is what must have a value besides."""

    left: Expr
    relation: str
    right: Expr
    written: tuple[Expr, ...] = ()


def read_expression(text: str, names: Mapping[str, Expr]) -> Expr:
    """The expression a text stands for, over the given names.

    >>> read_expression("4**nu*L + alpha", KNOWN)
    4**nu*L + alpha

    Raises:
        GrammarError: the text is too long, too deep, or not in the grammar; an exponent is not a count or a half.
    """
    return read_written(text, names)[0]


def read_written(text: str, names: Mapping[str, Expr]) -> tuple[Expr, tuple[Expr, ...]]:
    """The expression a text stands for, and those of its parts that must have a value besides.

    >>> read_written("L*(1 - L)/(1 - L)", KNOWN)
    (L, (1/(1 - L),))

    Raises:
        GrammarError: as for an expression.
    """
    reader = _Reader(text, names)
    result = reader.sum()
    reader.end()
    return _evaluable(result), reader.kept(result)


def read_comparison(text: str, names: Mapping[str, Expr]) -> Comparison:
    """The two sides and the relation of a hypothesis such as `alpha*L <= 1`.

    >>> read_comparison("alpha <= 1", KNOWN).relation
    '<='

    Raises:
        GrammarError: as for an expression, or there is not exactly one comparison.
    """
    reader = _Reader(text, names)
    left = reader.sum()
    relation = reader.take() if reader.peek() in RELATIONS else ""
    if not relation:
        raise reader.error(f"expected one of {', '.join(RELATIONS)}")
    right = reader.sum()
    reader.end()
    return Comparison(_evaluable(left), relation, _evaluable(right), reader.kept(left - right))


def _evaluable(expression: Expr) -> Expr:
    try:
        program(expression)
    except TypeError as error:
        raise GrammarError(f"cannot be evaluated: {str(error)[:160]}") from None
    return expression


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """(kind, text, column) of every token."""
    if len(text) > LONGEST:
        raise GrammarError(f"{len(text)} characters, at most {LONGEST} are read")
    found, place = [], 0
    end = len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            column = place + len(text[place:]) - len(text[place:].lstrip())
            hint = "; write ** for a power" if text[column] == "^" else ""
            raise GrammarError(f"column {column + 1}: {text[column]!r} is not part of the grammar{hint}")
        kind = str(match.lastgroup)
        found.append((kind, match[kind], match.start(kind)))
        place = match.end()
    depth = 0
    for _, token, column in found:
        depth += (token == "(") - (token == ")")
        if depth > DEEPEST:
            raise GrammarError(f"column {column + 1}: brackets deeper than {DEEPEST}")
    return found


class _Reader:
    """A recursive-descent reader with a counted depth."""

    def __init__(self, text: str, names: Mapping[str, Expr]) -> None:
        self.names = {name: value for name, value in names.items() if name not in _SUM_INDICES}
        self.tokens = _tokens(text)
        self.place = 0
        self.depth = 0
        self.sums = 0
        self.written: dict[Expr, None] = {}  # an ordered set
        if not self.tokens:
            raise GrammarError("empty; expected an expression")

    def peek(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise self.error(f"expected {expected!r}" if expected else "expected a number, a name or a bracket")
        self.place += 1
        return token

    def error(self, message: str) -> GrammarError:
        if self.place >= len(self.tokens):
            return GrammarError(f"at the end: {message}")
        _, token, column = self.tokens[self.place]
        return GrammarError(f"column {column + 1}: {token[:40]!r}: {message}")

    def kept(self, result: Expr) -> tuple[Expr, ...]:
        """What was written and must have a value; a quantity only where it is cancelled from the result."""
        left = result.free_symbols
        return tuple(_evaluable(part) for part in self.written if not (part.is_Symbol and part in left))

    def keep(self, part: Expr) -> Expr:
        """The part itself; kept as well where it may have no value."""
        if not part.is_Number:
            self.written[part] = None
        return part

    def end(self) -> None:
        if self.place < len(self.tokens):
            raise self.error("expected the end or an operator")

    def sum(self) -> Expr:
        total = self.product()
        while self.peek() in ("+", "-"):
            positive = self.take() == "+"
            term = self.product()
            total = self.checked(total + term if positive else total - term)
        return total

    def product(self) -> Expr:
        total = self.signed()
        while self.peek() in ("*", "/"):
            divide = self.take() == "/"
            factor = self.signed()
            if divide and factor == 0:
                raise self.error("division by zero")
            if divide and not always_positive(factor):
                self.keep(1 / factor)
            total = self.checked(total / factor if divide else total * factor)
        return total

    def signed(self) -> Expr:
        negative = False
        while self.peek() in ("+", "-"):
            negative ^= self.take() == "-"
        value = self.power()
        return -value if negative else value

    def power(self) -> Expr:
        base = self.atom()
        if self.peek() != "**":
            return base
        self.take()
        self.deeper()
        exponent = self.signed()
        self.depth -= 1
        return self.raised(base, exponent)

    def raised(self, base: Expr, exponent: Expr) -> Expr:
        size = _largest_coefficient(exponent)
        if size > LARGEST_EXPONENT:
            raise self.error(f"an exponent beyond {LARGEST_EXPONENT}")
        if exponent.is_Rational and exponent.q > 2:
            raise self.error(f"the exponent {exponent} is neither a count nor a half")
        if not exponent.is_Rational:
            _require_count(exponent, self)
        number = base if base.is_Rational else base.as_coeff_Mul()[0]
        if base == 0 and exponent.is_negative:
            raise self.error("division by zero")
        if exponent.is_Integer and abs(number) != 1 and _bits(number) * int(size) > _WRITTEN_OUT:
            result = Kept(number) ** exponent * (base / number) ** exponent
        else:
            result = base**exponent
        if not (always_positive(base) or (exponent.is_integer and never_negative(exponent))):
            self.keep(result)
        powers = result.atoms(sympy.Pow) if size > 1 else ()
        if any(_largest_coefficient(one.exp) > LARGEST_EXPONENT for one in powers):
            raise self.error(f"an exponent beyond {LARGEST_EXPONENT}")
        return self.checked(result)

    def atom(self) -> Expr:
        if self.place >= len(self.tokens):
            raise self.error("expected a number, a name or a bracket")
        kind, token, _ = self.tokens[self.place]
        if kind == "number":
            self.place += 1
            return self.checked(self.number(token))
        if kind == "name":
            following = self.tokens[self.place + 1][1] if self.place + 1 < len(self.tokens) else ""
            return self.call(token) if following == "(" else self.name(token)
        if token != "(":
            raise self.error("expected a number, a name or a bracket")
        self.take()
        self.deeper()
        inner = self.sum()
        self.take(")")
        self.depth -= 1
        return inner

    def number(self, token: str) -> Expr:
        exponent = re.split("[eE]", token)[1:]
        if exponent and (len(exponent[0]) > 5 or abs(int(exponent[0])) > _LARGEST_DECADE):
            raise self.error(f"beyond 1e+-{_LARGEST_DECADE}")
        return sympy.Rational(token)

    def name(self, token: str) -> Expr:
        if token not in self.names:
            raise self.error(f"unknown name{near(token, (*self.names, *_FUNCTIONS))}")
        self.take()
        found = self.names[token]
        return found if token in KNOWN else self.keep(found)

    def call(self, token: str) -> Expr:
        if token not in _FUNCTIONS:
            known = ", ".join(_FUNCTIONS)
            raise self.error(f"unknown function{near(token, _FUNCTIONS)}; known: {known}")
        at = self.place
        self.take()
        self.take("(")
        self.deeper()
        arguments = self.sum_arguments() if token == "sum" else self.arguments()
        self.take(")")
        self.depth -= 1
        low, high = _FUNCTIONS[token][1]
        if not low <= len(arguments) <= high:
            self.place = at
            wanted = str(low) if low == high else f"{low} to {high}"
            raise self.error(f"takes {wanted} arguments, found {len(arguments)}")
        if token in ("S", "sum"):
            for count in arguments[:1] if token == "S" else arguments[2:]:
                _require_count(count, self)
        result = self.checked(_FUNCTIONS[token][0](*arguments))
        defined = {"sqrt": never_negative, "log": always_positive}.get(token)
        return result if defined is None or defined(arguments[0]) else self.keep(result)

    def arguments(self) -> list[Expr]:
        found = [self.sum()]
        while self.peek() == ",":
            self.take()
            found.append(self.sum())
        return found

    def sum_arguments(self) -> list[Expr]:
        """The body is read after the index is known: it is found behind the first comma at this depth."""
        start, level = self.place, 0
        while self.peek() and not (self.peek() == "," and level == 0):
            level += (self.peek() == "(") - (self.peek() == ")")
            self.place += 1
        if not self.peek():
            raise self.error("sum takes sum(expression, index, low, high)")
        self.take(",")
        index = self.peek()
        if index not in _SUM_INDICES:
            raise self.error(f"expected the index {', '.join(_SUM_INDICES)}")
        if index in self.names:
            raise self.error("this index is already in use")
        if self.sums:
            raise self.error("a sum inside a sum; write the inner one as S(j, x)")
        self.sums += 1
        self.place, self.names[index] = start, KNOWN[index]
        outside, self.written = self.written, {}
        body = self.sum()
        inside, self.written = self.written, outside
        del self.names[index]
        self.take(",")
        self.take(index)
        self.take(",")
        low = self.sum()
        self.take(",")
        high = self.sum()
        if not never_negative(low):
            raise self.error(f"the lower limit {low} must be a count that is never negative")
        self.sums -= 1
        for part in inside:
            self.keep(part if part.is_Symbol else sympy.Sum(part, (KNOWN[index], low, high)))
        return [body, KNOWN[index], low, high]

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"deeper than {DEEPEST}")

    def checked(self, value: Expr) -> Expr:
        if value.has(sympy.I, sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
            raise self.error("not a real number (a division by zero or the root of a negative number)")
        number = value if value.is_Rational else value.as_coeff_Mul()[0]
        if number.is_Rational and _bits(number) > _LARGEST_BITS:
            raise self.error(f"a number of more than {_LARGEST_BITS} bits")
        return value


def _bits(number: Expr) -> int:
    return max(int(number.p).bit_length(), int(number.q).bit_length())


def _largest_coefficient(exponent: Expr) -> Expr:
    """The largest number in an exponent."""
    numbers = [abs(item) for item in exponent.atoms(sympy.Rational)]
    return max(numbers, default=sympy.Integer(1))


def _require_count(expression: Expr, reader: _Reader) -> None:
    if _largest_coefficient(expression) > LARGEST_EXPONENT:
        raise reader.error(f"a count beyond {LARGEST_EXPONENT}")
    fractional = [str(item) for item in expression.free_symbols if not item.is_integer]
    try:
        counter(expression)
    except TypeError:
        fractional = fractional or [str(expression)]
    if fractional:
        raise reader.error(
            f"{', '.join(sorted(fractional))} in a number of steps; expected whole combinations of counts such as nu"
        )


def _extreme(kind: Callable[..., Expr]) -> Callable[..., Expr]:
    def build(*arguments: Expr) -> Expr:
        distinct = list(dict.fromkeys(arguments))
        return distinct[0] if len(distinct) == 1 else kind(*distinct, evaluate=False)

    return build


def _exponential(argument: Expr) -> Expr:
    """sympy computes what a constant is worth in order to print or compare it: exp(exp(10**9)) would never end."""
    small = argument.is_Rational and _bits(argument) < _SMALL
    return sympy.exp(Kept(argument) if argument.is_number and not small else argument)


_FUNCTIONS: dict[str, tuple[Callable[..., Expr], tuple[int, int]]] = {
    "sqrt": (sympy.sqrt, (1, 1)),
    "exp": (_exponential, (1, 1)),
    "log": (sympy.log, (1, 1)),
    "abs": (lambda value: sympy.Abs(value, evaluate=False), (1, 1)),
    "min": (_extreme(sympy.Min), (2, _MOST_ARGUMENTS)),
    "max": (_extreme(sympy.Max), (2, _MOST_ARGUMENTS)),
    "S": (S, (2, 2)),
    "sum": (lambda body, *limits: sympy.Sum(body, limits), (4, 4)),
}
FUNCTIONS = tuple(_FUNCTIONS)
