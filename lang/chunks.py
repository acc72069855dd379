"""Cuts the tokens of a file into top-level statements, and mends brackets that do not pair."""

from __future__ import annotations

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Related, Source, Span, error
from ..kernel.records import dataclass
from .lexer import Token
from .tree import MOST_DEEP

_OPEN = {"LBRACE": "RBRACE", "LPAR": "RPAR", "LSQB": "RSQB"}
_CLOSE = {"RBRACE": "}", "RPAR": ")", "RSQB": "]"}
#: What may follow the `}` that ends a statement's block and still belong to it.
_GOES_ON = frozenset(
    (
        "SEMICOLON",
        "LBRACE",
        "DOT",
        "COMMA",
        "PLUS",
        "MINUS",
        "STAR",
        "SLASH",
        "CIRCUMFLEX",
        "CMP",
        "RPAR",
        "RSQB",
    )
)
#: Second and third token that show a statement's beginning even where the one before it is not ended.
_BEGINS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "LET": (("NAME",), ("EQUAL", "COLON")),
    "PARAM": (("NAME",), ("COLON",)),
    "FN": (("NAME",), ("LPAR",)),
    "REGION": (("NAME",), ("IN",)),
    "PRINT": (("NAME",), ("LBRACE", "LPAR", "DOT", "SEMICOLON")),
    "PATTERN": (("NAME",), ("LBRACE", "LPAR", "DOT", "SEMICOLON")),
    "CHECK": (("NAME", "STRING"), ("LBRACE",)),
    "TEST": (("STRING",), ("LBRACE", "WITH")),
    "PRESET": (("STRING",), ("LBRACE",)),
    "USE": (("STRING",), ("AS", "SEMICOLON")),
    "ALLOW": (("NAME",), ("BECAUSE",)),
} | dict.fromkeys(
    (
        "MATERIAL",
        "BATH",
        "SOLVENT",
        "LINKER",
        "NOZZLE",
        "LATTICE",
        "PATH",
        "SOLID",
        "PART",
        "MASK",
        "FILM",
        "LIGAND",
        "DEVELOPER",
    ),
    (("NAME",), ("EQUAL",)),
)


@dataclass(slots=True)
class Chunk:
    """The tokens of one statement. `unreadable`: nested too deep to be parsed."""

    index: int
    tokens: list[Token]
    unreadable: bool = False

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end


def split(source: Source, tokens: list[Token], out: list[Diagnostic]) -> list[Chunk]:
    """The statements of a file. Every bracket within a chunk is closed: where the text leaves one open, says so."""
    tokens = _join_units(source, tokens, out)
    chunks: list[Chunk] = []
    current: list[Token] = []
    open_: list[Token] = []
    deep = False

    def finish() -> None:
        nonlocal current, deep
        if open_:
            last = current[-1]
            if not deep:
                closers = "".join(_CLOSE[_OPEN[o.type]] for o in reversed(open_))
                _unclosed(source, open_, last, closers, out)
            for o in reversed(open_):
                kind = _OPEN[o.type]
                current.append(Token(kind, _CLOSE[kind], last.end, last.end))
            open_.clear()
        if current:
            chunks.append(Chunk(len(chunks), current, deep))
        current, deep = [], False

    count = len(tokens)
    for i, token in enumerate(tokens):
        kind = token.type
        if current and kind in _BEGINS and _begins(source, tokens, i):
            finish()
        if kind == "SEMICOLON" and open_ and open_[-1].type != "LBRACE" and not deep:
            _end_brackets(source, tokens, i, open_, current, out)
        if kind in _OPEN:
            open_.append(token)
            if len(open_) > MOST_DEEP and not deep:
                deep = True
                out.append(
                    error(
                        "E014",
                        f"{len(open_)} brackets open at once; at most {MOST_DEEP} can be",
                        Span(source, token.start, token.end),
                        notes=("name its parts with `let`",),
                    )
                )
        elif kind in _CLOSE and not _close(source, token, open_, current, out):
            continue
        current.append(token)
        if open_:
            continue
        if kind == "SEMICOLON":
            if len(current) == 1:
                _lone_semicolon(source, token, out)
                current = []
                continue
            finish()
        elif kind == "RBRACE":
            following = tokens[i + 1].type if i + 1 < count else "$END"
            if following not in _GOES_ON:
                finish()
    if current:
        finish()
    return chunks


