"""The formatter: one style, nothing lost, nothing changed in meaning, and a second run changes nothing."""

from pathlib import Path

import pytest
from wetprint.kernel.diagnostics import Source, WetprintError
from wetprint.lang.format import WIDTH, format_source, formatted, same_tree
from wetprint.lang.parser import parse


def fmt(text: str) -> str:
    out = format_source(Source("a.wp", text))
    assert format_source(Source("a.wp", out)) == out
    before, after = parse(Source("a.wp", text)), parse(Source("a.wp", out))
    assert after[1] == []
    assert same_tree(before[0], after[0])
    assert [c.text.split() for c in before[0].comments] == [c.text.split() for c in after[0].comments]
    return out


CASES = {
    "nothing": ("", ""),
    "spaces only": (" \n\n\t\n", ""),
    "comment only": ("\n\n  # a  \n\n\n# b", "# a\n\n# b\n"),
    "spacing": (
        'param  w:Length=10um in 7um .. 44um step .5um"doc" ;'.replace(" .5", " 0.5"),
        'param w: Length = 10um in 7um..44um step 0.5um "doc";\n',
    ),
    "operators": (
        "let a=-b*( c+2 )^ -2 - not_ (x , y)[ 3 ].z;",
        "let a = -b * (c + 2)^-2 - not_(x, y)[3].z;\n",
    ),
    "words": (
        "let a=if not a and b or c==d then 1 mod   2 else [for i in 0 .. 9 where i>1:i];",
        "let a = if not a and b or c == d then 1 mod 2 else [for i in 0..9 where i > 1: i];\n",
    ),
    "index of a number": ("let a = 4 [0];", "let a = 4 [0];\n"),
    "types": (
        "fn f(a:[Length,Length],b :Count)->[ Ratio ]=1;",
        "fn f(a: [Length, Length], b: Count) -> [Ratio] = 1;\n",
    ),
    "origin": ('let a = 1um assumed   "why";', 'let a = 1um assumed "why";\n'),
    "small statements": (
        'wp   1;use "x"   as y;allow W201   because "z";state wet;compensate  off;print body;',
        'wp 1;\nuse "x" as y;\nallow W201 because "z";\nstate wet;\ncompensate off;\nprint body;\n',
    ),
    "one line stays": ("solid a = box { size:[1um,2um,3um] };", "solid a = box { size: [1um, 2um, 3um]; }\n"),
    "one line too long": (
        f"solid a = box {{ {'x' * 50}: 1; {'y' * 40}: 2; }}",
        f"solid a = box {{\n  {'x' * 50}: 1;\n  {'y' * 40}: 2;\n}}\n",
    ),
    "block over lines": (
        "lattice a = woodpile { pitch: 1um;\nlayer k { angle: 0deg } layer j {\nphase:1um;}}",
        "lattice a = woodpile {\n  pitch: 1um;\n  layer k { angle: 0deg; }\n  layer j {\n    phase: 1um;\n  }\n}\n",
    ),
    "empty block": ("lattice a = woodpile {\n\n};", "lattice a = woodpile {}\n"),
    "comment in an empty block": ("lattice a = woodpile { # b\n}", "lattice a = woodpile {  # b\n}\n"),
    "blank lines": (
        "\n\nlet a = 1;\n\n\n\nlet b = 2;\nmaterial m = ink {\n\n  a: 1;\n\n\n  b: 2;\n\n}\n\n",
        "let a = 1;\n\nlet b = 2;\nmaterial m = ink {\n  a: 1;\n\n  b: 2;\n}\n",
    ),
    "comments around": (
        "# top\nlet a = 1; # behind a\n  # above b\n\n#apart\nlet b = 2;\n#end",
        "# top\nlet a = 1;  # behind a\n# above b\n\n#apart\nlet b = 2;\n#end\n",
    ),
    "comments in a block": (
        "material m = ink { # first\n a: 1; # of a\n\n # own\n b: 2\n # last\n}",
        "material m = ink {  # first\n  a: 1;  # of a\n\n  # own\n  b: 2;\n  # last\n}\n",
    ),
    "comment within an expression": ("let a = 1 + # why\n 2;", "let a = 1 + 2;  # why\n"),
    "comment line within an expression": ("let a = 1 +\n # why\n 2;", "# why\nlet a = 1 + 2;\n"),
    "comments in a list": (
        "let a = [1, # one\n 2 # two\n, # also\n # own\n 3 # three\n];",
        "let a = [\n  1,  # one\n  2,  # two  # also\n  # own\n  3,  # three\n];\n",
    ),
    "list opened by its author": (
        "let a = [\n [0, 1], [2, 3]];",
        "let a = [\n  [0, 1],\n  [2, 3],\n];\n",
    ),
    "trailing comma": ("let a = f([1,2,],3,);", "let a = f([1, 2], 3);\n"),
    "carriage returns": ("let a = 1;\r\n\r\n# b\r\nlet c = 2;\r\n", "let a = 1;\n\n# b\nlet c = 2;\n"),
    "text with a hash": ('let a = "# no comment"; # yes', 'let a = "# no comment";  # yes\n'),
}


