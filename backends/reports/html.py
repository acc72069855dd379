"""HTML: one page that holds everything, prints on A4, and asks no network for anything."""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path

from .blocks import Beside, Block, Cell, Diagnosis, Drawing, Note, Photo, Section, Sheet, Steps, Table

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class _Html:
    name = "html"
    doc = "one page with pictures, tables and plots, for screen and paper"
    pictures = True

    def write(self, sheet: Sheet) -> str:
        style = (Path(__file__).parent / "sheet.css").read_text(encoding="utf-8")
        facts = "".join(f"<div><dt>{_text(k)}</dt><dd>{_text(v)}</dd></div>" for k, v in sheet.facts)
        blanks = "".join(f"<span>{_text(b)}</span>" for b in sheet.blanks)
        links = "".join(f'<li><a href="#{s.name}">{_text(s.title)}</a></li>' for s in sheet.sections)
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{_text(sheet.kind)}: {_text(sheet.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
            f'<header>\n<p class="kind">{_text(sheet.kind)}</p>\n<h1>{_text(sheet.title)}</h1>\n'
            f'<p class="under">{_text(sheet.subtitle)}</p>\n<dl class="facts">{facts}</dl>\n'
            + (f'<div class="pen">{blanks}</div>\n' if blanks else "")
            + f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n</header>\n<main>\n'
            + "".join(_section(s) for s in sheet.sections)
            + f"</main>\n<footer>{_text(sheet.foot)}</footer>\n</body>\n</html>\n"
        )


def _section(section: Section) -> str:
    body = "".join(_block(b) for b in section.blocks)
    return f'<section id="{section.name}">\n<h2>{_text(section.title)}</h2>\n{body}</section>\n'


def _text(text: str) -> str:
    return html.escape(text)


def _cell(cell: str | Cell, *, whole: bool = False) -> str:
    """A cell's text; `whole`: no line ends within it, so that a mark may go to the next line but a figure stays in one."""
    said = _text(cell if isinstance(cell, str) else cell.text)
    if whole:
        said = f'<span class="f">{said}</span>'
    if isinstance(cell, str):
        return said
    if _COLOUR.fullmatch(cell.swatch):
        said = f'<span class="ink"><span class="swatch" style="background:{cell.swatch}"></span>{said}</span>'
    return said + (' <span class="tag">assumed</span>' if cell.assumed else "")


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Steps):
        return _steps(block)
    if isinstance(block, Note):
        return f'<p class="note {block.weight}">{_text(block.text)}</p>\n'
    if isinstance(block, Beside):
        return '<div class="beside">' + "".join(_figure(i) for i in block.items) + "</div>\n"
    if isinstance(block, Diagnosis):
        where = f'<span class="where">{_text(block.where)}</span>' if block.where else ""
        notes = "".join(f"<li>{_text(n)}</li>" for n in block.notes)
        return (
            f'<div class="said {block.severity}"><p><span class="code">{block.severity} {block.code}</span> '
            f"{_text(block.message)} {where}</p>" + (f"<ul>{notes}</ul>" if notes else "") + "</div>\n"
        )
    return _figure(block)


def _figure(item: Photo | Drawing) -> str:
    caption = f"<figcaption>{_text(item.caption)}</figcaption>"
    if isinstance(item, Photo):
        data = base64.b64encode(item.png).decode()
        width, height = item.size
        return (
            f'<figure class="photo"><img src="data:image/png;base64,{data}" width="{width}" height="{height}" '
            f'alt="{_text(item.alt)}">{caption}</figure>\n'
        )
    drawn = item.svg.replace('aria-hidden="true">', f'role="img"><title>{_text(item.alt)}</title>', 1)
    return f"<figure>{drawn}{caption}</figure>\n"


def _table(table: Table) -> str:
    def side(k: int) -> str:
        return "" if k in table.words else ' class="n"'

    head = "".join(f'<th scope="col"{side(k)}>{_text(h)}</th>' for k, h in enumerate(table.head))
    rows = []
    for row in table.rows:
        cells = [
            f"<td{side(k) or _say(c)}>{_cell(c, whole=k not in table.words)}</td>" for k, c in enumerate(row)
        ]
        if not table.plain:
            cells[0] = f'<th scope="row"{side(0)}>{_cell(row[0])}</th>'
        rows.append("<tr>" + "".join(cells) + "</tr>\n")
    notes = "".join(f'<p class="below">{_text(n)}</p>\n' for n in table.notes)
    narrow = " narrow" if len(table.head) <= 3 and len(table.words) == 1 else ""
    return (
        f'<div class="wide{narrow}"><table>\n<caption>{_text(table.caption)}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{''.join(rows)}</tbody>\n</table></div>\n{notes}"
    )


def _say(cell: str | Cell) -> str:
    """Sentences keep some width where the page is narrow."""
    return ' class="say"' if len(cell if isinstance(cell, str) else cell.text) > 40 else ""


def _steps(steps: Steps) -> str:
    box = '<span class="box" aria-hidden="true"></span>' if steps.tick else ""
    items = "".join(f"<li>{box}<span>{_cell(s)}</span></li>" for s in steps.steps)
    source = f'<p class="below">Source: {_text(steps.source)}</p>\n' if steps.source else ""
    return f'<h3>{_text(steps.caption)}</h3>\n<ol class="steps">{items}</ol>\n{source}'


HTML = _Html()