def _end_brackets(
    source: Source,
    tokens: list[Token],
    i: int,
    open_: list[Token],
    current: list[Token],
    out: list[Diagnostic],
) -> None:
    """A `;` within `(` or `[` never fits: close them before it, unless their own end follows on the line (`[1; 2]`)."""
    for token in tokens[i + 1 :]:
        if token.type in _OPEN or "\n" in source.text[tokens[i].end : token.start]:
            break
        if token.type == _OPEN[open_[-1].type]:
            return
    inner: list[Token] = []
    while open_ and open_[-1].type != "LBRACE":
        inner.insert(0, open_.pop())
    last = current[-1]
    closers = "".join(_CLOSE[_OPEN[o.type]] for o in reversed(inner))
    _unclosed(source, inner, last, closers, out)
    for o in reversed(inner):
        kind = _OPEN[o.type]
        current.append(Token(kind, _CLOSE[kind], last.end, last.end))


def _begins(source: Source, tokens: list[Token], i: int) -> bool:
    """Whether a new statement begins here, on a line of its own, whatever is still open."""
    if i + 2 >= len(tokens):
        return False
    second, third = _BEGINS[tokens[i].type]
    kind = "NAME" if tokens[i + 1].text.isidentifier() else tokens[i + 1].type
    if kind not in second or tokens[i + 2].type not in third:
        return False
    return i == 0 or "\n" in source.text[tokens[i - 1].end : tokens[i].start]


def _close(
    source: Source, token: Token, open_: list[Token], current: list[Token], out: list[Diagnostic]
) -> bool:
    """Pair a closing bracket; False where it closes nothing and is left out."""
    here = Span(source, token.start, token.end)
    if not open_:
        out.append(
            error(
                "E015",
                f"`{token.text}` closes nothing",
                here,
                fixes=(Fix(f"remove `{token.text}`", (Edit(here, ""),)),),
            )
        )
        return False
    due = _OPEN[open_[-1].type]
    if due == token.type:
        open_.pop()
        return True
    opener = open_[-1]
    related = (Related(Span(source, opener.start, opener.end), "opened here"),)
    if len(open_) > 1 and _OPEN[open_[-2].type] == token.type:
        at = current[-1].end
        text = _CLOSE[due]
        spot = Span(source, at, at)
        out.append(
            error(
                "E015",
                f"`{opener.text}` is not closed before this `{token.text}`; `{text}` was expected",
                here,
                related=related,
                fixes=(Fix(f"insert `{text}`", (Edit(spot, text),)),),
            )
        )
        current.append(Token(due, text, at, at))
        open_.pop()
        open_.pop()
        return True
    out.append(
        error(
            "E015",
            f"`{token.text}` cannot close `{opener.text}`; `{_CLOSE[due]}` was expected",
            here,
            related=related,
            fixes=(Fix(f"write `{_CLOSE[due]}`", (Edit(here, _CLOSE[due]),)),),
        )
    )
    token.type, token.text = due, _CLOSE[due]
    open_.pop()
    return True


def _unclosed(source: Source, open_: list[Token], last: Token, closers: str, out: list[Diagnostic]) -> None:
    opener = open_[-1]
    due = _CLOSE[_OPEN[opener.type]]
    spot = Span(source, last.end, last.end)
    more = f" ({len(open_)} brackets are open here)" if len(open_) > 1 else ""
    out.append(
        error(
            "E015",
            f"`{opener.text}` is never closed; `{due}` was expected{more}",
            Span(source, opener.start, opener.end),
            label="opened here",
            related=(Related(spot, "the statement seems to end here"),),
            fixes=(Fix(f"insert `{closers}`", (Edit(spot, closers),)),) if len(open_) <= 10 else (),
        )
    )


def _lone_semicolon(source: Source, token: Token, out: list[Diagnostic]) -> None:
    here = Span(source, token.start, token.end)
    out.append(error("E010", "`;` ends nothing", here, fixes=(Fix("remove it", (Edit(here, ""),)),)))


def _join_units(source: Source, tokens: list[Token], out: list[Diagnostic]) -> list[Token]:
    """`40 um` is read as `40um`, and said: a number is never followed by a name."""
    from .units import UNITS

    pairs = [
        i
        for i in range(len(tokens) - 1)
        if tokens[i].type == "NUMBER"
        and tokens[i + 1].type == "NAME"
        and tokens[i].text[-1].isdigit()
        and tokens[i + 1].text in UNITS
        and "\n" not in source.text[tokens[i].end : tokens[i + 1].start]
    ]
    if not pairs:
        return tokens
    skip = {i + 1 for i in pairs}
    joined = [t for i, t in enumerate(tokens) if i not in skip]
    for i in pairs:
        number, unit = tokens[i], tokens[i + 1]
        gap = Span(source, number.end, unit.start)
        whole = number.text + unit.text
        out.append(
            error(
                "E013",
                f"`{number.text} {unit.text}`: a unit is part of its number; `{whole}` was expected",
                Span(source, number.start, unit.end),
                fixes=(Fix(f"write `{whole}`", (Edit(gap, ""),)),),
            )
        )
        number.text, number.end = whole, unit.end
    return joined
