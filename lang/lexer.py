"""From text to tokens and comments, in one pass; every text lexes, what cannot be a token is reported and left out."""

from __future__ import annotations

import re

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Source, Span, error
from ..kernel.records import dataclass, field
from .syntax import Comment
from .tables import tables

#: More complaints than this about single characters say nothing new.
MOST_BAD = 20

#: What other languages write, and what is written here.
_FOREIGN = {
    "&&": ("AND", "and"),
    "&": ("AND", "and"),
    "||": ("OR", "or"),
    "|": ("OR", "or"),
    "!": ("NOT", "not "),
    "%": ("MOD", "mod"),
    "×": ("STAR", "*"),
    "·": ("STAR", "*"),
    "÷": ("SLASH", "/"),
    "−": ("MINUS", "-"),
    "–": ("MINUS", "-"),
    "；": ("SEMICOLON", ";"),
    "，": ("COMMA", ","),
    "：": ("COLON", ":"),
    "…": ("DOTDOT", ".."),
    "≤": ("CMP", "<="),
    "≥": ("CMP", ">="),
    "≠": ("CMP", "!="),
}
_QUOTES = "'“”‘’`«»"


class Token:
    """A token: its kind (a terminal of the grammar, `$END`), its text and where it stands."""

    __slots__ = ("end", "start", "text", "type")

    def __init__(self, kind: str, text: str, start: int, end: int) -> None:
        self.type = kind
        self.text = text
        self.start = start
        self.end = end

    def __repr__(self) -> str:
        return f"{self.type}({self.text!r})"


@dataclass(slots=True)
class Lexed:
    tokens: list[Token]
    comments: list[Comment] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def lex(source: Source, begin: int = 0, until: int | None = None) -> Lexed:
    """All tokens of a source. Never fails.

    With `begin` and `until` those of a part that begins where a token does, and some behind it: at least three, and all of
    the line in which it ends, which is how far statements look ahead.
    """
    t = tables()
    keywords = t.keywords
    out = Lexed([])
    push = out.tokens.append
    bad_end = 0
    limit = len(source.text) if until is None else until
    more = 3
    for m in t.lexer.finditer(source.text, begin):
        kind = m.lastgroup or "BAD"
        if kind == "WHITE":
            continue
        start, end = m.span()
        if start < bad_end:
            continue
        if start >= limit:
            if more <= 0 and source.text.find("\n", limit, start) >= 0:
                break
            more -= 1
        if kind == "NAME":
            text = m.group()
            push(Token(keywords.get(text, "NAME"), text, start, end))
        elif kind == "COMMENT":
            out.comments.append(Comment(start, end, m.group().rstrip("\r")))
        elif kind == "OPEN_STRING":
            _open_string(source, m.group(), start, out)
        elif kind == "BAD":
            bad_end = _bad(source, start, out)
        else:
            push(Token(kind, m.group(), start, end))
    return out


#: What follows `use` where the closing quote is forgotten: the file, and the name it is given.
_USE = re.compile(r'("[^"\n]*?\S)\s+(as)\s+([A-Za-z_]\w*)\s*;?\Z')


def _open_string(source: Source, text: str, start: int, out: Lexed) -> None:
    """A string that its line does not close: read it as if closed before a final `;`, `)` or `}`."""
    body = text.rstrip()
    tail = len(body)
    named = _USE.match(body) if out.tokens and out.tokens[-1].type == "USE" else None
    if named is not None:
        tail = named.end(1)
    while named is None and tail > 1 and body[tail - 1] in ";)}] ":
        tail -= 1
    span = Span(source, start, start + tail)
    edit = Edit(Span(source, start + tail, start + tail), '"')
    out.diagnostics.append(
        error(
            "E002",
            'the text is not closed before its line ends; a closing `"` was expected',
            span,
            label="opened here",
            fixes=(Fix('close it with `"`', (edit,)),),
        )
    )
    out.tokens.append(Token("STRING", body[:tail] + '"', start, start + tail))
    if named is not None:
        for group, word in ((2, "AS"), (3, "NAME")):
            out.tokens.append(Token(word, named[group], start + named.start(group), start + named.end(group)))
        tail = named.end(3)
    for i in range(tail, len(body)):
        kind = {";": "SEMICOLON", ")": "RPAR", "}": "RBRACE", "]": "RSQB"}.get(body[i])
        if kind:
            out.tokens.append(Token(kind, body[i], start + i, start + i + 1))


