"""`curve(t in ...: [...])`: what it takes, what it refuses, its width, its one style, and the way back to text."""

import pytest
from wetprint.kernel.build import build
from wetprint.kernel.diagnostics import Source
from wetprint.kernel.fields import evaluate
from wetprint.lang.format import format_source
from wetprint.lang.load import load
from wetprint.lang.unparse import scene_text

HEAD = 'wp 1;\nuse "nanocrystal.wp" as nc;\n'
TAIL = "\nprint p { bath: nc.gold_bath; }\n"
BODY = "{ filament: 10um; material: nc.gold; }"


def _codes(text: str) -> list[str]:
    found = load("-", HEAD + text + TAIL)
    said = list(found.diagnostics)
    if found.scene is not None:
        said += build(found.scene)[1]
    return [d.code for d in said if d.severity.name == "ERROR"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"path p = curve(t in 0..1: [100um * t, 0um, 5um]) {BODY}", None),
        (f"path p = curve(t in 1..0: [100um * t, 0um]) {BODY}", None),
        (f"path p = curve(t in 0um..1mm: [t, 0um, 5um + t mod 20um / 100]) {BODY}", "E412"),
        (f"path p = curve(t in 0..1: [100um * t, atan(t) * 1um / 1rad]) {BODY}", None),
        (f"path p = curve(t in 0..1: [100um * t, 10um * floor(4 * t)]) {BODY}", "E412"),
        ("path p = curve(t in 0..1: [100um * t, 0um]);", "E105"),
        (f"path p = curve(t in 0..1: [100 * t, 0um]) {BODY}", "E202"),
        (f"path p = curve(t in 0..1: [100um, 2]) {BODY}", "E201"),
        (f"path p = curve(t in 0..1: 100um * t) {BODY}", "E202"),
        (f"path p = curve(t in 0..1: [x, 100um * t]) {BODY}", "E211"),
        (f"path p = curve(t in 0..1um: [100um * t / 1um, 0um]) {BODY}", "E201"),
        (f"path p = curve(t in 1um..1deg: [100um * t / 1um, 0um]) {BODY}", "E204"),
        (f"path p = curve(t in 1..1: [100um * t, 0um]) {BODY}", "E302"),
        (f"path p = curve {BODY}", "E208"),
        ("path p = curve(10um);", "E208"),
        (f"path p = woodpile(t in 0..1: [100um * t, 0um]) {BODY}", "E209"),
        (f"path p = curve(t in 0..1: [100um * t, 10um / t]) {BODY}", "E412"),
        (f"path p = curve(t in 0..1: [100um * s, 0um]) {BODY}", "E101"),
        ("path p = curve(t in 0..1: [100um * t, 0um]) { filament: 10um * t; material: nc.gold; }", "E412"),
        ("path p = curve(t in 0..1: [100um * t, 0um]) { filament: x; material: nc.gold; }", "E211"),
        (
            "path p = curve(t in 0..1: [100um * t, 0um]) { filament: 10um; material: nc.gold; tolerance: 1um * t; }",
            "E211",
        ),
    ],
)
def test_what_it_takes_and_what_it_refuses(text: str, code: str | None) -> None:
    assert _codes(text) == ([code] if code else [])


def test_the_width_may_vary() -> None:
    text = "path p = curve(t in 0..1: [100um * t, 0um]) { filament: 8um + 4um * t^2; material: nc.gold; }"
    found = load("-", HEAD + text + TAIL)
    assert found.scene is not None
    jobs, said = build(found.scene)
    assert not said
    state = jobs[0].filaments.dried
    assert state is not None
    assert state.width_um == pytest.approx(8 + 4 * (state.points_um[:, 0] / 100) ** 2, abs=1e-6)
    # Between two points the width is a straight line to within the tolerance on either side.
    assert 3 < len(state.width_um) < 60


def test_another_width_keeps_the_curve() -> None:
    text = (
        "path q = curve(t in 0..1: [100um * t, 0um]) { filament: 8um + 4um * t; material: nc.gold; }\n"
        "path p = q { filament: 9um; }"
    )
    found = load("-", HEAD + text + TAIL)
    assert found.scene is not None
    state = build(found.scene)[0][0].filaments.dried
    assert state is not None and state.width_um == pytest.approx(9.0)
    assert found.scene.parts["p"].fields["over"] == (0.0, 1.0)


def test_one_style() -> None:
    text = (
        "path p=curve( t in 0deg .. 360deg :[ 1um*cos(t),2um*sin( t ) ] ){filament:10um;material:nc.gold}\n"
    )
    once = format_source(Source("a", HEAD + text))
    assert "path p = curve(t in 0deg..360deg: [1um * cos(t), 2um * sin(t)]) {\n  filament: 10um;\n" in once
    assert format_source(Source("a", once)) == once


@pytest.mark.parametrize(
    "at",
    [
        "[50um * cos(t), 50um * sin(2 * t), 5um + 1um * t / 1rad]",
        "[40um * t / 90deg, if t < 45deg then 0um else (t - 45deg) * 2um / 1rad, 6um]",
        "[abs(60um * sin(t)), max(10um, 30um * cos(t)), sqrt((9um)^2 + (3um * sin(t))^2)]",
        "[asin(sin(t) / 2) * 80um / 1rad, -(t / 1deg)^2 * 1nm, 5um + 1um * ceil(2.5) + 0um * t / 1rad]",
    ],
)
def test_it_is_written_back_as_it_was(at: str) -> None:
    import numpy as np

    text = f"path p = curve(t in 0deg..180deg: {at}) {{ filament: 8um + 1um * cos(t); material: nc.gold; }}"
    first = load("-", HEAD + text + TAIL).scene
    assert first is not None
    again = load("-", scene_text(first))
    assert again.scene is not None, [d.message for d in again.diagnostics]
    t = np.linspace(0, np.pi, 50)[:, None]
    one, two = (s.parts["p"].fields for s in (first, again.scene))
    assert one["over"] == two["over"] and one["of"] == two["of"]
    for a, b in zip((*one["point"], one["width"]), (*two["point"], two["width"]), strict=True):
        va, vb = (evaluate(v, t) if not isinstance(v, float) else np.full(50, v) for v in (a, b))
        assert np.array_equal(va, vb)


def test_an_editor_knows_the_parameter() -> None:
    """The parameter is one name from its range to the block, and none outside."""
    from wetprint.lang.names import Names

    text = HEAD + (
        "let t = 3um;\n"
        "path p = curve(t in 0..1: [100um * t, 0um]) { filament: 9um + 1um * t; material: nc.gold; }\n"
        "path q = pillar { height: 20um; filament: t; material: nc.gold; }" + TAIL
    )
    names = Names(load("-", text).env)
    bound = next(
        o for o in names.all if text[o.start : o.end] == "t" and o.symbol.kind == "local" and o.binds
    )
    places = [text[o.start - 2 : o.end] for o in names.of(bound.symbol)]
    assert places == ["e(t", "* t", "* t"]
    assert names.at(text.index("filament: t") + 10).symbol.kind == "let"  # type: ignore[union-attr]
