"""Presentation MathML from the LaTeX that this package writes: a page shows formulas without any script.

The subset: letters, digits, operators, scripts, primes, fractions, roots, sums, fences, cases, aligned rows and
the commands in the tables below. Anything else is an error, never a silent gap: what is in the subset is safe to hand
to TeX as it is typed, whoever typed it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from theory.printing.prose import pieces

_IDENTIFIERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "Delta": "Δ", "epsilon": "ε", "varepsilon": "ε",
    "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "chi": "χ", "phi": "φ", "nabla": "∇", "infty": "∞", "ell": "ℓ", "zeta": "ζ", "iota": "ι", "pi": "π",
    "psi": "ψ", "omega": "ω", "upsilon": "υ", "varphi": "φ", "Gamma": "Γ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ",
    "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
_OPERATORS = {
    "le": "≤", "ge": "≥", "ne": "≠", "cdot": "·", "times": "×", "to": "→", "in": "∈", "ast": "∗", "dots": "…",
    "quad": "", "|": "‖", "{": "{", "}": "}", "mid": "|", "langle": "⟨", "rangle": "⟩", ",": "", "approx": "≈",
    "pm": "±", "subset": "⊂", "mapsto": "↦", "bigl": "", "bigr": "", "top": "⊤", "colon": ":", "Rightarrow": "⇒",
}  # fmt: skip
_NAMED = ("min", "max", "sup", "inf", "log", "exp", "lim", "limsup", "cov")
_ACCENTS = {"bar": "¯", "hat": "ˆ", "tilde": "˜"}
# no brace, script or comment sign stands for itself: `^^5c` is a backslash to TeX
_SIGNS = frozenset("+-*/=<>()[]|.,;:!?")
_FENCES = ("(", ")", "[", "]", "|", "<", ">", ".", "/", r"\{", r"\}", r"\|", r"\langle", r"\rangle")
_ENVIRONMENTS = ("aligned", "cases")
_WORDS = re.compile(r"[A-Za-z0-9 .,;:/()'+*=-]*")
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)


class _Reader:
    """A recursive-descent reader of the subset."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _TOKEN.findall(text)
        self.place = 0

    def peek(self) -> str:
        """The next token; blanks count only in texts."""
        while self.place < len(self.tokens) and self.tokens[self.place].isspace():
            self.place += 1
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise ValueError(f"{self.text}: expected {expected or 'more'} at token {self.place}, found {token!r}")
        self.place += 1
        return token

    def row(self, *stops: str) -> str:
        parts = []
        while self.peek() and self.peek() not in stops:
            parts.append(self.scripted())
        return "".join(parts)

    def scripted(self) -> str:
        large = self.peek() in (r"\sum", r"\max", r"\min", r"\sup", r"\inf", r"\lim", r"\limsup")
        base, below, above = self.atom(), "", ""
        while self.peek() in ("_", "^", "'"):
            mark = self.take()
            if mark == "_":
                below += self.atom()
            else:
                above += "<mo>′</mo>" if mark == "'" else self.atom()
        return _scripts(base, below, above, large)

    def group(self) -> str:
        self.take("{")
        inner = self.row("}")
        self.take("}")
        return f"<mrow>{inner}</mrow>"

    def words(self) -> str:
        """The raw characters of a group, blanks included."""
        self.take("{")
        end = self.tokens.index("}", self.place) if "}" in self.tokens[self.place :] else len(self.tokens)
        found = "".join(self.tokens[self.place : end])
        if not _WORDS.fullmatch(found):
            raise ValueError(f"{self.text}: {found!r} is not in the subset; expected letters, digits and blanks")
        self.place = end
        self.take("}")
        return found

    def atom(self) -> str:
        if self.peek() == "{":
            return self.group()
        token = self.take()
        if token.startswith("\\"):
            return self.command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isascii() and token.isalpha():
            return f"<mi>{token}</mi>"
        if token not in _SIGNS:
            raise ValueError(f"{self.text}: {token!r} is not in the subset")
        return f"<mo>{'−' if token == '-' else escape(token)}</mo>"

    def command(self, name: str) -> str:
        if name in _IDENTIFIERS:
            return f"<mi>{_IDENTIFIERS[name]}</mi>"
        if name in ("quad", ","):
            return f'<mspace width="{"1em" if name == "quad" else "0.17em"}"/>'
        if name in _OPERATORS:
            return f"<mo>{_OPERATORS[name]}</mo>"
        if name in _NAMED:
            return f"<mi>{name}</mi>"
        if name in _ACCENTS:
            return f'<mover accent="true">{self.atom()}<mo>{_ACCENTS[name]}</mo></mover>'
        method = getattr(self, f"_{name}", None)
        if method is None:
            raise ValueError(f"{self.text}: \\{name} is not in the subset")
        return method()

    def _frac(self) -> str:
        return f"<mfrac>{self.group()}{self.group()}</mfrac>"

    def _sqrt(self) -> str:
        return f"<msqrt>{self.group()}</msqrt>"

    def _sum(self) -> str:
        return "<mo>∑</mo>"

    def _prod(self) -> str:
        return "<mo>∏</mo>"

    def _mathrm(self) -> str:
        return f'<mi mathvariant="normal">{escape(self.words())}</mi>'

    def _text(self) -> str:
        # MathML drops blanks at the ends of a text, and its neighbours would touch it
        return f"<mtext>{escape(self.words()).replace(' ', chr(160))}</mtext>"

    def _left(self) -> str:
        opening = self.fence()
        inner = self.row(r"\right")
        self.take(r"\right")
        return f"<mrow>{opening}{inner}{self.fence()}</mrow>"

    def fence(self) -> str:
        token = self.take()
        if token not in _FENCES:
            raise ValueError(f"{self.text}: {token!r} is no fence of the subset")
        shown = {r"\{": "{", r"\}": "}", r"\|": "‖", ".": ""}.get(token, token)
        return f'<mo fence="true">{escape(shown)}</mo>' if shown else ""

    def _begin(self) -> str:
        kind = self.words()
        if kind not in _ENVIRONMENTS:
            raise ValueError(f"{self.text}: environment {kind} is not in the subset")
        rows, cells = [], []
        while True:
            cells.append(f"<mtd>{self.row('&', chr(92) * 2, chr(92) + 'end')}</mtd>")
            token = self.take()
            if token == "&":
                continue
            rows.append(f"<mtr>{''.join(cells)}</mtr>")
            cells = []
            if token == r"\end":
                break
        if self.words() != kind:
            raise ValueError(f"{self.text}: environment {kind} is not closed")
        align = "left left" if kind == "cases" else "right left"
        table = f'<mtable columnalign="{align}" displaystyle="true">{"".join(rows)}</mtable>'
        return f'<mrow><mo fence="true">{{</mo>{table}</mrow>' if kind == "cases" else table


