"""What could be typed next: found from the tokens before the cursor, as the text there is seldom a sound program."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..kernel.diagnostics import Source
from ..kernel.quantity import NAMED_TYPES, Construct, FieldSpec
from . import syntax as s
from . import words
from .films import CHOICES
from .heads import HEAD_KINDS, REGION, head, head_names, made_by, processes, registers
from .hover import View, construct_doc, field_doc
from .lexer import Token, lex
from .parts import members
from .scope import COORDINATES, UNSET, Env
from .source import LIBRARY
from .types import USUAL_UNIT
from .units import UNITS
from .values import POISON, Num, Rec, Thing, shown, type_name

_BEFORE_UNIT = re.compile(r"(?<![A-Za-z_0-9.])[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?([A-Za-zµμ°Ω%]*)\Z")
_IN_UNIT = re.compile(r"[0-9]\[([^\[\]\n]*?)([A-Za-zµμ°Ω]*)\Z")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
#: Fields that take one of a few words.
_CHOICES = {
    "cut": ("split", "whole"), "base": ("pinned", "free"), "align": ('"left"', '"centre"', '"right"'),
    "seam": ("nearest", "aligned", "spread"),
}  # fmt: skip


#: Kinds of things that a library has on offer.
_LIBRARY_KINDS = ("material", "bath", "solvent", "linker", "film", "ligand", "developer")


@dataclass(frozen=True, slots=True)
class Item:
    """One offer. It replaces the text from `start` to the cursor; `snippet` texts have `$1` places."""

    label: str
    kind: str
    start: int
    insert: str = ""
    detail: str = ""
    doc: str = ""
    snippet: bool = False
    rank: int = 1


@dataclass(slots=True)
class _Open:
    """A bracket that is open at the cursor, and the token it begins with."""

    at: int
    kind: str


def complete(view: View, offset: int, folder: Path | None = None) -> list[Item]:
    """Offers at a place of the text, the likeliest first."""
    text = view.source.text
    line_start = text.rfind("\n", 0, offset) + 1
    line = text[line_start:offset]
    lexed = lex(Source("", text[:offset]))
    if lexed.comments and lexed.comments[-1].end == offset and lexed.comments[-1].start >= line_start:
        return []
    inside = _IN_UNIT.search(line)
    if inside:
        return _units(offset - len(inside[2]))
    number = _BEFORE_UNIT.search(line)
    if number:
        return _units(offset - len(number[1])) if number[1] or line[-1:] != "." else []
    if (line.count('"') - line.count('\\"')) % 2:
        return _files(line, offset, folder)
    word = _WORD.search(line)
    start = offset - len(word[0]) if word else offset
    tokens = lexed.tokens
    if word and tokens and tokens[-1].end == offset:
        tokens = tokens[:-1]
    found = _at(view, tokens, start, offset)
    return sorted(found, key=lambda i: (i.rank, i.label))


def _units(start: int) -> list[Item]:
    plain = [u for u in UNITS if u[0] not in "µμ1"]
    compound = sorted({u for u in USUAL_UNIT.values() if u.startswith("[")})
    usual = {u: n for n, u in USUAL_UNIT.items()}
    return [
        Item(u, "unit", start, u, usual.get(u, ""), rank=0 if u in usual else 1) for u in (*plain, *compound)
    ]


def _files(line: str, offset: int, folder: Path | None) -> list[Item]:
    if not line.lstrip().startswith("use"):
        return []
    start = offset - len(line.rpartition('"')[2])
    here = sorted(p.name for p in folder.glob("*.wp")) if folder is not None and folder.is_dir() else []
    library = sorted(p.name for p in LIBRARY.glob("*.wp"))
    return [
        *(Item(n, "file", start, n, "the built-in library", rank=0) for n in library),
        *(Item(n, "file", start, n, "beside this file") for n in here),
    ]


def _at(view: View, tokens: list[Token], start: int, offset: int) -> list[Item]:
    last = tokens[-1].type if tokens else ""
    if last == "DOT":
        return _members(view, tokens[:-1], start)
    open_ = _open(tokens)
    statement = _statement(tokens)
    if not open_ and last in ("", "SEMICOLON", "RBRACE"):
        return [Item(k, "keyword", start, w.form, "", w.doc, True) for k, w in words.STATEMENTS.items()]
    if (
        last == "COLON"
        and statement
        and statement[0].type in ("PARAM", "LET", "FN")
        and not _has(statement, "EQUAL")
    ):
        return _types(start)
    if last == "ARROW":
        return _types(start)
    if open_ and open_[-1].kind == "LBRACE":
        opener = open_[-1].at
        if last in ("LBRACE", "SEMICOLON", "RBRACE"):
            return _fields(view, tokens, opener, start, view.source.text[offset:])
        if last == "COLON":
            return _field_value(view, tokens, opener, start)
    if last == "EQUAL" and statement and statement[0].text in HEAD_KINDS:
        kind = HEAD_KINDS[statement[0].text]
        return [*_heads(kind, start), *_names(view, start, statement[0].text)]
    if last in ("LET", "PARAM", "FN", "AS", "REGION", "LAYER", "FOR", "ALLOW") or (
        not open_ and last == "NAME"
    ):
        return []
    if (last == "IN" and statement and statement[0].type == "REGION") or last == "PRINT":
        return _names(view, start, "part", only=True)
    if last == "PATTERN" and len(statement) == 1:
        return [*_names(view, start, "mask", only=True), *_heads("mask", start)]
    return _names(view, start, "")


def _has(tokens: list[Token], kind: str) -> bool:
    return any(t.type == kind for t in tokens)


def _open(tokens: list[Token]) -> list[_Open]:
    pairs = {"RBRACE": "LBRACE", "RPAR": "LPAR", "RSQB": "LSQB"}
    found: list[_Open] = []
    for i, token in enumerate(tokens):
        if token.type in pairs.values():
            found.append(_Open(i, token.type))
        elif token.type in pairs and found and found[-1].kind == pairs[token.type]:
            found.pop()
    return found


def _statement(tokens: list[Token]) -> list[Token]:
    """The tokens of the statement at the cursor, from its first."""
    start = depth = 0
    for i, token in enumerate(tokens):
        kind = token.type
        if kind in ("LBRACE", "LPAR", "LSQB"):
            depth += 1
        elif kind in ("RBRACE", "RPAR", "RSQB"):
            depth = max(0, depth - 1)
        if depth:
            continue
        following = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if kind == "SEMICOLON" or (kind == "RBRACE" and following in words.STATEMENTS):
            start = i + 1
    return tokens[start:]


# --- blocks ----------------------------------------------------------------------------------------------------------


def _owner(view: View, tokens: list[Token], opener: int) -> tuple[str, Construct | None]:
    """What the block that opens at token `opener` belongs to: (word, construct)."""
    before = tokens[:opener]
    if len(before) >= 2 and before[-2].type == "LAYER":
        outer = [o for o in _open(tokens[:opener]) if o.kind == "LBRACE"]
        return "layer", _owner(view, tokens, outer[-1].at)[1] if outer else None
    if before and before[-1].type == "WITH":
        return "params", None
    if len(before) >= 2 and before[-2].type == "PRESET":
        return "params", None
    first = _statement(tokens[:opener])
    word = first[0].type if first else ""
    if word in ("CHECK", "TEST"):
        return word.lower(), None
    if word == "REGION":
        return "region", REGION
    if word in ("PRINT", "PATTERN") and not _has(first, "EQUAL"):
        return word.lower(), made_by(word.lower(), _process(tokens[opener + 1 :]))
    kind = first[0].text if first else ""
    construct = _construct(view, before, kind if kind in registers() else "")
    return ("block", construct)


def _process(tokens: list[Token]) -> str:
    """The process that a half-written block names."""
    for a, b, c in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if a.text == "process" and b.type == "COLON":
            return c.text.strip('"')
    return ""


def _construct(view: View, before: list[Token], kind: str = "") -> Construct | None:
    if before and before[-1].type == "RPAR":
        # `curve(t in a..b: [x, y, z]) {`: its block knows the fields of what stands before the bracket.
        opener = _open(before[:-1])
        before = before[: opener[-1].at] if opener and opener[-1].kind == "LPAR" else []
    if not before or not before[-1].text.isidentifier():
        return None
    name = before[-1].text
    env: Env | None = view.env
    if len(before) >= 3 and before[-2].type == "DOT":
        env = view.env.imports.get(before[-3].text)
    binding = env.bindings.get(name) if env is not None else None
    if binding is not None:
        if isinstance(binding.value, Thing):
            return binding.value.construct
        # Its own block is half-typed: what it is made by says enough.
        maker = binding.expr.head if isinstance(binding.expr, s.Construct) else None
        if isinstance(maker, s.Curve):
            maker = maker.head
        return head(maker.name, kind) if isinstance(maker, s.Var) else None
    return head(name, kind)


def _fields(view: View, tokens: list[Token], opener: int, start: int, after: str) -> list[Item]:
    word, construct = _owner(view, tokens, opener)
    if word == "params":
        return [
            Item(n, "param", start, f"{n}: $1;", shown(b.value), snippet=True, rank=0)
            for n, b in view.env.bindings.items()
            if b.kind == "param"
        ]
    if word in ("check", "test"):
        found = [Item("assert", "keyword", start, 'assert ${1:a} > ${2:b}, "${3:why}";', snippet=True)]
        if word == "test":
            found.append(
                Item("expect", "keyword", start, 'expect ${1|error,warning,ok|} "${2:words}";', snippet=True)
            )
        return found
    if construct is None:
        return []
    written = _written([*tokens[opener + 1 :], *lex(Source("", after)).tokens])
    colon = "" if after.lstrip(" ").startswith(":") else ": $1;"
    out = [
        Item(
            f.name,
            "field",
            start,
            f"{f.name}{colon}",
            str(f.type),
            field_doc(f),
            bool(colon),
            0 if f.required else 1,
        )
        for f in construct.fields
        if f.name not in written and (word != "layer" or f.per_layer)
    ]
    if construct.kind == "lattice" and word == "block":
        form = "layer ${1:k} {\n  ${2:angle}: ${3:if k mod 2 == 0 then 0deg else 90deg};\n}"
        out.append(Item("layer", "keyword", start, form, "", "a rule for each layer", True, 2))
    return out


def _written(tokens: list[Token]) -> set[str]:
    """Names of the fields in a block, given the tokens behind its `{`."""
    depth = 0
    names: set[str] = set()
    for a, b in pairwise(tokens):
        if a.type in ("LBRACE", "LPAR", "LSQB"):
            depth += 1
        elif a.type in ("RBRACE", "RPAR", "RSQB"):
            depth -= 1
            if depth < 0:
                break
        elif depth == 0 and b.type == "COLON":
            names.add(a.text)
    return names


def _field_value(view: View, tokens: list[Token], opener: int, start: int) -> list[Item]:
    _, construct = _owner(view, tokens, opener)
    name = tokens[-2].text if len(tokens) > 1 else ""
    spec = construct.field(name) if construct is not None else None
    if spec is None:
        return _names(view, start, "")
    if name in _CHOICES:
        return [Item(w, "value", start, w, rank=0) for w in _CHOICES[name]]
    if name == "process" and construct is not None and construct.kind in ("print", "pattern"):
        makes = "mask" if construct.kind == "pattern" else "part"
        return [Item(w, "value", start, w, rank=0) for w in processes(makes)]
    words_of = CHOICES.get((construct.kind, name)) if construct is not None else None
    if words_of is not None:
        return [Item(f'"{w}"', "value", start, f'"{w}"', rank=0) for w in words_of]
    found = _names(view, start, spec.type.of or spec.type.name, spec=spec)
    if spec.type.of in (*_LIBRARY_KINDS, "solid", "mask"):
        found += _heads(spec.type.of, start)
    return found


def _heads(kind: str, start: int) -> list[Item]:
    out = []
    for name in head_names():
        construct = head(name, kind)
        if construct is not None and construct.kind == kind:
            needed = [f.name for f in construct.fields if f.required]
            lines = "".join(f"\n  {n}: ${{{i}}};" for i, n in enumerate(needed, 1))
            form = f"{name} {{{lines}\n}}" if needed else f"{name} {{ $1 }}"
            if construct.children:
                form = f"{name}($1)"
            out.append(
                Item(name, "construct", start, form, construct.kind, construct_doc(construct), True, 0)
            )
    return out


def _types(start: int) -> list[Item]:
    return [Item(n, "type", start, n, words.TYPES.get(n, "")) for n in NAMED_TYPES]


# --- names -----------------------------------------------------------------------------------------------------------


def _fits(value: Any, wanted: str) -> bool:
    if not wanted or value is UNSET or value is POISON:
        return False
    if isinstance(value, Thing):
        return value.kind == wanted.lower() or (value.kind == "part" and wanted in ("lattice", "path"))
    return isinstance(value, Num) and type_name(value).endswith(f" {wanted}")


def _names(
    view: View, start: int, wanted: str, *, only: bool = False, spec: FieldSpec | None = None
) -> list[Item]:
    """Names in scope, those of the wanted type or kind first."""
    out: list[Item] = []
    for name, binding in view.env.bindings.items():
        fits = _fits(binding.value, wanted)
        if fits or not only:
            out.append(_bound(name, binding.kind, binding.value, start, 0 if fits else 2))
    if only:
        return out
    for alias, env in view.env.imports.items():
        out.append(Item(alias, "alias", start, alias, "imported file", rank=1))
        if wanted in _LIBRARY_KINDS and env is not None:
            for name, binding in env.bindings.items():
                # What nothing in the design uses is not evaluated; its declaration says what it is.
                if _fits(binding.value, wanted) or (binding.value is UNSET and binding.kind == wanted):
                    out.append(_bound(f"{alias}.{name}", binding.kind, binding.value, start, 1))
    out += _locals(view, start)
    if spec is not None and spec.type.kind == "bool":
        out += [Item(w, "value", start, w, rank=0) for w in ("true", "false")]
    for name, word in words.FUNCTIONS.items():
        out.append(Item(name, "function", start, f"{name}($1)", word.form, word.doc, True, 3))
    for name, word in words.CONSTANTS.items():
        out.append(
            Item(name, "constant", start, name, word.form, word.doc, rank=3 if name in COORDINATES else 4)
        )
    out += [
        Item(w, "keyword", start, w, rank=4)
        for w in ("if", "then", "else", "and", "or", "not", "mod", "true", "false")
    ]
    return out


def _locals(view: View, start: int) -> Iterable[Item]:
    """Names that the fn, layer or comprehension around the place binds."""
    found: dict[str, None] = {}
    for node in view.module.statements:
        if node.start <= start <= node.end:
            for at in s.walk(node):
                if at.start <= start <= at.end:
                    if isinstance(at, s.Layer):
                        found[at.index.text] = None
                    elif isinstance(at, s.Fn):
                        found |= dict.fromkeys(p.name.text for p in at.params)
                    elif isinstance(at, s.Comprehension):
                        found |= dict.fromkeys(c.name.text for c in at.clauses)
                    elif isinstance(at, s.Curve):
                        found[at.name.text] = None
                    elif isinstance(at, s.Construct) and isinstance(at.head, s.Curve):
                        found[at.head.name.text] = None
    return [Item(n, "variable", start, n, "local", rank=0) for n in found]


def _bound(name: str, kind: str, value: Any, start: int, rank: int) -> Item:
    known = value is not POISON and value is not UNSET
    detail = kind
    if known and isinstance(value, Num | str | tuple):
        detail = f"{type_name(value).split(' ', 1)[-1]} = {shown(value)}"
    elif isinstance(value, Thing) and value.construct is not None:
        detail = f"{kind}: {value.construct.name}"
    return Item(name, kind, start, name, detail, rank=rank)


def _members(view: View, before: list[Token], start: int) -> list[Item]:
    """What stands behind a dot."""
    chain: list[str] = []
    i = len(before) - 1
    while i >= 0 and before[i].text.isidentifier():
        chain.insert(0, before[i].text)
        if i < 2 or before[i - 1].type != "DOT":
            break
        i -= 2
    if not chain:
        return []
    env = view.env.imports.get(chain[0])
    if env is not None and len(chain) == 1:
        return [
            _bound(n, b.kind, b.value, start, 0 if b.kind != "let" else 1) for n, b in env.bindings.items()
        ]
    scope, rest = (env, chain[1:]) if env is not None else (view.env, chain)
    binding = scope.bindings.get(rest[0]) if rest else None
    value = binding.value if binding is not None else None
    if value is POISON and env is None and view.before is not None:
        earlier = view.before.env.bindings.get(rest[0])
        value = earlier.value if earlier is not None else None
    state = view.loaded.scene.state if view.loaded.scene is not None else "dried"
    for name in rest[1:]:
        if isinstance(value, Thing) and name in ("wet", "dried"):
            return [Item(n, "member", start, n, "a figure of the part, after geometry") for n in FIGURES]
        known = (
            value.fields
            if isinstance(value, Rec)
            else members(value, state)
            if isinstance(value, Thing)
            else {}
        )
        value = known.get(name)
    if isinstance(value, Rec):
        return [_bound(n, "member", v, start, 0) for n, v in value.fields.items()]
    if isinstance(value, Thing):
        found = [_bound(n, "member", v, start, 0) for n, v in members(value, state).items()]
        if value.kind == "part":
            found += [
                Item(n, "member", start, n, "figures after geometry, in `check`", rank=1)
                for n in ("wet", "dried")
            ]
        return found
    return []


#: Figures that `check` can ask of a part in one of its states.
FIGURES = (
    "filaments", "points", "layers", "length", "volume", "surface", "bbox", "contacts", "missing_contacts", "max_span",
    "min_gap", "solid_fraction", "conductance_x", "conductance_y", "conductance_z", "conductivity_x", "conductivity_y",
    "conductivity_z",
)  # fmt: skip
