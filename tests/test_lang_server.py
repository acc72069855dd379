"""The language server, driven by a real client over standard input and output."""

import asyncio
import re
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

from lsprotocol import types as t
from pygls.lsp.client import LanguageClient

DESIGN = """\
wp 1;
use "nanocrystal.wp" as nc;
param pitch: Length = 40um in 15um..200um "centre to centre";
let side = 10 * pitch;   # 𝛼 and µ
fn shift(k: Count) -> Length = if k mod 2 == 0 then 0um else pitch / 2;
preset "wide" { pitch: 80um; }
lattice body = woodpile {
  size: [side, side];
  layers: 8;
  pitch: pitch;
  filament: pitch / 4;
  material: nc.gold;
  layer k { phase: shift(k); }
}
print body { bath: nc.gold_bath; }
check sound { assert body.wet.min_gap > 0um; }
"""


class Editor:
    """What an editor does: holds one text, sends its edits, waits for answers."""

    def __init__(self, client: LanguageClient, path: Path) -> None:
        self.client = client
        self.path = path
        self.uri = path.as_uri()
        self.text = ""
        self.version = 0
        self.published: asyncio.Queue[t.PublishDiagnosticsParams] = asyncio.Queue()

        @client.feature(t.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: t.PublishDiagnosticsParams) -> None:
            self.published.put_nowait(params)

    @property
    def document(self) -> t.TextDocumentIdentifier:
        return t.TextDocumentIdentifier(self.uri)

    async def open(self, text: str) -> list[t.Diagnostic]:
        self.text, self.version = text, 1
        item = t.TextDocumentItem(self.uri, "wp", 1, text)
        self.client.text_document_did_open(t.DidOpenTextDocumentParams(item))
        return await self.diagnostics()

    async def change(self, old: str, new: str) -> list[t.Diagnostic]:
        """Replaces the one place where `old` stands, as an editor would: by its range."""
        at = self.text.index(old)
        where = t.Range(self.place(at), self.place(at + len(old)))
        self.text = self.text[:at] + new + self.text[at + len(old) :]
        self.version += 1
        self.client.text_document_did_change(
            t.DidChangeTextDocumentParams(
                t.VersionedTextDocumentIdentifier(self.version, self.uri),
                [t.TextDocumentContentChangePartial(where, new)],
            )
        )
        return await self.diagnostics()

    async def diagnostics(self) -> list[t.Diagnostic]:
        while True:
            params = await asyncio.wait_for(self.published.get(), 20)
            if params.uri == self.uri and params.version == self.version:
                return list(params.diagnostics)

    def place(self, offset: int) -> t.Position:
        """Line and UTF-16 column of a code point."""
        before = self.text[:offset]
        line = before.count("\n")
        column = before[before.rfind("\n") + 1 :]
        return t.Position(line, len(column.encode("utf-16-le")) // 2)

    def at(self, text: str, skip: int = 0) -> dict[str, Any]:
        """Arguments for a question about the place `skip` characters into the first `text`."""
        return {"text_document": self.document, "position": self.place(self.text.index(text) + skip)}

    def of(self, where: t.Range) -> str:
        lines = self.text.split("\n")
        assert where.start.line == where.end.line
        units = lines[where.start.line].encode("utf-16-le")
        return units[2 * where.start.character : 2 * where.end.character].decode("utf-16-le")

    def applied(self, edits: list[t.TextEdit]) -> str:
        """The text after edits, which must not overlap."""

        def offset(at: t.Position) -> int:
            starts = [0, *(m.end() for m in re.finditer("\n", self.text))]
            if at.line >= len(starts):
                return len(self.text)
            line = self.text[starts[at.line] :].split("\n")[0].encode("utf-16-le")
            return starts[at.line] + len(line[: 2 * at.character].decode("utf-16-le"))

        out = self.text
        for edit in sorted(edits, key=lambda e: -offset(e.range.start)):
            out = out[: offset(edit.range.start)] + edit.new_text + out[offset(edit.range.end) :]
        return out


@pytest.fixture
def drive(tmp_path: Path) -> Callable[[Callable[[Editor], Awaitable[None]]], None]:
    """Runs a conversation with a server of its own."""

    async def talk(conversation: Callable[[Editor], Awaitable[None]]) -> None:
        client = LanguageClient("test", "1")
        editor = Editor(client, tmp_path / "design.wp")
        await client.start_io(sys.executable, "-c", "from wetprint.lang.server import serve; serve()")
        snippets = t.ClientCompletionItemOptions(snippet_support=True)
        text = t.TextDocumentClientCapabilities(
            completion=t.CompletionClientCapabilities(completion_item=snippets)
        )
        started = await client.initialize_async(
            t.InitializeParams(
                capabilities=t.ClientCapabilities(text_document=text), root_uri=tmp_path.as_uri()
            )
        )
        client.initialized(t.InitializedParams())
        assert started.server_info is not None
        assert started.server_info.name == "wetprint"
        try:
            await conversation(editor)
        finally:
            await client.shutdown_async(None)
            client.exit(None)
            await client.stop()

    return lambda conversation: asyncio.run(asyncio.wait_for(talk(conversation), 60))


Drive = Callable[[Callable[[Editor], Awaitable[None]]], None]


def test_diagnostics_follow_the_typing_and_fixes_mend(drive: Drive) -> None:
    async def conversation(e: Editor) -> None:
        assert await e.open(DESIGN) == []
        (found,) = await e.change("  layers: 8;", "  layrs: 8;")
        assert found.severity == t.DiagnosticSeverity.Error
        assert found.code == "E102"
        assert found.source == "wp"
        assert e.of(found.range) == "layrs"
        context = t.CodeActionContext([found])
        actions = await e.client.text_document_code_action_async(
            t.CodeActionParams(e.document, found.range, context)
        )
        assert actions is not None
        quick = next(
            a for a in actions if isinstance(a, t.CodeAction) and a.kind == t.CodeActionKind.QuickFix
        )
        assert quick.edit is not None
        assert quick.edit.changes is not None
        assert e.applied(list(quick.edit.changes[e.uri])) == DESIGN
        every = next(
            a for a in actions if isinstance(a, t.CodeAction) and a.kind == t.CodeActionKind.SourceFixAll
        )
        assert every.edit is not None
        assert every.edit.changes is not None
        assert e.applied(list(every.edit.changes[e.uri])) == DESIGN
        assert await e.change("layrs", "layers") == []

    drive(conversation)


def test_places_are_counted_in_the_units_of_the_client(drive: Drive) -> None:
    async def conversation(e: Editor) -> None:
        (found,) = [
            d
            for d in await e.open(DESIGN.replace("# 𝛼 and µ", 'let t = "𝛼𝛼"; let b = wrong;'))
            if d.severity == t.DiagnosticSeverity.Error
        ]
        assert e.of(found.range) == "wrong"

    drive(conversation)


FORMS = """\
wp 1;
use "nanocrystal.wp" as nc;
path coil = curve(turn in 0deg..720deg: [80um * cos(turn), 80um * sin(turn), 6um + 20um * turn / 360deg]) {
  filament: 8um + 2um * sin(turn);
  material: nc.gold;
}
path name = text { text: "Au"; capital: 60um; align: "left"; filament: 6um; material: nc.gold; }
lattice tube = diamond {
  map: annulus { radius: 150um; inner_radius: 100um; height: 200um; };
  cells: [16, 1, 4]; filament: 8um; material: nc.gold;
}
lattice beam = octet { along: coil; section: [60um, 60um]; pitch: 60um; filament: 7um; material: nc.silver; }
print union(coil, name) { bath: nc.gold_bath; base: free; }
"""


def test_curves_letters_and_bent_cells(drive: Drive) -> None:
    async def conversation(e: Editor) -> None:
        assert await e.open(FORMS) == []

        async def offered(text: str, skip: int = 0) -> list[str]:
            found = await e.client.text_document_completion_async(t.CompletionParams(**e.at(text, skip)))
            return [i.label for i in (found.items if isinstance(found, t.CompletionList) else found or [])]

        async def told(text: str, skip: int = 0) -> str:
            found = await e.client.text_document_hover_async(t.HoverParams(**e.at(text, skip)))
            return found.contents.value if found and isinstance(found.contents, t.MarkupContent) else ""

        # The parameter is known in the coordinates and in the block; the block offers what is not yet said.
        assert (await offered("80um * cos", 7))[0] == (await offered("2um * sin", 6))[0] == "turn"
        assert await offered("material: nc.gold;\n}") == ["tolerance"]
        assert "curve" in await offered("curve(turn")
        assert "path curve" in await told("curve(", 1) and "filament: Length" in await told(
            "filament: 8um", 1
        )
        assert set(await offered('"left"')) == {'"left"', '"centre"', '"right"'}
        assert set(await offered('text: "Au"')) == {"centre", "outline", "spacing", "tolerance"}
        assert {"box", "cylinder", "annulus"} <= set(await offered("annulus {"))
        assert await offered("inner_radius") == ["at"]
        assert "radius of the hole" in await told("annulus {", 1)
        assert "coil" in (await offered("coil; section"))[:4]
        assert set(await offered("free; }")) == {"pinned", "free"}
        symbols = await e.client.text_document_document_symbol_async(t.DocumentSymbolParams(e.document))
        assert [s.name for s in symbols or []][:4] == ["coil", "name", "tube", "beam"]
        renamed = await e.client.text_document_rename_async(t.RenameParams(new_name="phi", **e.at("turn in")))
        assert renamed is not None and renamed.changes is not None
        text = e.applied([x for x in renamed.changes[e.uri] if isinstance(x, t.TextEdit)])
        assert text == FORMS.replace("turn", "phi")

    drive(conversation)


def test_hover(drive: Drive) -> None:
    async def conversation(e: Editor) -> None:
        await e.open(DESIGN)

        async def told(text: str, skip: int = 0) -> str:
            found = await e.client.text_document_hover_async(t.HoverParams(**e.at(text, skip)))
            if found is None:
                return ""
            assert isinstance(found.contents, t.MarkupContent)
            return found.contents.value

        assert "param pitch: Length = 40um" in await told("pitch")
        assert "centre to centre" in await told("pitch")
        assert "from 15um to 200um" in await told("* pitch", 2)
        assert "let side: Length = 400um" in await told("side")
        assert "fn shift(k: Count) -> Length" in await told("shift(k);")
        assert "has to be given" in await told("pitch: pitch")
        assert "Length" in await told("filament")
        assert "Song et al. 2023" in await told("nc.gold;", 4)
        assert "cyclohexane" in await told("nc.gold;") or "nanocrystal.wp" in await told("nc.gold;")
        assert "woodpile" in await told("woodpile")
        assert "Count" in await told("k: Count", 3)
        assert await told("wp 1") == ""

    drive(conversation)


def test_definition_references_and_rename(drive: Drive) -> None:
    async def conversation(e: Editor) -> None:
        await e.open(DESIGN)
        client = e.client

        async def defined(text: str, skip: int = 0) -> t.Location | None:
            found = await client.text_document_definition_async(t.DefinitionParams(**e.at(text, skip)))
            assert found is None or isinstance(found, t.Location)
            return found

        at = await defined("* pitch", 2)
        assert at is not None
        assert at.uri == e.uri
        assert at.range.start == e.place(e.text.index("pitch: Length"))
        library = await defined("nc.gold;", 4)
        assert library is not None
        assert library.uri.endswith("lang/library/nanocrystal.wp")
        line = Path(library.uri.removeprefix("file://")).read_text().splitlines()[library.range.start.line]
        assert line.startswith("material gold")
        local = await defined("if k mod", 3)
        assert local is not None
        assert local.range.start == e.place(e.text.index("k: Count"))

        found = await client.text_document_references_async(
            t.ReferenceParams(**e.at("pitch"), context=t.ReferenceContext(include_declaration=True))
        )
        # Its statement, two uses in expressions, the preset, and two fields' values; not the field of that name.
        assert found is not None
        assert len(found) == 6
        assert all(e.of(f.range) == "pitch" for f in found)

        change = await client.text_document_rename_async(
            t.RenameParams(**e.at("* pitch", 2), new_name="spacing")
        )
        assert change is not None
        assert change.changes is not None
        after = e.applied(list(change.changes[e.uri]))
        assert "  pitch: spacing;" in after
        assert 'preset "wide" { spacing: 80um; }' in after
        assert after.replace("spacing", "pitch") == DESIGN
        for text, name in (
            ("pitch", "let"),
            ("pitch", "side"),
            ("pitch", "9"),
            ("woodpile", "pile"),
            ("gold;", "au"),
        ):
            with pytest.raises(Exception, match="`"):
                await client.text_document_rename_async(t.RenameParams(**e.at(text), new_name=name))
        assert (
            await client.text_document_prepare_rename_async(t.PrepareRenameParams(**e.at("woodpile"))) is None
        )

    drive(conversation)


def test_completion(drive: Drive) -> None:
    async def conversation(e: Editor) -> None:
        await e.open(DESIGN)

        async def offered(old: str, new: str) -> list[str]:
            """What is offered at the `|` of a text put in the place of another for a moment."""
            assert new.replace("|", "")
            await e.change(old, new.replace("|", ""))
            at = e.text.index(new.replace("|", "")) + new.index("|")
            found = await e.client.text_document_completion_async(t.CompletionParams(e.document, e.place(at)))
            await e.change(new.replace("|", ""), old)
            assert isinstance(found, t.CompletionList)
            return [i.label for i in sorted(found.items, key=lambda i: i.sort_text or "")]

        fields = await offered("  layers: 8;", "  lay|")
        assert "layer_height" in fields
        assert "layers" in fields
        assert "pitch" not in fields
        assert "size" not in fields
        assert "phase" in await offered("{ phase: shift(k); }", "{ | }")
        assert "size" not in await offered("{ phase: shift(k); }", "{ | }")
        assert (await offered("material: nc.gold;", "material: |"))[0] in (
            "ink",
            "nc.gold",
            "nc.cadmium_selenide",
        )
        assert "gold" in await offered("material: nc.gold;", "material: nc.|")
        assert "silver" in await offered("material: nc.gold;", "material: nc.sil|;")
        assert "um" in await offered("layers: 8;", "layers: 8u|;")
        assert "pitch" in await offered("10 * pitch;", "10 * |;")
        assert "height" in await offered("let side = 10 * pitch;", "let side = body.|;")
        assert "woodpile" in await offered("lattice body = woodpile {", "lattice body = |")
        assert "Length" in await offered("param pitch: Length = 40um", "param pitch: |")
        assert "lattice" in await offered("print body {", "|\nprint body {")
        assert "nanocrystal.wp" in await offered('use "nanocrystal.wp" as nc;', 'use "|')
        assert "pitch" in await offered("{ pitch: 80um; }", "{ | }")
        assert "min_gap" in await offered("body.wet.min_gap > 0um", "body.wet.|")
        assert "k" in await offered("phase: shift(k);", "phase: |;")
        assert await offered("# 𝛼 and µ", "# pi|") == []

    drive(conversation)


def test_outline_layout_colours_and_hints(drive: Drive) -> None:
    async def conversation(e: Editor) -> None:
        await e.open(DESIGN)
        client = e.client
        found = await client.text_document_document_symbol_async(t.DocumentSymbolParams(e.document))
        assert found is not None
        names = {s.name: s for s in found if isinstance(s, t.DocumentSymbol)}
        assert list(names) == ["pitch", "side", "shift", "wide", "body", "print body", "sound"]
        assert names["side"].detail == "400um"
        assert [c.name for c in names["body"].children or []] == ["layer k"]

        whole = t.Range(t.Position(0, 0), t.Position(99, 0))
        hints = await client.text_document_inlay_hint_async(t.InlayHintParams(e.document, whole))
        shown = {(h.position.line, str(h.label)) for h in hints or []}
        assert (3, "= 400um") in shown
        assert (7, "= [400um, 400um]") in shown
        assert (10, "= 10um") in shown
        assert not any(line == 2 for line, _ in shown)

        colours = await client.text_document_semantic_tokens_full_async(t.SemanticTokensParams(e.document))
        assert colours is not None
        assert len(colours.data) % 5 == 0
        line = character = 0
        words = []
        lines = e.text.split("\n")
        for dline, dchar, length, kind, bits in zip(*[iter(colours.data)] * 5, strict=True):
            character = character + dchar if dline == 0 else dchar
            line += dline
            words.append((lines[line][character : character + length], kind, bits))
        assert ("pitch", 3, 3) in words
        assert ("pitch", 3, 2) in words
        assert ("pitch", 5, 1) in words
        assert ("woodpile", 2, 4) in words
        assert ("nc", 0, 1) in words

        options = t.FormattingOptions(2, True)
        assert (
            await client.text_document_formatting_async(t.DocumentFormattingParams(e.document, options))
            is not None
        )
        await e.change("let side = 10 * pitch;", "let  side=10*pitch;")
        edits = await client.text_document_formatting_async(t.DocumentFormattingParams(e.document, options))
        assert edits
        assert "let side = 10 * pitch;  # 𝛼 and µ\n" in e.applied(list(edits))
        await e.change("let  side=10*pitch;", "let side = ;")
        assert not await client.text_document_formatting_async(
            t.DocumentFormattingParams(e.document, options)
        )

    drive(conversation)


def test_half_typed_and_odd_texts_get_answers(drive: Drive) -> None:
    async def conversation(e: Editor) -> None:
        await e.open("")
        for text in (
            "",
            "\0",
            "let",
            "lattice a = woodpile {",
            "# 𝛼\nlet a = (((",
            "𝛼" * 50,
            'use "',
            "let a = a;",
        ):
            e.version += 1
            e.text = text
            e.client.text_document_did_change(
                t.DidChangeTextDocumentParams(
                    t.VersionedTextDocumentIdentifier(e.version, e.uri),
                    [t.TextDocumentContentChangeWholeDocument(text)],
                )
            )
            found = await e.diagnostics()
            assert text == "" or found
            end = e.place(len(text))
            at = {"text_document": e.document, "position": end}
            await e.client.text_document_completion_async(t.CompletionParams(**at))
            await e.client.text_document_hover_async(t.HoverParams(**at))
            await e.client.text_document_definition_async(t.DefinitionParams(**at))
            await e.client.text_document_document_symbol_async(t.DocumentSymbolParams(e.document))
            await e.client.text_document_semantic_tokens_full_async(t.SemanticTokensParams(e.document))
            await e.client.text_document_inlay_hint_async(
                t.InlayHintParams(e.document, t.Range(t.Position(0, 0), end))
            )

    drive(conversation)


def test_without_pygls_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from wetprint.kernel.diagnostics import WetprintError
    from wetprint.lang import server

    monkeypatch.setattr(server, "find_spec", lambda _name: None)
    with pytest.raises(WetprintError, match=r"wetprint\[lsp\]"):
        server.serve()


def test_every_function_and_type_has_its_words() -> None:
    from wetprint.kernel.quantity import NAMED_TYPES
    from wetprint.lang import scope, words
    from wetprint.lang.tables import tables

    assert set(words.FUNCTIONS) == set(scope.FUNCTIONS)
    assert set(words.CONSTANTS) == {*scope.CONSTANTS, *scope.COORDINATES}
    assert set(words.TYPES) | {
        "Material",
        "Bath",
        "Solvent",
        "Linker",
        "Solid",
        "Part",
        "Mask",
        "Film",
        "Ligand",
        "Developer",
    } == set(NAMED_TYPES)
    assert set(words.STATEMENTS) <= set(tables().keywords)


def test_an_edit_in_a_long_file_is_answered_soon(drive: Drive) -> None:
    lines = ["wp 1;", 'use "nanocrystal.wp" as nc;', "param pitch: Length = 40um;"]
    i = 0
    while len(lines) < 700:
        lines += [
            f"let side{i} = {4 + i % 5} * pitch;",
            f"lattice body{i} = woodpile {{",
            f"  size: [side{i}, side{i}];",
            "  layers: 8;",
            "  pitch: pitch;",
            "  filament: pitch / 4;",
            "  layer k { angle: if k mod 2 == 0 then 90deg else 0deg; }",
            "  material: nc.gold;",
            "}",
            f"print body{i} {{ bath: nc.gold_bath; }}",
        ]
        i += 1

    async def conversation(e: Editor) -> None:
        await e.open("\n".join(lines))
        took = []
        for n in range(15):
            began = time.perf_counter()
            await e.change(f"let side30 = {4 + n} * pitch", f"let side30 = {5 + n} * pitch")
            took.append(1000 * (time.perf_counter() - began))
        print(
            f"an edit in {len(lines)} lines: median {statistics.median(took):.0f} ms, worst {max(took):.0f} ms"
        )
        # The goal is 50 ms (bench/); here only what no machine however busy should take.
        assert statistics.median(took) < 1500

    drive(conversation)