def _scripts(base: str, below: str, above: str, large: bool) -> str:
    if below and above:
        tag = "munderover" if large else "msubsup"
        return f"<{tag}>{base}<mrow>{below}</mrow><mrow>{above}</mrow></{tag}>"
    if below:
        tag = "munder" if large else "msub"
        return f"<{tag}>{base}<mrow>{below}</mrow></{tag}>"
    if above:
        tag = "mover" if large else "msup"
        return f"<{tag}>{base}<mrow>{above}</mrow></{tag}>"
    return base


@lru_cache(maxsize=4096)
def mathml(source: str, display: str = "block") -> str:
    """The formula as a `<math>` element whose alternative text is its LaTeX.

    >>> mathml("x^2", "inline")
    '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline" alttext="x^2"><msup><mi>x</mi><mrow><mn>2</mn></mrow></msup></math>'

    Raises:
        ValueError: the formula leaves the subset.
    """  # noqa: E501
    reader = _Reader(source)
    body = reader.row()
    namespace = "http://www.w3.org/1998/Math/MathML"
    return f'<math xmlns="{namespace}" display="{display}" alttext="{escape(source)}">{body}</math>'


def prose_html(text: str) -> str:
    r"""Prose with $inline formulas$ and \[displayed ones\] as HTML: text escaped, formulas in MathML.

    >>> prose_html("a < b")
    'a &lt; b'
    """
    return "".join(mathml(part) if shown else _running(part) for part, shown in pieces(text))


def _running(text: str) -> str:
    parts = text.split("$")
    return "".join(mathml(part, "inline") if place % 2 else escape(part) for place, part in enumerate(parts))
