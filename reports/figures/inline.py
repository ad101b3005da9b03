"""From an SVG file to an element of a page: themed, named for those who do not see it, and small."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from reports.figures.figure import Figure
from reports.figures.looks import INK
from reports.figures.output import house_svg
from reports.figures.style import TEXT

# colours that a dark page lightens: it sets --c-0072b2 and so on, a page that does not gets the colour itself
_THEMED = ("#0072b2", "#d55e00", "#009e73", "#a6427c", "#8a8a88", "#a86b00")
_OUTLINE = re.compile(r'<path id="([^"]+)" ([^>]*)/>')


def inline_svg(figure: Figure) -> str:
    """The figure as an SVG element for a page: named for screen readers, scaling, its ink the page's text colour.
    The darker colours are custom properties, so that a dark page can lighten them.

    Ids are prefixed with the figure's name, since all figures share one page; coordinates keep two decimals
    (a hundredth of a point is below what a screen shows).
    """
    text = house_svg(figure).decode()
    head = re.search(r'viewBox="([^"]+)"', text)
    assert head is not None, "matplotlib writes a viewBox"
    body = _small(_themed(_named(_stripped(text), figure.name)))
    names = f"{figure.name}-title {figure.name}-description"
    share = 100 * float(head[1].split()[2]) / (72 * TEXT)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{head[1]}" '
        f'role="img" aria-labelledby="{names}" style="max-width:{min(share, 100):.0f}%">'
        f'<title id="{figure.name}-title">{escape(figure.title)}</title>'
        f'<desc id="{figure.name}-description">{escape(figure.alt)}</desc>{body}</svg>'
    )


def share_outlines(svgs: Sequence[str]) -> list[str]:
    """The SVG elements of one page with each letter's outline defined once, in the first element that uses it.

    >>> share_outlines(['<path id="a" d="M0 0"/><use href="#a"/>', '<path id="b" d="M0 0"/><use href="#b"/>'])
    ['<path id="o:1" d="M0 0"/><use href="#o:1"/>', '<use href="#o:1"/>']
    """
    short: dict[str, str] = {}
    shared = []
    for svg in svgs:
        known = set(short)
        names = {match[1]: short.setdefault(match[2], f"o:{len(short) + 1}") for match in _OUTLINE.finditer(svg)}

        def defined(match: re.Match[str], known: set[str] = known) -> str:
            if match[2] in known:
                return ""
            known.add(match[2])
            return f'<path id="{short[match[2]]}" {match[2]}/>'

        kept = _OUTLINE.sub(defined, svg)
        shared.append(re.sub(r'href="#([^"]+)"', lambda link, to=names: f'href="#{to.get(link[1], link[1])}"', kept))
    return shared


def _stripped(text: str) -> str:
    """What stands inside the svg element, without metadata, comments, and the paper: the page has its own."""
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<title>.*?</title>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r'<g id="patch_1">.*?</g>', "", body, count=1, flags=re.DOTALL)
    return body[body.index(">") + 1 : body.rindex("</svg>")]


def _named(body: str, name: str) -> str:
    """Only ids that are used stay, prefixed with the figure's name."""
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    body = re.sub(r' id="([^"]+)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', body)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)


def _themed(body: str) -> str:
    body = body.replace(INK, "currentColor")
    return re.sub("|".join(_THEMED), lambda color: f"var(--c-{color[0][1:]}, {color[0]})", body)


def _small(body: str) -> str:
    """The same picture in fewer bytes: short numbers, letters placed by x, no groups that group nothing."""
    body = re.sub(r'\b(d|x|y|points)="([^"]+)"', _shorter, body)
    body = re.sub(r"translate\(([^)]+)\)", lambda shift: f"translate({_rounded(shift[1])})", body)
    body = re.sub(r'(<use href="[^"]+") transform="translate\(([-0-9.]+) 0\)"/>', r'\1 x="\2"/>', body)
    body = re.sub(r'style="([^"]+)"', lambda style: f'style="{re.sub("([:;]) ", chr(92) + "1", style[1])}"', body)
    root = ElementTree.fromstring(f"<svg>{body}</svg>")
    _ungroup(root)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True).replace(" />", "/>")[5:-6]


def _rounded(numbers: str) -> str:
    return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), numbers)


def _shorter(attribute: re.Match[str]) -> str:
    """A coordinate attribute with two decimals and no more blanks than it needs; scales stay exact."""
    numbers = _rounded(attribute[2])
    tight = re.sub(r"\s*([A-Za-z])\s*", r"\1", numbers) if attribute[1] == "d" else numbers
    return f'{attribute[1]}="{tight.strip()}"'


def _ungroup(element: ElementTree.Element) -> None:
    """Let groups without attributes give way to what they hold, inside `element`; blanks between elements go."""
    children = []
    for child in element:
        _ungroup(child)
        children += list(child) if child.tag == "g" and not child.attrib else [child]
    for child in list(element):
        element.remove(child)
    element.extend(children)
    if len(element):
        element.text = None
    for child in children:
        child.tail = None