_PLAIN = re.compile(r"\d+(?:\.\d+)?")


def _say_unit(source: Source, number: Token, end: int, whole: str, gap: Span, out: Lexed) -> None:
    written = source.text[number.start : end]
    out.diagnostics.append(
        error(
            "E013",
            f"`{written}`: a unit is part of its number; `{whole}` was expected",
            Span(source, number.start, end),
            fixes=(Fix(f"write `{whole}`", (Edit(gap, ""),)),),
        )
    )


def _bad(source: Source, start: int, out: Lexed) -> int:
    """Characters that no token begins with; returns where they end."""
    text = source.text
    if text[start] == "%" and out.tokens and _PLAIN.fullmatch(out.tokens[-1].text):
        after = text[start + 1 : start + 40].lstrip()
        if after[:1] in ("", *";,)}]"):
            number = out.tokens.pop()
            gap = Span(source, number.end, start)
            whole = f"{number.text}%"
            _say_unit(source, number, start + 1, whole, gap, out)
            out.tokens.append(Token("NUMBER", whole, number.start, start + 1))
            return start + 1
    for size in (2, 1):
        known = _FOREIGN.get(text[start : start + size])
        if known and start + size <= len(text):
            kind, right = known
            end = start + size
            out.tokens.append(Token(kind, right.strip(), start, end))
            if right.isalpha() and (start == 0 or text[start - 1] != " "):
                right = f" {right}"
            if right.strip().isalpha() and text[end : end + 1] != " ":
                right = right.rstrip() + " "
            _say(
                out,
                error(
                    "E001",
                    f"`{text[start:end]}` is not an operator here; `{known[1].strip()}` was expected",
                    Span(source, start, end),
                    fixes=(Fix(f"write `{known[1].strip()}`", (Edit(Span(source, start, end), right),)),),
                ),
            )
            return end
    if text[start] in _QUOTES:
        return _quoted(source, start, out)
    end = start + 1
    lexer = tables().lexer
    while end < len(text):
        m = lexer.match(text, end)
        if m is None or m.lastgroup != "BAD" or text[end] in _QUOTES or text[end] in _FOREIGN:
            break
        end += 1
    run = text[start:end]
    shown = (
        run
        if run.isprintable() and len(run) <= 12
        else ascii(run[:8])[1:-1] + ("..." if len(run) > 8 else "")
    )
    notes = ("names are made of the letters a-z, A-Z, digits and _",) if run[0].isalpha() else ()
    fixes = (Fix("remove it", (Edit(Span(source, start, end), ""),)),)
    what = "no character" if len(run) == 1 else "no characters"
    _say(
        out,
        error(
            "E001", f"`{shown}`: {what} of the language", Span(source, start, end), notes=notes, fixes=fixes
        ),
    )
    return end


def _quoted(source: Source, start: int, out: Lexed) -> int:
    """Text in the wrong quotes: read it as text if it closes on its line."""
    text = source.text
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    stop = next((i for i in range(start + 1, line_end) if text[i] in _QUOTES or text[i] == '"'), -1)
    end = stop + 1 if stop > 0 else start + 1
    edits: tuple[Edit, ...]
    if stop > 0:
        out.tokens.append(Token("STRING", f'"{text[start + 1 : stop]}"', start, end))
        edits = (Edit(Span(source, start, start + 1), '"'), Edit(Span(source, stop, end), '"'))
    else:
        edits = (Edit(Span(source, start, start + 1), '"'),)
    _say(
        out,
        error(
            "E001",
            f'`{text[start]}` does not quote text; `"` was expected',
            Span(source, start, end),
            fixes=(Fix('write `"`', edits),),
        ),
    )
    return end


def _say(out: Lexed, diagnostic: Diagnostic) -> None:
    if sum(d.code == "E001" for d in out.diagnostics) < MOST_BAD:
        out.diagnostics.append(diagnostic)
