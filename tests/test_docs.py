"""What the documents say is so: every design in them checks, the reference is the registers', the tutorial's pictures are there."""

import re
from pathlib import Path

import pytest
import wetprint as wp
from wetprint.kernel.build import build
from wetprint.kernel.diagnostics import Severity, WetprintError
from wetprint.kernel.measure import figures
from wetprint.kernel.shrink import complete_jobs
from wetprint.lang.load import Loaded, load
from wetprint.lang.post import run_tests
from wetprint.lang.reference import reference

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: A fence of ```wp holds a design without mistakes; ```wp error one that is refused, as its text around says.
FENCE = re.compile(r"^```wp([^\n]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SNIPPETS = [
    pytest.param(info.strip(), text, id=f"{page.name}-{i}")
    for page in PAGES
    for i, (info, text) in enumerate(FENCE.findall(page.read_text(encoding="utf-8")))
]


def errors(found: list[object]) -> list[str]:
    return [f"{d.code}: {d.message}" for d in found if getattr(d, "severity", None) is Severity.ERROR]


def built(loaded: Loaded) -> tuple[dict[str, object], list[object]]:
    assert loaded.scene is not None
    jobs, said = build(loaded.scene)
    jobs, more = complete_jobs(loaded.scene, jobs, model="analytic")
    return figures(jobs), [*said, *more]


@pytest.mark.parametrize(("info", "text"), SNIPPETS)
def test_each_design_does_what_the_page_says(info: str, text: str) -> None:
    assert info in ("", "error"), f"```wp {info} is not known"
    # A page about one thing may show its statements alone.
    loaded = load("snippet.wp", text if "wp 1;" in text else f"wp 1;\n{text}")
    found = [d for d in loaded.diagnostics if d.code != "E315"]  # a page may show what nothing prints
    if info == "error":
        assert errors(found)
        return
    assert [d.message for d in found] == []
    if loaded.scene is not None and loaded.scene.prints:
        design = wp.from_scene(loaded.scene)
        assert errors(list(build(design.scene)[1])) == []
        for _name, failed in run_tests(loaded, built):
            assert errors(list(failed)) == []


def test_there_are_designs_on_the_pages() -> None:
    names = {str(p.id).rpartition("-")[0] for p in SNIPPETS}
    assert {"README.md", "language.md", "tutorial.md", "cheatsheet.md"} <= names
    assert sum(str(p.id).startswith("tutorial.md") for p in SNIPPETS) == 6


TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [t for _, t in FENCE.findall(TUTORIAL)], ids=range(6))
def test_the_tutorial_s_designs_break_no_rule(text: str, tmp_path: Path) -> None:
    """What a newcomer types is answered with `no errors`, and with no warning either."""
    design = wp.loads(text)
    from wetprint.kernel.check import run_checks
    from wetprint.lang.post import run_post_checks

    jobs, said = build(design.scene)
    jobs, more = complete_jobs(design.scene, jobs, model="analytic")
    found = [
        *said,
        *more,
        *run_checks(design.scene, jobs, None),
        *run_post_checks(design.scene, figures(jobs)),
    ]
    assert [d.message for d in found if d.severity >= Severity.WARNING] == []


def test_the_tutorial_s_pictures_are_there_and_small() -> None:
    shown = re.findall(r"!\[(\w+): [^\]]*\]\((pictures/\w+\.png)\)", TUTORIAL)
    assert len(shown) == 6
    for state, name in shown:
        assert state in ("Wet", "Dried", "Both")
        data = (ROOT / "docs" / name).read_bytes()
        assert data.startswith(b"\x89PNG") and len(data) < 200_000


def test_the_readme_shows_what_its_design_makes_and_leads_to_every_page() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"```wp\n.*?```\n\n!\[Both: [^\]]*\]\(docs/pictures/readme\.png\)", page, re.DOTALL)
    linked = set(re.findall(r"\]\(([^)#]+)[^)]*\)", page))
    assert {f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")} <= linked
    assert [name for name in linked if "://" not in name and not (ROOT / name).exists()] == []


def test_links_between_pages_lead_somewhere() -> None:
    def anchors(page: Path) -> set[str]:
        heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}

    broken = []
    for page in PAGES:
        for name, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
            other = (page.parent / name).resolve() if name else page
            if not other.exists() or (anchor and anchor not in anchors(other)):
                broken.append(f"{page.name}: {name}#{anchor}")
    assert broken == []


def test_the_cheat_sheet_names_every_command_and_option() -> None:
    import click
    import typer.main
    from wetprint.cli import app

    def commands(group: click.Command, name: str) -> dict[str, set[str]]:
        if not hasattr(group, "commands"):
            longs = {o for p in group.params for o in p.opts if o.startswith("--") and o != "--help"}
            return {name: longs}
        return {k: v for n, c in group.commands.items() for k, v in commands(c, f"{name} {n}").items()}

    page = (ROOT / "docs" / "cheatsheet.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(wp [a-z ]+)` \| [^|]+ \| ([^|]*) \|$", page, re.MULTILINE)
    told = {name: set(re.findall(r"`(--[a-z0-9-]+)`", options)) for name, options in rows}
    assert told == commands(typer.main.get_command(app), "wp")


def test_what_the_tutorial_says_of_mistakes_is_so() -> None:
    one, two = (t for _, t in FENCE.findall(TUTORIAL)[:2])
    with pytest.raises(WetprintError, match=r"`12um` was expected"):
        wp.loads(one.replace("filament: 12um", "filament: 12"))
    with pytest.raises(WetprintError, match="gold_bath"):
        wp.loads(one.replace("nc.gold_bath", "nc.iron_bath"))
    for wrong in ("50", "150um"):
        with pytest.raises(WetprintError):
            wp.loads(two, pitch=wrong)
    assert wp.loads(two, pitch="50um").params["pitch"] == 50.0


def test_the_tutorial_s_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TUTORIAL, re.DOTALL)
    (tmp_path / "first.wp").write_text(FENCE.findall(TUTORIAL)[5][1], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    without_picture = "\n".join(line for line in code.splitlines() if "plot" not in line)
    names: dict[str, object] = {}
    exec(without_picture, names)
    assert names["d"].params["steps"] == 3  # type: ignore[attr-defined]


def test_the_python_page_runs() -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, object] = {}
    exec("\n".join(blocks), names)
    assert 0 < names["shrunk"] < 0.5  # type: ignore[operator]


def test_the_reference_is_what_the_registers_say() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert page == reference(), "docs/reference.md is old: `make docs` writes it anew"


def test_the_reference_holds_every_construct_and_field() -> None:
    from wetprint.lang.heads import OWN, registers

    page = reference()
    for construct in (*OWN.values(), *(r[n].construct for r in registers().values() for n in r if r.ours(n))):
        section = page.split(f"### `{construct.name}`")[1:]
        assert section, construct.name
        for spec in construct.fields:
            assert f"| `{spec.name}`" in page, spec.name
