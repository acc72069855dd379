"""The package as a Python program and a notebook meet it, and scenes written back as designs."""

import dataclasses
import math
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wetprint as wp
from hypothesis import given
from hypothesis import strategies as st
from wetprint.kernel import scene as sc
from wetprint.kernel.build import build
from wetprint.kernel.diagnostics import Source, Span, WetprintError
from wetprint.kernel.material import mix
from wetprint.kernel.quantity import ANGLE, DENSITY, HANSEN, LENGTH, MOLARITY, NONE, SPEED, Dim
from wetprint.kernel.scene import Expr, Lattice, Mask, Pattern, Placed, Print, Region, Scene, Solid, Union
from wetprint.kernel.scene import Path as Line
from wetprint.lang.load import load
from wetprint.lang.units import parse_unit
from wetprint.lang.unparse import scene_text
from wetprint.lang.unparse_values import condition, figure

DESIGN = """wp 1;
use "nanocrystal.wp" as nc;
param pitch: Length = 40um in 20um..100um;
param layers: Count = 4;
param rich: Bool = false;
lattice body = woodpile {
  size: [2 * pitch, 2 * pitch]; layers: layers; pitch: pitch; filament: 10um;
  material: if rich then nc.gold else nc.silver;
}
print body { bath: nc.gold_bath; }
check { assert body.dried.volume > 0[nL]; }
"""


@pytest.fixture
def design(tmp_path: Path) -> Path:
    path = tmp_path / "body.wp"
    path.write_text(DESIGN)
    return path


def test_importing_loads_next_to_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "import wetprint as wp\n"
        "print(sorted(m for m in set(sys.modules) - before if m.startswith(('wetprint.', 'numpy', 'typer', 'lark'))))\n"
        "d = wp.loads('wp 1;')\n"
        "print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\nFalse\n"


def test_a_design_with_params_and_all_that_follows(design: Path) -> None:
    d = wp.load(design, pitch="30um", layers=6, rich=True)
    assert d.params == {"pitch": 30.0, "layers": 6, "rich": True}
    assert [i.name for i in d.filaments.inks] == ["gold"]
    assert len(d.filaments) == 18 == d.measure()["states"]["dried"]["filaments"]
    for view in (d.wet, d.dried):
        assert view.points.shape == (view.offsets[-1], 3) and len(view.widths) == len(view.heights) == len(
            view.points
        )
        assert not view.points.flags.writeable
    assert d.wet.points is d.filaments.state("wet").points_um
    assert float(np.ptp(d.wet.points[:, 0])) >= float(np.ptp(d.dried.points[:, 0])) == 60.0
    plan = d.plan("sim")
    assert plan["filaments"] == 18 and plan["time_s"] > 0
    assert len(d.toolpath()) > 18
    assert all(x.severity.word != "error" for x in d.diagnostics)
    assert "body" in repr(d)


@pytest.mark.gl
def test_a_plot_is_a_picture(design: Path, tmp_path: Path) -> None:
    picture = wp.load(design).plot("both", size=(320, 160))
    assert picture._repr_png_()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.save(tmp_path / "a.png").read_bytes() == picture.data


def test_what_is_wrong_is_readable(design: Path) -> None:
    with pytest.raises(wp.WetprintError) as caught:
        wp.loads(DESIGN.replace("pitch: pitch", "pitch: 40"), "mine.wp")
    said = str(caught.value)
    assert "E201" in said and "mine.wp:7:" in said and "^" in said and "40um" in said
    assert caught.value.diagnostics[0].code == "E201"
    for wrong in ({"pitch": "7um"}, {"pitch": 30}, {"pich": "30um"}, {"preset": "none"}):
        with pytest.raises(WetprintError):
            wp.load(design, **wrong)
    with pytest.raises(WetprintError, match="E020"):
        wp.load("not there.wp")
    with pytest.raises(WetprintError, match="E4"):
        wp.from_scene(
            dataclasses.replace(wp.load(design).scene, parts={}, prints=(broken(wp.load(design)),))
        ).measure()


def broken(d: Any) -> Print:
    p = d.scene.prints[0]
    return dataclasses.replace(p, part=dataclasses.replace(p.part, fields={**p.part.fields, "pitch": -1.0}))


