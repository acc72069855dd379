"""Mends a statement whose tokens do not fit the grammar: tries small edits, takes the one that lets most of it be read."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from ..kernel.diagnostics import Diagnostic, Edit, Fix, Source, Span, error
from ..kernel.records import dataclass
from .lexer import Token
from .tables import tables

#: Edits to one statement before it is given up.
MOST_MENDS = 12
#: How many of the following tokens an edit is judged by.
AHEAD = 14

BINDERS = frozenset(
    (
        "PARAM", "LET", "FN", "MATERIAL", "BATH", "SOLVENT", "LINKER", "NOZZLE", "LATTICE", "PATH", "SOLID", "PART", "REGION",
        "MASK", "FILM", "LIGAND", "DEVELOPER",
    )
)  # fmt: skip
_STARTS = (
    "use", "param", "let", "fn", "preset", "material", "bath", "solvent", "linker", "nozzle", "lattice", "path", "solid",
    "part", "mask", "film", "ligand", "developer", "region", "print", "pattern", "assert", "check", "test", "allow", "state", "compensate", "wp",
)  # fmt: skip
#: Tokens that people put for one another.
_SWAPS = {
    "COMMA": ("SEMICOLON",),
    "SEMICOLON": ("COMMA", "COLON"),
    "EQUAL": ("COLON", "CMP"),
    "COLON": ("EQUAL", "SEMICOLON", "IN"),
    "DOT": ("SEMICOLON", "DOTDOT"),
    "MINUS": ("ARROW", "DOTDOT"),
    "CMP": ("EQUAL", "ARROW"),
    "STAR": ("CIRCUMFLEX",),
    "ARROW": ("COLON",),
    "DOTDOT": ("DOT", "COMMA"),
}
_INSERTS = ("SEMICOLON", "COMMA", "COLON", "EQUAL", "DOTDOT", "RPAR", "THEN", "STAR")
#: People from other languages; the word they write, the word they want.
_FOREIGN = {
    "module": "lattice", "function": "fn", "def": "fn", "var": "let", "const": "let", "import": "use", "include": "use",
    "ink": "material", "parameter": "param", "set": "let", "shape": "solid", "require": "assert", "output": "print", "expose": "pattern",
}  # fmt: skip


@dataclass(slots=True)
class Mended:
    """`tokens` and `at` to go on with; `tokens` None where the statement is given up."""

    diagnostic: Diagnostic
    tokens: list[Token] | None
    at: int = 0


def accepts(stack: list[int], kind: str) -> bool:
    """Whether the parser, in this state, can take a token; `stack` is changed when it can."""
    t = tables()
    states = t.states
    while True:
        action = states[stack[-1]].get(kind)
        if action is None:
            return False
        if action >= 0:
            stack.append(action)
            return True
        rule = t.rules[-action - 1]
        if rule.size:
            del stack[-rule.size :]
        state = states[stack[-1]][rule.origin]
        stack.append(state)
        if kind == "$END" and state == t.accept["statement"]:
            return True


def expected(stack: list[int]) -> set[str]:
    """Every kind of token that could stand here."""
    return {k for k in tables().states[stack[-1]] if (k.isupper() or k == "$END") and accepts(list(stack), k)}


def _reach(stack: list[int], kinds: list[str]) -> int:
    stack = list(stack)
    for n, kind in enumerate(kinds):
        if not accepts(stack, kind):
            return n
    return AHEAD + 1 if kinds and kinds[-1] == "$END" else len(kinds)


def mend(source: Source, tokens: list[Token], at: int, stack: list[int], values: list[Any]) -> Mended:
    """The error at `tokens[at]`, and how to go on. `stack` and `values` are cut back where tokens are skipped."""
    token = tokens[at]
    if at == 0:
        return _not_a_statement(source, tokens)
    previous = tokens[at - 1]
    ahead = [t.type for t in tokens[at : at + AHEAD]]
    rest = ahead[1:]
    literals = tables().literals
    best: tuple[int, int, str, str] | None = None

    def consider(order: int, how: str, kind: str, reached: int) -> None:
        nonlocal best
        if reached >= min(3, len(ahead)) or reached > AHEAD:
            key = (reached, -order, how, kind)
            if best is None or key[:2] > best[:2]:
                best = key

    if tokens[0].type == "USE" and (mended := _use(source, tokens, at)) is not None:
        return mended
    if tokens[0].type == "PARAM" and (mended := _range(source, tokens, at, stack)) is not None:
        return mended
    order = 0
    here = token.type
    swaps = _SWAPS.get(here, ())
    if source.text[token.start : token.end] in ("=", "=="):
        swaps = ("COLON", "CMP", "EQUAL")
    for kind in swaps:
        order += 1
        reached = _reach(stack, [kind, *rest])
        consider(order, "replace", kind, reached - (reached <= AHEAD))
    for kind in _INSERTS:
        order += 1
        reached = _reach(stack, [kind, *ahead])
        consider(order, "insert", kind, reached - (reached <= AHEAD))
    order += 1
    reached = _reach(stack, ["NUMBER", *ahead])
    consider(order, "operand", "NUMBER", reached - (reached <= AHEAD))
    if here != "$END":
        order += 1
        reached = _reach(stack, rest)
        consider(order, "delete", here, reached)
    # `if a then b;` wants two tokens at once.
    if "ELSE" in expected(stack):
        consider(order + 1, "else", "ELSE", _reach(stack, ["ELSE", "NUMBER", *ahead]) - 2)
    if best is None:
        return _skip(source, tokens, at, stack, values)

    _, _, how, kind = best
    text = literals.get(kind, "==" if kind == "CMP" else "->" if kind == "ARROW" else "..")
    span = Span(source, token.start, token.end)
    gap = Span(source, previous.end, previous.end)
    if how == "replace":
        put = Token(kind, text, token.start, token.end)
        code = "E012"
        message = f"{_shown(token)} stands where `{text}` was expected"
        fix = Fix(f"write `{text}`", (Edit(span, text),))
        note = _swap_note(token, kind)
        diagnostic = error(code, message, span, notes=note, fixes=(fix,))
        return Mended(diagnostic, [*tokens[:at], put, *tokens[at + 1 :]], at)
    if how == "insert":
        put = Token(kind, text, previous.end, previous.end)
        spaced = f" {text}" if text.isalpha() or kind in ("EQUAL", "STAR") else text
        fix = Fix(f"insert `{text}`", (Edit(gap, spaced),))
        if kind == "STAR":
            message = (
                f"{_shown(previous)} is followed by {_shown(token)}; an operator was expected between them"
            )
        else:
            message = f"{_shown(token)} follows {_shown(previous)}; `{text}` was expected before it"
        if token.type == "$END":
            message = f"the statement ends after {_shown(previous)}; `{text}` was expected"
        diagnostic = error("E011", message, gap, label=f"`{text}` is missing here", fixes=(fix,))
        return Mended(diagnostic, [*tokens[:at], put, *tokens[at:]], at)
    if how in ("operand", "else"):
        where = Span(source, previous.start, previous.end)
        put = Token("NUMBER", "", previous.end, previous.end)
        if how == "else":
            message = f"{_shown(token)} stands where `else` was expected; an `if` always has both values"
            more = [Token("ELSE", "else", previous.end, previous.end), put]
        else:
            message = f"a value is missing between {_shown(previous)} and {_shown(token)}"
            more = [put]
        return Mended(error("E011", message, where), [*tokens[:at], *more, *tokens[at:]], at)
    diagnostic = error(
        "E010",
        f"{_shown(token)} is not expected here; {_expectation(stack)}",
        span,
        notes=_comment_note(source, token),
        fixes=(Fix(f"remove {_shown(token)}", (Edit(span, ""),)),),
    )
    return Mended(diagnostic, [*tokens[:at], *tokens[at + 1 :]], at)


def _use(source: Source, tokens: list[Token], at: int) -> Mended | None:
    """`use file.wp as name;` lacks its quotes, `use "file.wp" name;` its `as`; None for anything else."""
    token = tokens[at]
    if at == 1 and token.type != "STRING":
        until = next((i for i, t in enumerate(tokens) if t.type in ("AS", "SEMICOLON", "$END")), at)
        span = Span(source, token.start, tokens[until - 1].end)
        if until == at or any(c.isspace() or c == '"' for c in span.text):
            return None
        name = span.text.strip("<>'")
        quoted = f'"{name}"' if name.endswith(".wp") else f'"{name}.wp"'
        diagnostic = error(
            "E012",
            f"`{span.text}` stands where `{quoted}` was expected",
            span,
            fixes=(Fix(f"write `{quoted}`", (Edit(span, quoted),)),),
        )
        return Mended(
            diagnostic, [tokens[0], Token("STRING", quoted, span.start, span.end), *tokens[until:]], 1
        )
    word = token.text.strip('"')
    if at == 3 and tokens[2].type == "AS" and token.type == "STRING" and word.isidentifier():
        span = Span(source, token.start, token.end)
        fix = Fix(f"write `{word}`", (Edit(span, word),))
        diagnostic = error(
            "E012", f"{_shown(token)} stands where a name was expected: `{word}`", span, fixes=(fix,)
        )
        put = Token("NAME", word, token.start, token.end)
        return Mended(diagnostic, [*tokens[:at], put, *tokens[at + 1 :]], at)
    if at == 2 and token.text.isidentifier() and tokens[at + 1].type in ("SEMICOLON", "$END"):
        gap = Span(source, tokens[1].end, tokens[1].end)
        diagnostic = error(
            "E011",
            f"{_shown(token)} follows {_shown(tokens[1])}; `as` was expected before it",
            gap,
            label="`as` is missing here",
            fixes=(Fix("insert `as`", (Edit(gap, " as"),)),),
        )
        return Mended(diagnostic, [*tokens[:at], Token("AS", "as", gap.end, gap.end), *tokens[at:]], at)
    return None


#: Words that stand between the ends of a range elsewhere.
_TO = ("to", "until", "through", "upto")


def _range(source: Source, tokens: list[Token], at: int, stack: list[int]) -> Mended | None:
    """`in 7um to 44um`, `in 7um-44um` and `in [7um, 44um]` mean `in 7um..44um`; None for anything else."""
    if not accepts(list(stack), "DOTDOT"):
        return None
    token = tokens[at]
    if token.text in _TO:
        span = Span(source, token.start, token.end)
        gap = Span(source, tokens[at - 1].end, tokens[at + 1].start)
        fix = Fix("write `..`", (Edit(gap, ".."),))
        put = Token("DOTDOT", "..", token.start, token.end)
        diagnostic = error("E012", f"`{token.text}` stands where `..` was expected", span, fixes=(fix,))
        return Mended(diagnostic, [*tokens[:at], put, *tokens[at + 1 :]], at)
    begin = next((i for i in range(at - 1, 0, -1) if tokens[i].type == "IN"), None)
    if begin is None or begin + 1 >= at:
        return None
    kinds = [t.type for t in tokens[begin + 1 : at]]
    whole = Span(source, tokens[begin + 1].start, tokens[at - 1].end)
    text = source.text
    new = ""
    for sign, ends in (("MINUS", (begin + 1, at)), ("COMMA", (begin + 2, at - 1))):
        if kinds.count(sign) == 1 and (sign == "MINUS" or (kinds[0], kinds[-1]) == ("LSQB", "RSQB")):
            middle = begin + 1 + kinds.index(sign)
            if ends[0] < middle < ends[1] - 1:
                low = text[tokens[ends[0]].start : tokens[middle - 1].end]
                high = text[tokens[middle + 1].start : tokens[ends[1] - 1].end]
                new = f"{low}..{high}"
    if not new:
        return None
    fix = Fix(f"write `{new}`", (Edit(whole, new),))
    return Mended(
        error("E012", f"`{whole.text}` is no range; `{new}` was expected", whole, fixes=(fix,)), None
    )


def _skip(source: Source, tokens: list[Token], at: int, stack: list[int], values: list[Any]) -> Mended:
    """No small edit helps: say so, and go on behind the next `;` of the block around, if there is one."""
    token = tokens[at]
    span = Span(source, token.start, token.end)
    if token.type == "$END":
        span = Span(source, tokens[at - 1].start, tokens[at - 1].end)
    diagnostic = error(
        "E010",
        f"{_shown(token)} is not expected here; {_expectation(stack)}",
        span,
        notes=_comment_note(source, token),
    )
    states = tables().states
    keep = len(stack)
    while keep > 1:
        row = states[stack[keep - 1]]
        # Inside a block, at the start of an item: it may end, or a field or a layer may follow.
        if row.get("RBRACE", -1) >= 0 and (row.get("LAYER", -1) >= 0 or row.get("ASSERT", -1) >= 0):
            break
        keep -= 1
    if keep <= 1:
        return Mended(diagnostic, None)
    opened = sum(_depth(v.type) for v in values[keep - 1 :] if isinstance(v, Token))
    depth = max(0, opened)
    i = at
    while i < len(tokens) - 1:
        kind = tokens[i].type
        if depth == 0 and kind == "SEMICOLON":
            i += 1
            break
        if depth == 0 and kind == "RBRACE":
            break
        depth += _depth(kind)
        i += 1
    del stack[keep:]
    del values[keep - 1 :]
    # Going on at the place where the trouble is would not end.
    if i == at and not accepts(list(stack), tokens[i].type):
        return Mended(diagnostic, None)
    return Mended(diagnostic, tokens, i)


def _depth(kind: str) -> int:
    return {"LBRACE": 1, "LPAR": 1, "LSQB": 1, "RBRACE": -1, "RPAR": -1, "RSQB": -1}.get(kind, 0)


def _not_a_statement(source: Source, tokens: list[Token]) -> Mended:
    """The first token begins no statement: a misspelt word is read as the right one, a binding as a `let`."""
    token = tokens[0]
    span = Span(source, token.start, token.end)
    word = token.text
    near = _FOREIGN.get(word) or next(iter(get_close_matches(word, _STARTS, 1, 0.6)), None)
    keyword = tables().keywords
    follows = tokens[1].type
    if near and word.isidentifier() and follows not in ("EQUAL", "DOT", "SEMICOLON"):
        kinds = [keyword[near], *(t.type for t in tokens[1 : 1 + AHEAD])]
        if _reach([tables().start["statement"]], kinds) < min(4, len(kinds)):
            near = None
    if near and word.isidentifier() and follows not in ("EQUAL", "DOT", "SEMICOLON"):
        put = Token(keyword[near], near, token.start, token.end)
        diagnostic = error(
            "E016",
            f"`{word}` begins no statement; did you mean `{near}`?",
            span,
            fixes=(Fix(f"write `{near}`", (Edit(span, near),)),),
        )
        return Mended(diagnostic, [put, *tokens[1:]], 0)
    if word.isidentifier() and follows == "EQUAL":
        put = Token("LET", "let", token.start, token.start)
        diagnostic = error(
            "E016",
            f"`{word} = ...` has no word before it that says what it is; `let {word} = ...` was expected",
            span,
            fixes=(Fix("insert `let`", (Edit(Span(source, token.start, token.start), "let "),)),),
        )
        return Mended(diagnostic, [put, *tokens], 0)
    words = "`param`, `let`, `fn`, `material`, `bath`, `lattice`, `solid`, `region`, `print`, `assert` ..."
    diagnostic = error(
        "E016",
        f"{_shown(token)} begins no statement; one of {words} was expected",
        span,
        notes=_comment_note(source, token),
    )
    return Mended(diagnostic, None)


def _shown(token: Token) -> str:
    if token.type == "$END":
        return "the end"
    text = token.text if len(token.text) <= 30 else token.text[:27] + "..."
    return f"`{text}`"


def _comment_note(source: Source, token: Token) -> tuple[str, ...]:
    if source.text.startswith(("//", "/*"), token.start) or source.text.startswith("/", token.start - 1):
        return ("a comment begins with `#`",)
    return ()


def _swap_note(token: Token, kind: str) -> tuple[str, ...]:
    if kind == "COLON" and token.text == "=":
        return ("a field is `name: value;`, a binding of its own is `let name = value;`",)
    if kind == "SEMICOLON":
        return ("fields and statements end with `;`, the items of a list are parted by `,`",)
    if kind == "CMP":
        return ("`==` compares; `=` binds a name",)
    return ()


def _expectation(stack: list[int]) -> str:
    """`... was expected`, in words."""
    kinds = expected(stack)
    literals = tables().literals
    said: list[str] = []
    operators = {
        "PLUS",
        "MINUS",
        "STAR",
        "SLASH",
        "CIRCUMFLEX",
        "MOD",
        "CMP",
        "AND",
        "OR",
        "DOT",
        "LPAR",
        "LSQB",
    }
    if "NUMBER" in kinds and "LSQB" in kinds:
        said.append("a value")
        kinds -= {k for k in kinds if k not in ("RBRACE", "RSQB", "RPAR")}
    elif "NAME" in kinds:
        said.append("a name")
        kinds = {k for k in kinds if not literals.get(k, "").isalpha() and k != "NAME"}
    elif operators & kinds:
        kinds -= operators
        said_last = "an operator"
    said += sorted(f"`{literals[k]}`" for k in kinds if k in literals)
    if "STRING" in kinds:
        said.append('text in `"..."`')
    if "NUMBER" in kinds:
        said.append("a number")
    if "said_last" in locals():
        said.append("an operator")
    if not said:
        return "nothing more was expected" if "$END" in kinds else "something else was expected"
    said = said[:7]
    return (", ".join(said[:-1]) + " or " if len(said) > 1 else "") + said[-1] + " was expected"
