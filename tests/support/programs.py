"""Programs of the language by chance: walked from the grammar, put together from real constructs, and spoilt on purpose."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from functools import cache
from typing import Any

from wetprint.lang.tables import grammar_text

UNITS = (
    "um",
    "mm",
    "nm",
    "s",
    "ms",
    "deg",
    "rad",
    "kPa",
    "%",
    "mg",
    "nL",
    "[mg/mL]",
    "[mm/s]",
    "[mM]",
    "µm",
    "",
)
WORDS = (
    "a",
    "b",
    "side",
    "body",
    "pitch",
    "width",
    "nc",
    "gold",
    "x",
    "y",
    "z",
    "k",
    "core",
    "au",
    "wet",
    "r",
    "cut",
)


class Walker:
    """Random sentences of the grammar file itself, so that a new rule is tried without a change here."""

    def __init__(self) -> None:
        from lark import Lark

        lark = Lark(grammar_text(), parser="lalr", start=["file", "statement"], keep_all_tokens=True)
        self.literals = {t.name: t.pattern.value for t in lark.terminals if t.pattern.type == "str"}
        self.rules: dict[str, list[list[tuple[str, bool]]]] = {}
        for rule in lark.rules:
            symbols = [(str(s.name), bool(s.is_term)) for s in rule.expansion]
            if all(name != "OPEN_STRING" for name, _ in symbols):
                self.rules.setdefault(str(rule.origin.name), []).append(symbols)
        self.height = dict.fromkeys(self.rules, 10**6)
        for _ in range(len(self.rules)):
            for name, rows in self.rules.items():
                self.height[name] = min(
                    self.height[name],
                    *(1 + max((0 if t else self.height[n] for n, t in row), default=0) for row in rows),
                )

    def tokens(self, rng: random.Random, start: str = "statement", depth: int = 14) -> list[str]:
        out: list[str] = []
        pending: list[tuple[str, bool, int]] = [(start, False, depth)]
        while pending:
            name, terminal, left = pending.pop()
            if terminal:
                out.append(self.terminal(rng, name))
                continue
            rows = self.rules[name]
            cost = [1 + max((0 if t else self.height[n] for n, t in row), default=0) for row in rows]
            least = min(cost)
            fit = [row for row, c in zip(rows, cost, strict=True) if c <= max(left, least)]
            # Long sentences: the rules that end at once are not always taken.
            row = rng.choice(fit)
            pending.extend((n, t, left - 1) for n, t in reversed(row))
        return out

    def terminal(self, rng: random.Random, name: str) -> str:
        if name in self.literals:
            return self.literals[name]
        if name == "NAME":
            return rng.choice(WORDS)
        if name == "NUMBER":
            return number(rng)
        if name == "STRING":
            return rng.choice(('""', '"a"', '"two words"', r'"\"q\" \\"', '"# µ中"', '"nanocrystal.wp"'))
        if name == "CMP":
            return rng.choice(("<", "<=", "==", "!=", ">", ">="))
        raise AssertionError(f"the grammar has a new terminal {name}: say here what it looks like")


def number(rng: random.Random) -> str:
    return rng.choice(("0", "1", "2", "7", "16", "0.5", "40", "1.2", "1e3", "2.5e-2")) + rng.choice(UNITS)


def spaced(rng: random.Random, tokens: list[str]) -> str:
    """Tokens with any space, line ends and comments between them."""
    out: list[str] = []
    for token in tokens:
        out.append(token)
        roll = rng.random()
        if roll < 0.06:
            out.append("\n" * rng.randint(1, 4) + " " * rng.randint(0, 5))
        elif roll < 0.09:
            out.append(rng.choice((" # note\n", "\n# own line\n", " #\n\n", "#x;}\n")))
        elif token in (";", "{", "}") and roll < 0.6:
            out.append("\n")
        elif token[-1] in ";{}(,:" and roll < 0.8:
            pass
        else:
            out.append(" " * rng.choice((1, 1, 1, 2)))
    return "".join(out)


@cache
def walker() -> Walker:
    return Walker()


def grammatical(rng: random.Random) -> str:
    """A program that the grammar accepts; what it says is nonsense."""
    tokens: list[str] = []
    for _ in range(rng.randint(1, 6)):
        tokens += walker().tokens(rng, depth=rng.randint(8, 22))
        if len(tokens) > 600:
            break
    return spaced(rng, tokens)


class Maker:
    """Programs of real constructs, fields and names, mostly of the right types: they reach deep into the evaluation."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        # Most programs have no planted mistake, some have several.
        self.wrong = rng.choice((0.0, 0.0, 0.0, 0.01, 0.05))
        self.names: dict[str, list[str]] = {
            "Length": [], "Count": [], "Ratio": [], "Angle": [],
            "material": ["nc.gold", "nc.silver", "nc.cadmium_selenide", "nc.magnetite"],
            "bath": ["both"], "solid": [], "part": [],
        }  # fmt: skip

    def program(self) -> str:
        rng = self.rng
        lines = ["wp 1;", 'use "nanocrystal.wp" as nc;']
        lines.append("bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }")
        for i in range(rng.randint(1, 4)):
            kind = rng.choice(("Length", "Count", "Ratio", "Angle"))
            lines.append(f"param p{i}: {kind} = {self.literal(kind)};")
            self.names[kind].append(f"p{i}")
        for i in range(rng.randint(0, 3)):
            kind = rng.choice(("Length", "Ratio", "Count"))
            lines.append(f"let v{i} = {self.value(kind)};")
            self.names[kind].append(f"v{i}")
        for i in range(rng.randint(0, 2)):
            lines.append(f"material m{i} = {self.value('material')};")
            self.names["material"].append(f"m{i}")
        for kind in ("solid", "lattice", "path"):
            for i in range(rng.randint(0, 2)):
                made = self.construct(kind)
                if made:
                    lines.append(f"{kind} {kind}{i} = {made}")
                    self.names["solid" if kind == "solid" else "part"].append(f"{kind}{i}")
        for i in range(rng.randint(0, 2)):
            if self.names["part"]:
                part = rng.choice(self.names["part"])
                lines.append(
                    f"region r{i} in {part} where {self.where()} {{ {self.fields(self._region())} }}"
                )
        printed = [part for part in self.names["part"] if rng.random() < 0.7]
        lines += [f"print {part} {{ bath: {self.value('bath')}; }}" for part in printed]
        if rng.random() < 0.4:
            lines.append(f'assert {self.value("Length")} > {self.value("Length")}, "no";')
        if rng.random() < 0.3 and self.names["part"]:
            lines.append(f"check c {{ assert {rng.choice(self.names['part'])}.wet.min_gap > 0um; }}")
        if rng.random() < 0.2:
            lines.append(f'test "t" with {{ p0: {self.value("Length")}; }} {{ expect error "no"; }}')
        if rng.random() < 0.3:
            rng.shuffle(lines)
        return "\n".join(lines) + "\n"

    def _region(self) -> Any:
        from wetprint.lang.heads import REGION

        return REGION

    def where(self) -> str:
        rng = self.rng
        first = f"{rng.choice('xyzr')} {rng.choice(('<', '>', '>='))} {self.value('Length')}"
        if self.names["solid"] and rng.random() < 0.4:
            first = f"inside({rng.choice(self.names['solid'])})"
        return first if rng.random() < 0.6 else f"{rng.choice(('not', ''))} ({first}) and {self.where()}"

    def literal(self, kind: str) -> str:
        rng = self.rng
        if kind == "Length":
            return f"{rng.choice((1, 5, 10, 40, 100))}{rng.choice(('um', 'um', 'um', 'mm'))}"
        if kind == "Count":
            return str(rng.randint(1, 12))
        if kind == "Angle":
            return f"{rng.choice((0, 30, 45, 90))}deg"
        if kind == "Ratio":
            return rng.choice(("0.5", "80%", "1.2", "1"))
        if kind == "Text":
            return rng.choice(('"split"', '"whole"', '"a"', '"x"'))
        if kind == "Bool":
            return rng.choice(("true", "false"))
        unit = {
            "Speed": "[mm/s]", "Time": "s", "Volume": "nL", "Molarity": "[mM]", "Density": "[mg/mL]", "Mass": "mg",
            "Pressure": "kPa", "Viscosity": "[Pa*s]", "Area": "[um^2]", "Hansen": "[MPa^0.5]", "Dose": "[mJ/cm^2]",
            "ChargeDose": "[uC/cm^2]", "Power": "mW", "Intensity": "[mW/cm^2]", "Current": "nA", "Voltage": "kV",
        }.get(kind, "um")  # fmt: skip
        return f"{rng.choice((0.5, 1, 20))}{unit}"

    def value(self, kind: str, depth: int = 3) -> str:
        rng = self.rng
        roll = rng.random()
        if roll < self.wrong:
            kind = rng.choice(("Length", "Count", "Angle", "material", "Text", "Bool"))
        known = self.names.get(kind, [])
        if known and roll < 0.5:
            return rng.choice(known)
        if kind == "material" and depth and roll < 0.7:
            one, other = rng.sample(known, 2)
            return f"mix({one}: 30%, {other}: {rng.choice(('rest', '70%'))})"
        if kind in ("material", "bath"):
            return rng.choice(known)
        if kind in ("solid", "part", "solvent", "linker"):
            return rng.choice(known) if known else rng.choice(("nc.gold_iii", "nc.butanol", "body"))
        if depth and roll < 0.75 and kind not in ("Text", "Bool"):
            one, other = self.value(kind, depth - 1), self.value(kind, depth - 1)
            whole = kind == "Count"
            return rng.choice(
                (
                    f"{one} + {other}",
                    f"({one} + {other})" if whole else f"({one} + {other}) / 2",
                    f"{rng.randint(1, 3)} * ({one})",
                    f"(if {one} > {other} then {one} else {other})",
                    f"[{one}, {other}][{self.value('Count', 0)} mod 2]",
                    f"max({one}, {other})",
                    f"sum([for i in 0..2: {one}])",
                )
            )
        return self.literal(kind)

    def of_type(self, kind: Any) -> str:
        if kind.kind == "list":
            size = kind.size or self.rng.randint(3, 5)
            return "[" + ", ".join(self.of_type(kind.item) for _ in range(size)) + "]"
        return self.value(kind.of if kind.kind == "ref" else kind.name)

    def fields(self, construct: Any) -> str:
        rng = self.rng
        out = []
        for spec in construct.fields:
            needed = spec.required or spec.name in ("material", "size")
            if rng.random() < (1 - self.wrong if needed and construct.kind != "region" else 0.3):
                name = spec.name if rng.random() > self.wrong / 3 else spec.name[:-1] + "q"
                out.append(f"{name}: {self.of_type(spec.type)};")
        if construct.kind == "lattice" and rng.random() < 0.4:
            rule = rng.choice(
                (
                    "angle: if k mod 2 == 0 then 90deg else 0deg;",
                    "phase: k * 1um;",
                    f"material: {self.value('material')};",
                )
            )
            out.append(f"layer k {{ {rule} }}")
        return " ".join(out)

    def construct(self, kind: str) -> str | None:
        from wetprint.lang.heads import head, registers

        register = registers().get(kind)
        if register is None:
            return None
        name = self.rng.choice([n for n in register.names() if head(n, kind).fields])
        return f"{name} {{ {self.fields(head(name, kind))} }}"