class Shell:
    """As much of IPython's shell as an extension sees."""

    def __init__(self) -> None:
        self.magics: dict[str, Callable[[str, str], Any]] = {}
        self.names: dict[str, Any] = {}

    def register_magic_function(self, function: Callable[[str, str], Any], kind: str, name: str) -> None:
        assert kind == "cell"
        self.magics[name] = function

    def push(self, names: dict[str, Any]) -> None:
        self.names |= names


def test_a_cell_of_a_notebook_is_a_design(capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell()
    wp.load_ipython_extension(shell)
    made = shell.magics["wp"]("body pitch=30um layers=2", DESIGN)
    assert made is shell.names["body"] and made.params["pitch"] == 30.0 and len(made.filaments) == 6
    assert shell.magics["wp"]("", DESIGN.replace("woodpile", "woodpil")) is None
    out = capsys.readouterr().out
    assert "woodpile" in out and "<cell>:6" in out and "Traceback" not in out
    assert shell.magics["wp"]("", DESIGN.replace("> 0[nL]", "> 1[mL]")) is None
    assert "E322" in capsys.readouterr().out


# -- scenes from Python, and back to text -------------------------------------------------------------------------------

HERE = Span(Source("<test>", "test"), 0, 4)
LIB = wp.library()


def placeless(value: Any) -> Any:
    """Fields of a print or a pattern, without the places in the source that what stands among them remembers."""
    if isinstance(value, tuple):
        return tuple(placeless(v) for v in value)
    if isinstance(value, Mapping):
        return {name: placeless(v) for name, v in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        left = {"span", "spans", *(("name",) if isinstance(value, Mask) else ())}
        return type(value), {
            f.name: placeless(getattr(value, f.name)) for f in dataclasses.fields(value) if f.name not in left
        }
    return value


def same(a: Scene, b: Scene) -> None:
    """Both build the same filaments, print by print, to the bit."""
    jobs, said = build(a)
    again, more = build(b)
    assert [d.code for d in said] == [d.code for d in more]
    assert [j.name for j in jobs] == [j.name for j in again]
    assert jobs or a.patterns
    assert len(a.job) == len(b.job)
    for made, other in zip(a.job, b.job, strict=True):
        if isinstance(made, Pattern):
            assert isinstance(other, Pattern)
            assert placeless(made.mask) == placeless(other.mask)
            assert (made.process, made.develop, placeless(made.fields)) == (
                other.process,
                other.develop,
                placeless(other.fields),
            )
            for what in ("name", "thickness_um", "d0", "gamma", "loading", "colour"):
                assert getattr(made.film, what) == getattr(other.film, what)
            assert getattr(made.developer, "liquid", None) == getattr(other.developer, "liquid", None)
    for x, y in zip(jobs, again, strict=True):
        assert getattr(x.print.bath, "name", None) == getattr(y.print.bath, "name", None) and placeless(
            x.print.fields
        ) == placeless(y.print.fields)
        f, g = x.filaments, y.filaments
        for p, q in zip(f._arrays(), g._arrays(), strict=True):
            if p is not f.origin:
                assert p.tobytes() == q.tobytes()
        # Inks keep what they say; a share of a mix may differ in its last bit.
        for i, j in zip(f.inks, g.inks, strict=True):
            assert i.name == j.name and [n for n, _ in i.parts] == [n for n, _ in j.parts]
            for field in ("swell", "shrink", "poisson", "density_ug_um3", "concentration_ug_um3"):
                assert math.isclose(getattr(i, field), getattr(j, field), rel_tol=1e-12)
            assert [k.ion for k in i.linkers] == [k.ion for k in j.linkers] and i.assumed == j.assumed


def back(scene: Scene) -> Scene:
    text = scene_text(scene)
    found = load("again.wp", text)
    assert found.scene is not None and not found.diagnostics, (text, found.diagnostics)
    # The language fills in defaults that it computes; from then on nothing changes any more.
    again = scene_text(found.scene)
    twice = load("twice.wp", again).scene
    assert twice is not None and scene_text(twice) == again
    return found.scene


def lattice(name: str = "body", kind: str = "woodpile", **more: Any) -> Lattice:
    fields = {
        "size": (200.0, 160.0),
        "layers": 4,
        "pitch": 40.0,
        "filament": 10.0,
        "material": LIB.gold,
        **more,
    }
    return Lattice(name, kind, fields, (), HERE)


def scene(*parts: Any, regions: tuple[Region, ...] = (), **more: Any) -> Scene:
    bath = LIB.gold_bath
    prints = tuple(Print(p, bath, HERE) for p in parts)
    return Scene("test", "dried", {}, {}, {p.name: p for p in parts}, regions, prints, **more)


def test_a_scene_from_python_measures_and_points_at_its_line() -> None:
    part = Lattice(
        "body", "woodpile", {"size": (200.0, 200.0), "layers": 2, "pitch": -1.0, "filament": 10.0, "material": LIB.gold},
        (), wp.here(),
    )  # fmt: skip
    with pytest.raises(WetprintError) as caught:
        wp.from_scene(scene(part)).measure()
    place = caught.value.diagnostics[0].primary
    assert place is not None and place.source.name == __file__ and "wp.here()" in place.text
    d = wp.from_scene(scene(lattice()))
    assert d.measure()["states"]["dried"]["filaments"] == len(d.filaments) == 4 * 5.5


EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.wp"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example_comes_back(path: Path) -> None:
    found = load(path)
    assert found.scene is not None
    same(found.scene, back(found.scene))


def test_parts_of_every_sort_come_back() -> None:
    turn = (0.0, -1.0, 0.0, 5.0, 1.0, 0.0, 0.0, 0.25, 0.0, 0.0, 1.0, 7.5)
    skew = (1.0, 0.1, 0.0, 0.0, 0.0, 1.0, 0.3, 0.0, 0.0, 0.0, 0.7, 1.0 / 3.0)
    hull = Solid("cylinder", {"radius": 90.0, "height": 40.0}, HERE, matrix=turn)
    hole = Solid("sphere", {"radius": 30.123456789}, HERE)
    shape = Solid("difference", {}, HERE, (hull, hole))
    clipped = lattice("clipped", size=None, clip=shape)
    helix = Line(
        "h",
        "helix",
        {"radius": 50.0, "rise": 20.0, "turns": 2.5, "filament": 10.0, "material": LIB.silver},
        HERE,
    )
    body = lattice()
    placed = Placed("three", body, (turn, skew, (1.0, 0, 0, 300.0, 0, 1.0, 0, 0, 0, 0, 1.0, 0)), HERE)
    both = Union(
        "both",
        (placed, helix, Placed("moved", helix, ((1.0, 0, 0, -400.0, 0, 1.0, 0, 0, 0, 0, 1.0, 0),), HERE)),
        HERE,
    )
    same(scene(clipped), back(scene(clipped)))
    same(scene(both), back(scene(both)))
    same(scene(body, helix), back(scene(body, helix)))


def test_layer_rules_states_and_mixes_come_back() -> None:
    rules = tuple(
        sc.LayerRule(
            k, {"angle": 0.3 * k, "material": (LIB.gold, LIB.silver)[k % 2], "filament": 10.0 + k % 2}
        )
        for k in range(4)
    )
    ruled = dataclasses.replace(lattice(), layers=rules)
    same(scene(ruled), back(scene(ruled)))
    blend = mix("blend", ((LIB.gold, 0.3), (LIB.silver, 0.7)))
    own = dataclasses.replace(LIB.gold, name="mine", swell=1.234567890123, provenance={})
    for ink in (blend, own, dataclasses.replace(LIB.gold, name="my gold!")):
        said = back(scene(lattice(material=ink)))
        assert said.prints[0].part.fields["material"].swell == pytest.approx(ink.swell, rel=1e-12)
    wet = dataclasses.replace(scene(lattice()), state="wet", compensate="off")
    again = back(wet)
    assert again.state == "wet" and again.compensate == "off"
    same(wet, again)
    same(scene(lattice(material=blend)), back(scene(lattice(material=blend))))


def test_names_that_the_language_has_taken_are_changed() -> None:
    part = lattice("union")
    again = back(scene(Placed("x", part, ((1.0, 0, 0, 5.0, 0, 1.0, 0, 0, 0, 0, 1.0, 0),), HERE)))
    assert again.prints[0].part.name == "x_2"


@pytest.mark.parametrize("wrong", [{"pitch": math.inf}, {"pitch": math.nan}])
def test_what_has_no_words_is_told(wrong: dict[str, float]) -> None:
    with pytest.raises(WetprintError, match="E325"):
        wp.from_scene(scene(lattice(**wrong))).to_wp()
    with pytest.raises(WetprintError, match="E325"):
        wp.from_scene(dataclasses.replace(scene(), prints=(Print(lattice(), None, HERE),))).to_wp()


@given(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15),
    st.sampled_from(
        [
            NONE,
            LENGTH,
            ANGLE,
            SPEED,
            DENSITY,
            MOLARITY,
            HANSEN,
            Dim(length=2),
            Dim(mass=1, length=-1, time=-2),
        ]
    ),
)
def test_a_figure_reads_back_to_the_bit(value: float, dim: Dim) -> None:
    written = figure(value, dim)
    found = load("f.wp", f"wp 1;\nlet v = {written};\n")
    assert not [d for d in found.diagnostics if d.severity.word == "error"], written
    num = found.env.bindings["v"].value
    assert num.dim == dim and float(num.value) == value, written


def test_figures_read_well() -> None:
    assert [figure(v, LENGTH) for v in (40.0, 0.5, 1200.0, -3.0)] == ["40um", "0.5um", "1200um", "-3um"]
    assert figure(math.pi / 2, ANGLE) == "90deg" and figure(0.8) == "0.8" and figure(3.0) == "3"
    assert figure(25 * parse_unit("mg/mL")[0], DENSITY) == "25[mg/mL]"


COORD = {n: Expr("coord", (n,), HERE) for n in ("x", "y", "z", "r", "theta", "depth")}


def const(v: float | bool) -> Expr:
    return Expr("const", (v,), HERE)


lengths = st.deferred(
    lambda: st.one_of(
        st.sampled_from([COORD[n] for n in ("x", "y", "z", "r", "depth")]),
        st.floats(-300, 300).map(const),
        st.builds(
            lambda op, a, b: Expr(op, (a, b), HERE),
            st.sampled_from(["+", "-", "min", "max"]),
            lengths,
            lengths,
        ),
        st.builds(lambda op, a: Expr(op, (a,), HERE), st.sampled_from(["neg", "abs"]), lengths),
        st.builds(lambda a, k: Expr("*", (a, k), HERE), lengths, ratios),
        st.builds(lambda a, k: Expr("/", (a, k), HERE), lengths, st.floats(0.5, 9).map(const)),
        st.builds(lambda a: Expr("sqrt", (Expr("^", (a, const(2.0)), HERE),), HERE), lengths),
        st.builds(lambda c, a, b: Expr("if", (c, a, b), HERE), wheres, lengths, lengths),
    )
)
ratios = st.deferred(
    lambda: st.one_of(
        st.floats(-3, 3).map(const),
        st.builds(
            lambda a: Expr("sin", (Expr("*", (COORD["theta"], const(a)), HERE),), HERE), st.floats(1, 5)
        ),
        st.builds(
            lambda a, b: Expr("/", (a, b), HERE),
            lengths,
            st.floats(1, 99).map(lambda v: Expr("+", (COORD["r"], const(v)), HERE)),
        ),
        st.builds(
            lambda a, s: Expr("noise", (a, s), HERE),
            st.sampled_from([COORD["x"], COORD["y"]]),
            st.integers(0, 99),
        ),
    )
)
wheres = st.deferred(
    lambda: st.one_of(
        st.builds(
            lambda op, a, b: Expr(op, (a, b), HERE), st.sampled_from(["<", "<=", ">", ">="]), lengths, lengths
        ),
        st.builds(lambda op, a, b: Expr(op, (a, b), HERE), st.sampled_from(["and", "or"]), wheres, wheres),
        st.builds(lambda a: Expr("not", (a,), HERE), wheres),
    )
)


def constant(e: Expr) -> bool:
    """Whether the language would have made one figure of it, before any field exists."""
    return all(not isinstance(a, Expr) or constant(a) for a in e.args) and e.op not in ("coord", "noise")


def subtrees(e: Expr) -> list[Expr]:
    return [e] + [x for a in e.args if isinstance(a, Expr) for x in subtrees(a)]


@given(wheres)
def test_a_condition_means_the_same_once_it_was_written(where: Expr) -> None:
    from wetprint.kernel.fields import evaluate

    if any(constant(t) and t.op != "const" for t in subtrees(where)):
        return  # no design makes those
    text = f'wp 1;\nuse "nanocrystal.wp" as nc;\n{BODY}region a in body where {condition(where, str)} {{ omit: true; }}\n'
    found = load("c.wp", text)
    assert found.scene is not None, (text, [(d.code, d.message) for d in found.diagnostics])
    p = np.random.default_rng(1).uniform(-200, 200, (200, 3))
    deep = lambda q: np.abs(q).sum(axis=1)  # noqa: E731
    assert np.array_equal(evaluate(where, p, deep), evaluate(found.scene.regions[0].where, p, deep)), text


BODY = (
    "lattice body = woodpile { size: [100um, 100um]; layers: 2; pitch: 50um; filament: 10um; material: nc.gold; }\n"
    "print body { bath: nc.gold_bath; }\n"
)


def test_regions_come_back() -> None:
    core = Solid("cylinder", {"radius": 60.0, "height": 50.0}, HERE, name="core")
    regions = (
        Region("heart", "body", Expr("inside", (core,), HERE), HERE, material=LIB.silver),
        Region(
            "wide", "body", Expr(">", (COORD["z"], const(20.0)), HERE), HERE, filament_um=12.0, priority=2
        ),
        Region(
            "hole",
            "body",
            Expr("<", (COORD["r"], const(15.0)), HERE),
            HERE,
            omit=True,
            cut="whole",
            priority=3,
        ),
    )
    same(scene(lattice(), regions=regions), back(scene(lattice(), regions=regions)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"material": "gold"}, "`material` of `woodpile` is 'gold'; Material was expected"),
        ({"pich": 40.0}, "did you mean `pitch`?"),
        ({"pitch": "40um"}, "Length in kernel units (um, rad) was expected"),
        ({"layers": 4.5}, "Count was expected"),
    ],
)
def test_a_field_of_a_scene_that_cannot_be_is_told(fields: dict[str, Any], words: str) -> None:
    inks = wp.library()
    sound: dict[str, Any] = {
        "size": [400, 400],
        "layers": 4.0,
        "pitch": 40,
        "filament": 10,
        "material": inks.gold,
    }

    def design(more: dict[str, Any]) -> Any:
        body = Lattice("body", "woodpile", {**sound, **more}, (), wp.here())
        made = Scene("m", "dried", {}, {}, {"body": body}, (), (Print(body, inks.gold_bath, wp.here()),))
        return wp.from_scene(made)

    assert design({}).measure()["states"]["dried"]["layers"] == 4
    with pytest.raises(wp.WetprintError) as told:
        design(fields)
    assert words in str(told.value)


