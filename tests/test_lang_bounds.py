"""Designs that grow without measure: refused in time, in words, at a place; whatever they double, deepen or repeat."""

from __future__ import annotations

import time

import pytest
from wetprint.kernel.build import build
from wetprint.lang.codes import LATTICE, PRINT, H
from wetprint.lang.load import load
from wetprint.lang.render import to_terminal

TAIL = LATTICE + PRINT


def twice(first: str, rule: str, count: int = 60) -> str:
    """`first`, then names that each need the last one twice."""
    return first + "".join(rule.format(n=i + 1, o=i) + "\n" for i in range(count))


GROWN = {
    "text": (twice('let t0 = "xxxx";\n', "let t{n} = t{o} + t{o};"), "E316"),
    "list": (twice("let a0 = [1, 2];\n", "let a{n} = [a{o}, a{o}];"), "E316"),
    "field": (TAIL + twice("let f0 = x;\n", "let f{n} = f{o} + f{o};"), "E316"),
    "extreme": (TAIL + twice("let f0 = x;\n", "let f{n} = max(f{o}, f{o});"), "E316"),
    "condition": (TAIL + twice("let c0 = x > 1um;\n", "let c{n} = c{o} and c{o};"), "E316"),
    "choice": (TAIL + twice("let c0 = x;\n", "let c{n} = if x > 1um then c{o} else c{o};"), "E316"),
    "parts": (LATTICE + twice("part p0 = union(body, body);\n", "part p{n} = union(p{o}, p{o});"), "E310"),
    "solids": (
        twice("solid s0 = sphere {{ radius: 9um; }}\n".format(), "solid s{n} = union(s{o}, s{o});"),
        "E310",
    ),
    "calls": (
        twice("fn f0(k: Count) -> Count = k;\n", "fn f{n}(k: Count) -> Count = f{o}(k) + f{o}(k);", 50)
        + "let q = f50(1);\n",
        "E316",
    ),
    "copies": (
        LATTICE
        + twice(
            "part p0 = array(of: body, n: [30, 30], pitch: 1mm);\n",
            "part p{n} = array(of: p{o}, n: [30, 30], pitch: 1mm);",
            9,
        )
        + "print p9 { bath: nc.gold_bath; }\n",
        "E405",
    ),
    "size": (TAIL.replace("400um", "1e308um"), "E405"),
    "pitch": (TAIL.replace("40um", "1e-308um"), "E405"),
    "number": ("let a = 1e308um * 1e308;\n" + TAIL, "E303"),
    "digits": ("let a = " + "9" * 5000 + ";\n" + TAIL, "E303"),
    "layers": (TAIL.replace("layers: 4", "layers: 10^9"), "E310"),
    "rounds": ("let a = [for i in 0..9999 for j in 0..9999: i];\n" + TAIL, "E316"),
    "brackets": ("let a = " + "(" * 5000 + "1" + ")" * 5000 + ";\n" + TAIL, "E014"),
    "signs": ("let a = " + "-" * 50_000 + "1;\n" + TAIL, "E014"),
    "sums": ("let a = " + "+".join("1" * 50_000) + ";\n" + TAIL, "E014"),
    "semicolons": (";" * 100_000, "E017"),
    "closers": ("}" * 100_000, "E017"),
    "quotes": ('"' * 100_000, "E016"),
    "nul": ("\0" * 100, "E003"),
    "length": ("#" * 4_100_000, "E004"),
}


@pytest.mark.parametrize("what", GROWN)
def test_growth_is_refused_in_time(what: str) -> None:
    text, code = GROWN[what]
    began = time.process_time()
    loaded = load("design.wp", H + text)
    said = list(loaded.diagnostics)
    if loaded.scene is not None:
        said += build(loaded.scene)[1]
    assert code in {d.code for d in said}
    assert all(d.primary is not None for d in said)
    assert len(to_terminal(said)) < 200_000
    assert time.process_time() - began < 5


def test_what_is_large_but_sound_is_read() -> None:
    wire = "path wire = polyline { points: [for i in 0..60000: [i * 1um, 0um, 5um]]; filament: 10um; material: nc.gold; }\n"
    names = "let v0 = 1um;\n" + "".join(f"let v{i + 1} = v{i} + 1um;\n" for i in range(3000))
    loaded = load(
        "design.wp", H + wire + names + "assert v3000 == 3001um;\nprint wire { bath: nc.gold_bath; }\n"
    )
    assert loaded.scene is not None