class FilmMaker(Maker):
    """Programs of masks, films and patterns."""

    def program(self) -> str:
        from wetprint.lang.heads import pattern_head, processes

        rng = self.rng
        self.names |= {
            "mask": ["dot"], "film": ["thin"], "ligand": ["lig.tris_tad", "lig.bisazide", "lig.alkene"],
            "developer": ["lig.toluene", "lig.water_ammonia"],
        }  # fmt: skip
        lines = [
            "wp 1;", 'use "nanocrystal.wp" as nc;', 'use "ligands.wp" as lig;',
            "mask dot = rectangle { size: [2um, 3um]; }",
            'film thin = film { nanocrystal: "InP"; family: "III-V"; ligand: lig.tris_tad; thickness: 40nm; colour: "#3cb44b"; }',
        ]  # fmt: skip
        for i in range(rng.randint(1, 4)):
            # Functions such as `grow` are written in `derived`; files do not exist here.
            made = self.construct("mask") if rng.random() < 0.6 else None
            words = (made or "").split(" ", 1)[0]
            if not made or words in ("grow", "image"):
                made = self.derived() + ";"
            lines.append(f"mask m{i} = {made}")
            self.names["mask"].append(f"m{i}")
        for i in range(rng.randint(0, 2)):
            lines.append(f"film f{i} = thin {{ thickness: {self.value('Length')}; loading: 20%; }}")
            self.names["film"].append(f"f{i}")
        for _ in range(rng.randint(1, 3)):
            process = rng.choice(processes("mask"))
            body = self.fields(pattern_head(process)).replace("process:", "process_of:")
            body = re.sub(r"process_of: [^;]*;", "", body)
            lines.append(f"pattern {self.value('mask')} {{ process: {process}; {body} }}")
        if rng.random() < 0.3:
            rng.shuffle(lines)
        return "\n".join(lines) + "\n"

    def derived(self) -> str:
        rng = self.rng
        one, two = (rng.choice(self.names["mask"]) for _ in range(2))
        return rng.choice(
            (
                f"{rng.choice(('union', 'difference', 'intersection'))}({one}, {two})",
                f"grow({one}, by: {rng.choice(('50nm', '-20nm', self.value('Length')))})",
                f"invert({one}, within: {two})",
                f"array(of: {one}, n: [{rng.randint(1, 5)}, {rng.randint(1, 5)}], pitch: [9um, {self.value('Length')}])",
                f"rotate(move({one}, by: [{self.value('Length')}, 1um]), by: {self.value('Angle')})",
                f"mirror(scale({one}, by: 2), across: {rng.choice('xyz')})",
                f"slice(box {{ size: [4um, 4um, 9um]; }}, at: {self.value('Length')})",
            )
        )

    def fields(self, construct: Any) -> str:
        # Most texts that may be left out are words of a few.
        kept = [
            f
            for f in construct.fields
            if f.required or f.type.name != "Text" or self.rng.random() < self.wrong
        ]
        return super().fields(replace(construct, fields=tuple(kept)))

    def value(self, kind: str, depth: int = 3) -> str:
        if kind in ("mask", "film", "ligand", "developer") and self.rng.random() > self.wrong:
            return self.rng.choice(self.names[kind])
        return super().value(kind, depth)