def test_every_scene_of_the_language_passes(root: Path) -> None:
    from wetprint.lang.from_python import checked

    for path in sorted((root / "examples").glob("*.wp")):
        scene = wp.load(path).scene
        again, said = checked(scene)
        assert said == [] and again.parts == scene.parts


def test_what_is_no_design_is_told_in_words() -> None:
    with pytest.raises(wp.WetprintError, match="nothing is printed"):
        wp.loads("wp 1;\n").measure()
    with pytest.raises(wp.WetprintError, match=r"wp.loads\(text\)"):
        wp.load("wp 1;\nlet a = 3;\n")


def test_the_line_of_a_cell_is_read_with_care(capsys: pytest.CaptureFixture[str]) -> None:
    from wetprint.lang.notebook import cell_magic

    class Shell:
        def __init__(self) -> None:
            self.names: dict[str, Any] = {}

        def push(self, names: dict[str, Any]) -> None:
            self.names |= names

    shell = Shell()
    cell = cell_magic(shell, wp.loads)
    assert cell("one w = 12um", "wp 1;\nparam w: Length = 10um;\n").params == {"w": 12.0}
    assert list(shell.names) == ["one"]
    assert cell("--preset fine", "wp 1;\n") is None
    assert "`param=value` was expected" in capsys.readouterr().out