@pytest.mark.parametrize("case", CASES)
def test_style(case: str) -> None:
    text, expected = CASES[case]
    if case in ("comments in a list",):
        # Two comments come to stand on one line, and are one comment from then on.
        assert format_source(Source("a.wp", text)) == expected
        assert format_source(Source("a.wp", expected)) == expected
    else:
        assert fmt(text) == expected


def test_long_list_has_an_item_a_line() -> None:
    out = fmt(f"let a = [{', '.join(str(i) for i in range(60))}];")
    assert out.startswith("let a = [\n  0,\n  1,\n")
    assert out.endswith("  59,\n];\n")


def test_long_call_and_long_params() -> None:
    names = [f"argument_number_{i}" for i in range(8)]
    assert fmt(f"let a = mix({', '.join(n + ': 10%' for n in names)});").splitlines() == [
        "let a = mix(",
        *(f"  {n}: 10%," for n in names),
        ");",
    ]
    assert "\n  argument_number_7: Length\n)" in fmt(
        f"fn f({', '.join(n + ': Length' for n in names)}) -> Length = 1um;"
    )


def test_long_expression_breaks_before_operators() -> None:
    out = fmt("assert " + " and ".join(f"some_quantity_{i} > {i}um" for i in range(8)) + ', "no";')
    assert out.splitlines()[:2] == ["assert some_quantity_0 > 0um", "    and some_quantity_1 > 1um"]
    out = fmt("let a = if " + "c" * 60 + " then 1 else if " + "d" * 60 + " then 2 else 3;")
    assert out.splitlines() == [
        f"let a = if {'c' * 60}",
        "    then 1",
        f"    else if {'d' * 60}",
        "    then 2",
        "    else 3;",
    ]


def test_long_param() -> None:
    out = fmt(
        f'param p: Length = 1um in 0um..2um step 1um choices [{", ".join(["1um"] * 12)}] "{"d" * 30}" assumed;'
    )
    assert out.splitlines()[0] == "param p: Length = 1um"
    assert "    in 0um..2um" in out.splitlines()


def test_only_what_cannot_be_broken_is_too_wide() -> None:
    out = fmt(f"let a = [f({'x' * 60}, {'y' * 60}), 1 + ({'z' * 50} + {'w' * 50})];")
    assert max(map(len, out.splitlines())) <= WIDTH


def test_syntax_errors_leave_the_text_alone() -> None:
    source = Source("a.wp", "let  a = ;\nlet b  = 2;")
    text, said = formatted(source)
    assert text == source.text
    assert said
    with pytest.raises(WetprintError) as caught:
        format_source(source)
    assert caught.value.diagnostics == tuple(said)


def test_examples_and_library_keep_their_meaning(root: Path) -> None:
    found = [*root.glob("examples/*.wp"), *root.glob("lang/library/*.wp")]
    assert found
    for path in found:
        fmt(path.read_text(encoding="utf-8"))