def patterned(rng: random.Random) -> str:
    return FilmMaker(rng).program()


def sensible(rng: random.Random) -> str:
    return Maker(rng).program()


JUNK = (
    "\x00",
    "\ud800",
    "\u202e",
    "😀",
    "“",
    "’",
    "\r",
    "\x0b",
    "$",
    "@",
    "`",
    '"',
    "\\",
    "µ",
    "^^",
    "..",
    "%",
    "#",
    "//",
    "\ufeff",
    "=>",
    "{{",
)
EXTREMES = (
    "1e308um",
    "1e-308mm",
    "0",
    "-1",
    "99999999999999999999",
    "0.0000001um",
    "1e400",
    "9007199254740993",
    "nan",
    "1[um^9999]",
    "1[",
)
_TOKEN = re.compile(r'[A-Za-z_]\w*|\d[\w.%]*(?:\[[^\]\n]*\])?|"[^"\n]*"|\s+|.', re.S)


def spoilt(rng: random.Random, text: str) -> str:
    """One to four small accidents, or one large."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        text = rng.choice(ACCIDENTS)(rng, text)
        if len(text) > 200_000:
            break
    return text


def _cut(rng: random.Random, text: str) -> str:
    return text[: rng.randint(0, len(text))]


def _delete(rng: random.Random, text: str) -> str:
    at = rng.randint(0, len(text))
    return text[:at] + text[at + rng.randint(1, 30) :]


def _duplicate(rng: random.Random, text: str) -> str:
    at, to = rng.randint(0, len(text)), rng.randint(0, len(text))
    return text[:to] + text[at : at + rng.randint(1, 80)] + text[to:]


def _swap(rng: random.Random, text: str) -> str:
    tokens = _TOKEN.findall(text)
    if len(tokens) > 1:
        i, j = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        tokens[i], tokens[j] = tokens[j], tokens[i]
    return "".join(tokens)


def _drop_token(rng: random.Random, text: str) -> str:
    tokens = list(_TOKEN.findall(text))
    solid = [i for i, t in enumerate(tokens) if not t.isspace()]
    if solid:
        del tokens[rng.choice(solid)]
    return "".join(tokens)


def _other_token(rng: random.Random, text: str) -> str:
    tokens = _TOKEN.findall(text)
    if tokens:
        put = rng.choice((*walker().literals.values(), *WORDS, *EXTREMES, number(rng)))
        tokens[rng.randrange(len(tokens))] = f" {put} "
    return "".join(tokens)


def _junk(rng: random.Random, text: str) -> str:
    at = rng.randint(0, len(text))
    return text[:at] + rng.choice(JUNK) * rng.choice((1, 1, 3)) + text[at:]


def _bytes(rng: random.Random, text: str) -> str:
    at = rng.randint(0, len(text))
    return text[:at] + rng.randbytes(rng.randint(1, 60)).decode("utf-8", errors="replace") + text[at:]


def _unit(rng: random.Random, text: str) -> str:
    found = list(re.finditer(r"(?<=\d)(?:um|mm|nm|deg|kPa|%|\[[^\]\n]*\])|\b\d+\b", text))
    if not found:
        return text
    m = rng.choice(found)
    put = (
        rng.choice((*UNITS, "microns", "um^2", "[um/]", "[]")) if not m[0].isdigit() else rng.choice(EXTREMES)
    )
    return text[: m.start()] + put + text[m.end() :]


def _misspell(rng: random.Random, text: str) -> str:
    found = list(re.finditer(r"[A-Za-z_]{3,}", text))
    if not found:
        return text
    m = rng.choice(found)
    i = rng.randrange(1, len(m[0]))
    return (
        text[: m.start()]
        + rng.choice((m[0][:i] + m[0][i + 1 :], m[0][:i] + "q" + m[0][i:], m[0].upper()))
        + text[m.end() :]
    )


def _deep(rng: random.Random, text: str) -> str:
    found = list(re.finditer(r"\d+\w*", text))
    if not found:
        return text
    m = rng.choice(found)
    n = rng.choice((5, 50, 99, 100, 101, 500, 3000))
    left, right = rng.choice(
        (
            ("(", ")"),
            ("[", "]"),
            ("-", ""),
            ("not ", ""),
            ("f(", ")"),
            ("a { b: ", "; }"),
            ("1 + ", ""),
            ("if true then 1 else ", ""),
            ("", "^2"),
            ("", ".x"),
            ("", "[0]"),
            ("2^", ""),
        )
    )
    return text[: m.start()] + left * n + m[0] + right * n + text[m.end() :]


def _large(rng: random.Random, text: str) -> str:
    big = rng.choice(
        (
            "let big = [" + "1um, " * 3000 + "];",
            "let big = [for i in 0..1000000000: i];",
            "let big = [for i in 0..9999 for j in 0..9999: i * j];",
            "fn f(n: Count) -> Count = if n < 2 then 1 else f(n - 1) + f(n - 2); let big = f(60);",
            "fn f(n: Count) -> Count = f(n + 1); let big = f(0);",
            "let c1 = c2; let c2 = c3; let c3 = c1;",
            "".join(f"let d{i} = d{i + 1} + d{i + 1}; " for i in range(40)) + "let d40 = 1;",
            "".join(f"let e{i} = [e{i + 1}, e{i + 1}, e{i + 1}]; " for i in range(25)) + "let e25 = 1um;",
            "let big = 9^9^9^9;",
            "let big = 10^400 * 1um;",
            "param layers: Count = 100000000 in 1..1000000000;",
            'use "nanocrystal.wp" as nc; ' * 20,
            'use "/dev/zero" as z;',
            'use "." as dir;',
        )
    )  # fmt: skip
    return text + "\n" + big + "\n" if rng.random() < 0.5 else big + "\n" + text


ACCIDENTS = (
    _cut, _delete, _duplicate, _swap, _swap, _drop_token, _drop_token, _other_token, _other_token, _junk, _bytes, _unit,
    _unit, _misspell, _misspell, _deep, _large,
)  # fmt: skip