LIGHT = {"wavelength": 0.365, "dose": 1e12}


def of_films(**change: Any) -> Any:
    """A design of one film by hand: `mask`, `fields` of the pattern, and what else of it changes."""
    from wetprint.kernel.scene import Mask, Pattern

    lig = wp.library("ligands.wp")
    from wetprint.kernel.film import Film

    green = Film("green", "InP/ZnS", "III-V", lig.tris_tad, 0.04, "#3cb44b")
    mask = change.pop("mask", Mask("rectangle", {"size": [10.0, 4.0]}, wp.here(), name="dot"))
    fields = {**LIGHT, **change.pop("fields", {})}
    made = {"film": green, "process": "photopattern", "developer": lig.toluene} | change
    pattern = Pattern(
        getattr(mask, "name", ""),
        mask,
        made["film"],
        made["process"],
        wp.here(),
        made["developer"],
        fields=fields,
    )
    return wp.from_scene(Scene("f", "dried", {}, {}, {}, (), (), patterns=(pattern,), sequence=(pattern,)))


def test_films_from_python() -> None:
    d = of_films()
    (film,) = d.measure()["patterns"]["films"]
    assert film["area_um2"] == pytest.approx(40) and film["volume_um3"] == pytest.approx(1.6)
    assert [s["step"] for s in d.plan()["steps"]] == ["deposit", "expose", "develop"]
    assert d.diagnostics == () and d.jobs == () and repr(d) == "<Design 'f': dot>"
    assert d.plot(size=(300, 200)).data.startswith(b"\x89PNG")
    assert "pattern" in d.to_wp()
    for what in ("filaments", "wet", "dried"):
        with pytest.raises(wp.WetprintError, match="0 prints, so no filaments"):
            getattr(d, what)
    with pytest.raises(wp.WetprintError, match="0 prints"):
        d.toolpath()
    # One job in steps, the same from the language.
    both = wp.load(Path(__file__).parents[1] / "examples" / "cdse_film_au_lattice.wp")
    assert [s["step"] for s in both.plan()["steps"]] == ["deposit", "expose", "develop", "extrude"]
    assert "patterns" in both.measure() and both.measure()["states"]["dried"]["filaments"] == 24


