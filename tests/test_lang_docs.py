"""Every design in the language's reference is one that loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wetprint.kernel.quantity import NAMED_TYPES
from wetprint.lang.load import load
from wetprint.lang.scope import FUNCTIONS
from wetprint.lang.units import UNITS

PAGE = (Path(__file__).parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```wp\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", SNIPPETS, ids=range(len(SNIPPETS)))
def test_each_snippet_loads(text: str) -> None:
    found = [d for d in load("snippet.wp", text).diagnostics if d.code != "E315"]
    assert [d.message for d in found] == []


def test_the_page_names_every_function_type_and_unit() -> None:
    assert len(SNIPPETS) >= 7
    for name in (*FUNCTIONS, *NAMED_TYPES, *(u for u in UNITS if u.isascii() and u != "1")):
        assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", PAGE), name
