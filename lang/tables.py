"""LALR(1) tables of the grammar: made by Lark, kept in the user's cache folder, so that a later run need not load Lark."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zlib import adler32, crc32

from ..kernel.records import dataclass
from ..kernel.user_folders import cache_folder

#: Counts up when the form of the cached file changes.
FORM = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """A production: `callback` builds its node from `size` children; `inline` marks children that are lists to splice."""

    origin: str
    size: int
    callback: str
    expand_one: bool
    inline: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """`states[s][symbol]`: n >= 0 goes to state n (shift, or goto for a rule's name); below 0 reduces rule -n - 1."""

    states: tuple[dict[str, int], ...]
    rules: tuple[Rule, ...]
    start: dict[str, int]
    accept: dict[str, int]
    lexer: re.Pattern[str]
    keywords: dict[str, str]
    literals: dict[str, str]
    ignored: frozenset[str]


def grammar_text() -> str:
    return Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")


@cache
def tables() -> Tables:
    """The tables, from the cache where they are there and sound."""
    grammar = grammar_text()
    path = _cache_path(grammar)
    if path is not None:
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["grammar"] == grammar:
                return _unpack(kept)
        except Exception:  # a missing, foreign or broken file only costs the time of making it anew
            pass
    data = build(grammar)
    if path is not None:
        _keep(path, data)
    return _unpack(data)


def _cache_path(grammar: str) -> Path | None:
    try:
        folder = cache_folder()
        if folder is None:
            return None
        spec = find_spec("lark")
        head = Path(spec.origin).read_bytes() if spec and spec.origin else b""
        version = re.search(rb"__version__\s*(?::\s*str)?\s*=\s*['\"]([^'\"]+)", head)
        key = f"{FORM}|{version[1] if version else head!r}|{grammar}".encode()
        # Two sums of the text, no secure hash: the file says itself of which grammar it is.
        return folder / f"grammar-{crc32(key):08x}{adler32(key):08x}.json"
    except Exception:  # no home folder, no permission to look: do without
        return None


def _keep(path: Path, data: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two processes may do this at once: each writes its own file, the last rename wins, both are whole.
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
        part.replace(path)
    except OSError:
        pass


def build(grammar: str, strict: bool = False) -> dict[str, Any]:
    """Let Lark make the tables (0.2 s)."""
    from lark import Lark
    from lark.grammar import NonTerminal
    from lark.lexer import PatternStr
    from lark.parsers.lalr_analysis import Shift

    lark = Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        strict=strict,
        start=["file", "statement"],
        keep_all_tokens=True,
        maybe_placeholders=False,
        propagate_positions=False,
    )
    parser: Any = lark.parser.parser
    table = parser._parse_table
    # Lark numbers its states in an order that differs from run to run: number them anew, in the order of a walk.
    numbers: dict[Any, int] = {}
    found: dict[str, Any] = {}
    pending = [table.start_states[k] for k in sorted(table.start_states)]
    while pending:
        state = pending.pop(0)
        if state in numbers:
            continue
        numbers[state] = len(numbers)
        for _symbol, (action, argument) in sorted(table.states[state].items(), key=lambda item: str(item[0])):
            if action is Shift:
                pending.append(argument)
            else:
                found[_production(argument)] = argument
    rules: list[list[Any]] = []
    rule_numbers: dict[str, int] = {}
    for text in sorted(found):
        rule = found[text]
        origin = str(rule.origin.name)
        expansion = enumerate(rule.expansion)
        inline = [i for i, s in expansion if isinstance(s, NonTerminal) and s.name.startswith("_")]
        one = bool(rule.options.expand1 and not rule.alias)
        rule_numbers[text] = len(rules)
        rules.append([origin, len(rule.expansion), rule.alias or origin, one, inline])
    states: list[dict[str, int]] = []
    for state in numbers:
        row = sorted(table.states[state].items(), key=lambda item: str(item[0]))
        states.append(
            {
                str(symbol): numbers[a] if action is Shift else -rule_numbers[_production(a)] - 1
                for symbol, (action, a) in row
            }
        )
    literal = {t.name: t.pattern.value for t in lark.terminals if isinstance(t.pattern, PatternStr)}
    word = re.compile(r"[A-Za-z_]+\Z")
    keywords = {text: name for name, text in literal.items() if word.match(text)}
    lexed = sorted(
        (t for t in lark.terminals if t.name not in keywords.values()),
        key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
    )
    return {
        "grammar": grammar,
        "states": states,
        "rules": rules,
        "start": {k: numbers[v] for k, v in sorted(table.start_states.items())},
        "accept": {k: numbers[v] for k, v in sorted(table.end_states.items())},
        "lexer": "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in lexed) + r"|(?P<BAD>[\s\S])",
        "keywords": dict(sorted(keywords.items())),
        "literals": dict(sorted(literal.items())),
        "ignored": sorted(lark.ignore_tokens),
    }


def _production(rule: Any) -> str:
    return f"{rule.origin.name}: {' '.join(s.name for s in rule.expansion)} -> {rule.alias}"


def _unpack(data: dict[str, Any]) -> Tables:
    return Tables(
        tuple(data["states"]),
        tuple(Rule(o, n, c, one, tuple(inline)) for o, n, c, one, inline in data["rules"]),
        data["start"],
        data["accept"],
        re.compile(data["lexer"]),
        data["keywords"],
        data["literals"],
        frozenset(data["ignored"]),
    )