def masks_with_faults() -> dict[str, tuple[dict[str, Any], str, str]]:
    from wetprint.kernel.scene import Mask

    def mask(kind: str, fields: dict[str, Any], *children: Any) -> dict[str, Any]:
        return {"mask": Mask(kind, fields, wp.here(), children, name="dot")}

    box = Mask("rectangle", {"size": (1.0, 1.0)}, wp.here())
    return {
        "no such kind": (mask("rectangel", {"size": (1.0, 1.0)}), "E102", "did you mean `rectangle`"),
        "no such field": (mask("rectangle", {"side": 3.0}), "E102", "`side`"),
        "a field is missing": (mask("circle", {}), "E105", "`radius: Length`"),
        "a text for a length": (mask("circle", {"radius": "3um"}), "E202", "'3um'"),
        "too small to draw": (mask("circle", {"radius": 1e-5}), "E420", "1 nm"),
        "below a union": (mask("union", {}, mask("circle", {"radius": -1.0})["mask"]), "E420", "-1"),
        "an array of nothing": (mask("array", {"n": (2, 2), "pitch": (3.0, 3.0)}), "E105", "0 other masks; 1 was expected"),
        "an array without a pitch": (mask("array", {"n": (2, 2)}, box), "E105", "`n` and `pitch` or `to`"),
        "children of a rectangle": (mask("rectangle", {"size": (1.0, 1.0)}, box), "E105", "0 was expected"),
        "a box beyond all substrates": (mask("rectangle", {"size": (1.0, 1.0), "at": (1e9, 0.0)}), "E420", "from the origin"),
        "marks that cannot be drawn": ({"fields": {"marks": Mask("cross", {"size": 1.0}, wp.here())}}, "E105", "`width: Length`"),
        "no such process": ({"process": "photopatern"}, "E309", "photopattern"),
        "no such field of a process": ({"fields": {"doze": 1.0}}, "E102", "did you mean `dose`"),
        "no dose": ({"fields": {"dose": None}}, "E105", "`dose: Dose`"),
        "a film by its name": ({"film": "green"}, "E202", "a film was expected"),
        "a developer by its name": ({"developer": "toluene"}, "E202", "a developer was expected"),
    }  # fmt: skip


@pytest.mark.parametrize("name", masks_with_faults())
def test_masks_and_patterns_from_python_are_checked(name: str) -> None:
    change, code, words = masks_with_faults()[name]
    with pytest.raises(wp.WetprintError) as told:
        of_films(**change)
    assert (code, words in str(told.value)) == (told.value.diagnostics[0].code, True), str(told.value)
    assert all(d.primary is not None for d in told.value.diagnostics)
