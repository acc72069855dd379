"""Markdown: the tables and steps of the sheet, for a lab book or a repository. Pictures and plots are in the HTML form."""

from __future__ import annotations

import re

from .blocks import Beside, Block, Cell, Diagnosis, Note, Sheet, Steps, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


class _Markdown:
    name = "md"
    doc = "tables and steps as Markdown"
    pictures = False

    def write(self, sheet: Sheet) -> str:
        out = [f"# {_text(sheet.kind)}: {_text(sheet.title)}", "", _text(sheet.subtitle), ""]
        out += [f"* {_text(label)}: {_text(value)}" for label, value in sheet.facts]
        for section in sheet.sections:
            out += ["", f"## {_text(section.title)}"]
            for block in section.blocks:
                out += ["", *_block(block)]
        out += ["", _text(sheet.foot), ""]
        return "\n".join(out)


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.splitlines()))


def _cell(cell: str | Cell) -> str:
    if isinstance(cell, str):
        return _text(cell)
    return _text(cell.text) + (" (assumed)" if cell.assumed else "")


def _block(block: Block) -> list[str]:
    if isinstance(block, Table):
        bars = ["---" if k in block.words else "---:" for k in range(len(block.head))]
        rows = ["| " + " | ".join(_cell(c) for c in row) + " |" for row in block.rows]
        head = "| " + " | ".join(_text(h) for h in block.head) + " |"
        notes = [line for note in block.notes for line in ("", _text(note))]
        return [f"**{_text(block.caption)}**", "", head, "| " + " | ".join(bars) + " |", *rows, *notes]
    if isinstance(block, Steps):
        box = "[ ] " if block.tick else ""
        source = ["", f"Source: {_text(block.source)}"] if block.source else []
        return [f"**{_text(block.caption)}**", "", *(f"- {box}{_cell(s)}" for s in block.steps), *source]
    if isinstance(block, Note):
        return [_text(block.text) if block.weight == "plain" else f"**{_text(block.text)}**"]
    if isinstance(block, Diagnosis):
        where = f" ({_text(block.where)})" if block.where else ""
        notes = [f"  - {_text(n)}" for n in block.notes]
        return [f"- **{block.severity} {block.code}**: {_text(block.message)}{where}", *notes]
    if isinstance(block, Beside):
        return [line for item in block.items for line in _block(item)]
    return [f"{_text(block.caption)} ({_text(block.alt)})"]


MARKDOWN = _Markdown()
