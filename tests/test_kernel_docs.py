"""The pages on lattices and solids: every member of the registers is told of, every design in them checks without a fault."""

import re
from pathlib import Path

import pytest
from wetprint.kernel.build import build
from wetprint.kernel.lattices import LATTICES
from wetprint.kernel.paths import PATHS
from wetprint.kernel.solids import SOLIDS
from wetprint.lang.load import load


@pytest.mark.parametrize("page", ["lattices.md", "solids.md"])
def test_designs_in_the_page_build(root: Path, page: str) -> None:
    for text in re.findall(r"```wp\n(.*?)```", (root / "docs" / page).read_text(encoding="utf-8"), re.DOTALL):
        loaded = load("page.wp", text=text)
        assert loaded.scene is not None, loaded.diagnostics
        jobs, said = build(loaded.scene)
        assert jobs and not said


def test_every_member_is_told_of(root: Path) -> None:
    lattices = (root / "docs" / "lattices.md").read_text(encoding="utf-8")
    solids = (root / "docs" / "solids.md").read_text(encoding="utf-8")
    assert [n for n in LATTICES if f"`{n}`" not in lattices] == []
    assert [n for n in SOLIDS if f"`{n}" not in solids] == []
    assert [n for n in PATHS if f"`{n}`" not in solids] == []
    # Fields that a page names are there, and those that are there are named.
    for register, text, common in (
        (SOLIDS, solids, {"at"}),
        (PATHS, solids, {"filament", "material", "tolerance"}),
    ):
        for name in register:
            for field in register[name].construct.fields:
                assert field.name in common or re.search(rf"`{field.name}\b", text), (name, field.name)
    for name in LATTICES:
        for field in LATTICES[name].construct.fields:
            assert re.search(rf"`{field.name}\b", lattices), (name, field.name)
