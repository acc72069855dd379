"""What hover.py and complete.py know, spoken in the Language Server Protocol by pygls (the optional extra `lsp`)."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

from lsprotocol import types as t
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import TextDocument

from ..kernel.diagnostics import Diagnostic, Edit, Severity, Source, Span
from .complete import Item, complete
from .fix import apply_fixes
from .format import formatted
from .hover import COLOURS, MODIFIERS, Outline, View
from .load import load
from .memory import Memory
from .names import path_of

_SEVERITY = {
    Severity.ERROR: t.DiagnosticSeverity.Error,
    Severity.WARNING: t.DiagnosticSeverity.Warning,
    Severity.NOTE: t.DiagnosticSeverity.Information,
}
_SYMBOL = {
    "param": t.SymbolKind.Property, "let": t.SymbolKind.Constant, "fn": t.SymbolKind.Function,
    "material": t.SymbolKind.Object, "bath": t.SymbolKind.Object, "solvent": t.SymbolKind.Object,
    "linker": t.SymbolKind.Object, "nozzle": t.SymbolKind.Object, "lattice": t.SymbolKind.Class,
    "path": t.SymbolKind.Class, "part": t.SymbolKind.Class, "solid": t.SymbolKind.Struct, "region": t.SymbolKind.Field,
    "layer": t.SymbolKind.Method, "check": t.SymbolKind.Event, "test": t.SymbolKind.Event, "preset": t.SymbolKind.Enum,
    "print": t.SymbolKind.Module, "pattern": t.SymbolKind.Module, "mask": t.SymbolKind.Struct,
    "film": t.SymbolKind.Object, "ligand": t.SymbolKind.Object, "developer": t.SymbolKind.Object,
}  # fmt: skip
_COMPLETION = {
    "unit": t.CompletionItemKind.Unit, "file": t.CompletionItemKind.File, "keyword": t.CompletionItemKind.Keyword,
    "field": t.CompletionItemKind.Field, "param": t.CompletionItemKind.Property, "type": t.CompletionItemKind.TypeParameter,
    "construct": t.CompletionItemKind.Class, "function": t.CompletionItemKind.Function, "fn": t.CompletionItemKind.Function,
    "constant": t.CompletionItemKind.Constant, "let": t.CompletionItemKind.Constant, "alias": t.CompletionItemKind.Module,
    "variable": t.CompletionItemKind.Variable, "member": t.CompletionItemKind.Property,
    "value": t.CompletionItemKind.Value,
}  # fmt: skip


class Document:
    """One version of one open file, and where its code points lie in the units that the client counts in."""

    def __init__(self, document: TextDocument, before: Document | None) -> None:
        self.document = document
        self.version = document.version
        path = to_fs_path(document.uri)
        # A name that is no file (an unsaved buffer) is as good as any: the text comes from the editor.
        self.name = path if path is not None else document.uri
        # What was read of the version before, which gives its trees away: of that version only the values count from now on.
        self.memory: Memory = before.memory if before else Memory()
        loaded = load(self.name, text=document.source, memory=self.memory)
        self.view: View = View(loaded, before.view.sound() if before else None)
        self.source = Source(self.name, document.source)
        self._units = document.position_codec

    @property
    def folder(self) -> Path | None:
        path = Path(self.name)
        return path.parent if path.parent.is_dir() else None

    def position(self, offset: int, source: Source | None = None) -> t.Position:
        source = source or self.source
        line, col = source.line_col(min(offset, len(source.text)))
        text = source.line_text(line)
        before = text[: col - 1]
        # Plain text, by far the most, needs no counting.
        character = col - 1 if before.isascii() else self._units.client_num_units(before)
        return t.Position(line - 1, character)

    def offset(self, position: t.Position) -> int:
        if position.line >= self.source.line_count:
            return len(self.source.text)
        text = self.source.line_text(position.line + 1)
        start = self.source.line_start(position.line + 1)
        if text.isascii():
            return start + min(position.character, len(text))
        units = 0
        for i, char in enumerate(text):
            if units >= position.character:
                return start + i
            units += self._units.client_num_units(char)
        return start + len(text)

    def range(self, span: Span) -> t.Range:
        source = span.source if span.source.name != self.name else self.source
        return t.Range(self.position(span.start, source), self.position(span.end, source))

    def location(self, span: Span) -> t.Location | None:
        if span.source.name == self.name:
            return t.Location(self.document.uri, self.range(span))
        path = path_of(span.source)
        uri = from_fs_path(str(path)) if path is not None else None
        return t.Location(uri, self.range(span)) if uri is not None else None

    def edits(self, edits: list[Edit]) -> list[t.TextEdit] | None:
        """None where an edit is of another file."""
        if any(e.span.source.name != self.name for e in edits):
            return None
        return [t.TextEdit(self.range(e.span), e.text) for e in edits]


#: A pause in typing of so many seconds is the time to tidy up; after so many edits without one it is done all the same.
_PAUSE_S = 0.3
_MOST_EDITS = 20


class Server(LanguageServer):
    """Keeps the newest view of each open file; after an edit, what changed is read anew and all of it evaluated anew."""

    def __init__(self) -> None:
        super().__init__("wetprint", "0.1.0", text_document_sync_kind=t.TextDocumentSyncKind.Incremental)
        self.seen: dict[str, Document] = {}
        self._edits = 0
        self._tidying: asyncio.TimerHandle | None = None

    def document(self, uri: str) -> Document:
        document = self.workspace.get_text_document(uri)
        known = self.seen.get(uri)
        if known is None or known.version != document.version or known.source.text != document.source:
            known = self.seen[uri] = Document(document, known)
        return known

    def refresh(self, uri: str) -> None:
        doc = self.document(uri)
        found = [_diagnostic(doc, d) for d in doc.view.loaded.diagnostics]
        self.text_document_publish_diagnostics(t.PublishDiagnosticsParams(uri, found, doc.version))
        self._tidy()

    def _tidy(self) -> None:
        """Scopes hold rings, so old versions wait for Python's collector, which looks through everything (20 ms): in a pause."""
        if self._tidying is not None:
            self._tidying.cancel()
        self._edits += 1
        pause = _PAUSE_S if self._edits < _MOST_EDITS else 0.0
        self._tidying = asyncio.get_running_loop().call_later(pause, self._collect)

    def _collect(self) -> None:
        self._edits = 0
        gc.collect()


def _diagnostic(doc: Document, d: Diagnostic) -> t.Diagnostic:
    message = "\n".join([d.message, *([d.label] if d.label else []), *(f"note: {n}" for n in d.notes)])
    related = [(doc.location(r.span), r.label) for r in d.related]
    if d.primary is None or d.primary.source.name != doc.name:
        # The trouble is in an imported file: it is shown at the top, with the place it comes from.
        place = d.primary
        if place is not None:
            message = f"{place.where}: {message}"
            related.insert(0, (doc.location(place), d.message))
        span = Span(doc.source, 0, 0)
    else:
        span = d.primary
    return t.Diagnostic(
        doc.range(span),
        message,
        severity=_SEVERITY[d.severity],
        code=d.code,
        source="wp",
        related_information=[
            t.DiagnosticRelatedInformation(at, label) for at, label in related if at is not None
        ],
    )


server = Server()


@server.feature(t.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: Server, params: t.DidOpenTextDocumentParams) -> None:
    ls.refresh(params.text_document.uri)


@server.feature(t.TEXT_DOCUMENT_DID_CHANGE)
def did_change(ls: Server, params: t.DidChangeTextDocumentParams) -> None:
    ls.refresh(params.text_document.uri)


@server.feature(t.TEXT_DOCUMENT_DID_SAVE)
def did_save(ls: Server, params: t.DidSaveTextDocumentParams) -> None:
    # Files that import the saved one may read differently now.
    for uri in list(ls.seen):
        if uri != params.text_document.uri:
            del ls.seen[uri]
        ls.refresh(uri)


@server.feature(t.TEXT_DOCUMENT_DID_CLOSE)
def did_close(ls: Server, params: t.DidCloseTextDocumentParams) -> None:
    ls.seen.pop(params.text_document.uri, None)
    ls.text_document_publish_diagnostics(t.PublishDiagnosticsParams(params.text_document.uri, []))


@server.feature(t.TEXT_DOCUMENT_HOVER)
def hover(ls: Server, params: t.HoverParams) -> t.Hover | None:
    doc = ls.document(params.text_document.uri)
    found = doc.view.hover(doc.offset(params.position))
    if found is None:
        return None
    return t.Hover(t.MarkupContent(t.MarkupKind.Markdown, found[0]), doc.range(found[1]))


@server.feature(t.TEXT_DOCUMENT_COMPLETION, t.CompletionOptions(trigger_characters=[".", ":", "=", "[", '"']))
def completion(ls: Server, params: t.CompletionParams) -> t.CompletionList:
    doc = ls.document(params.text_document.uri)
    at = doc.offset(params.position)
    snippets = _has_snippets(ls)
    items = [_item(doc, i, n, at, snippets) for n, i in enumerate(complete(doc.view, at, doc.folder))]
    return t.CompletionList(is_incomplete=False, items=items)


def _has_snippets(ls: Server) -> bool:
    text = ls.client_capabilities.text_document
    item = text.completion.completion_item if text is not None and text.completion is not None else None
    return bool(item is not None and item.snippet_support)


def _item(doc: Document, item: Item, order: int, at: int, snippets: bool) -> t.CompletionItem:
    is_snippet = item.snippet and snippets
    text = item.insert if is_snippet or not item.snippet else item.label
    return t.CompletionItem(
        item.label,
        kind=_COMPLETION.get(item.kind, t.CompletionItemKind.Value),
        detail=item.detail or None,
        documentation=t.MarkupContent(t.MarkupKind.Markdown, item.doc) if item.doc else None,
        sort_text=f"{order:04}",
        insert_text_format=t.InsertTextFormat.Snippet if is_snippet else t.InsertTextFormat.PlainText,
        text_edit=t.TextEdit(doc.range(Span(doc.source, item.start, at)), text or item.label),
    )


@server.feature(t.TEXT_DOCUMENT_DEFINITION)
def definition(ls: Server, params: t.DefinitionParams) -> t.Location | None:
    doc = ls.document(params.text_document.uri)
    found = doc.view.definition(doc.offset(params.position))
    return doc.location(found) if found is not None else None


@server.feature(t.TEXT_DOCUMENT_REFERENCES)
def references(ls: Server, params: t.ReferenceParams) -> list[t.Location]:
    doc = ls.document(params.text_document.uri)
    spans = doc.view.references(doc.offset(params.position), params.context.include_declaration)
    return [at for at in (doc.location(span) for span in spans) if at is not None]


@server.feature(t.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
def highlight(ls: Server, params: t.DocumentHighlightParams) -> list[t.DocumentHighlight]:
    doc = ls.document(params.text_document.uri)
    spans = doc.view.references(doc.offset(params.position))
    return [t.DocumentHighlight(doc.range(span)) for span in spans if span.source.name == doc.name]


@server.feature(t.TEXT_DOCUMENT_PREPARE_RENAME)
def prepare_rename(ls: Server, params: t.PrepareRenameParams) -> t.Range | None:
    doc = ls.document(params.text_document.uri)
    at = doc.offset(params.position)
    found = doc.view.names.at(at)
    if found is None or isinstance(doc.view.renamed(at, found.symbol.name), str):
        return None
    return doc.range(Span(doc.source, found.start, found.end))


@server.feature(t.TEXT_DOCUMENT_RENAME, t.RenameOptions(prepare_provider=True))
def rename(ls: Server, params: t.RenameParams) -> t.WorkspaceEdit:
    doc = ls.document(params.text_document.uri)
    found = doc.view.renamed(doc.offset(params.position), params.new_name)
    if isinstance(found, str):
        raise JsonRpcInvalidParams(found)
    return t.WorkspaceEdit(changes={doc.document.uri: doc.edits(found) or []})


@server.feature(t.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def symbols(ls: Server, params: t.DocumentSymbolParams) -> list[t.DocumentSymbol]:
    doc = ls.document(params.text_document.uri)
    return [_symbol(doc, o) for o in doc.view.outline()]


def _symbol(doc: Document, o: Outline) -> t.DocumentSymbol:
    return t.DocumentSymbol(
        o.name,
        _SYMBOL.get(o.kind, t.SymbolKind.Variable),
        doc.range(o.span),
        doc.range(o.name_span),
        detail=o.detail or None,
        children=[_symbol(doc, c) for c in o.children],
    )


@server.feature(t.TEXT_DOCUMENT_FORMATTING)
def formatting(ls: Server, params: t.DocumentFormattingParams) -> list[t.TextEdit]:
    doc = ls.document(params.text_document.uri)
    text, _ = formatted(doc.source)
    return [] if text == doc.source.text else [_whole(doc, text)]


def _whole(doc: Document, text: str) -> t.TextEdit:
    return t.TextEdit(doc.range(Span(doc.source, 0, len(doc.source.text))), text)


@server.feature(
    t.TEXT_DOCUMENT_CODE_ACTION,
    t.CodeActionOptions(code_action_kinds=[t.CodeActionKind.QuickFix, t.CodeActionKind.SourceFixAll]),
)
def code_actions(ls: Server, params: t.CodeActionParams) -> list[t.CodeAction]:
    doc = ls.document(params.text_document.uri)
    low, high = doc.offset(params.range.start), doc.offset(params.range.end)
    out: list[t.CodeAction] = []
    for d in doc.view.loaded.diagnostics:
        at = d.primary
        if at is None or at.source.name != doc.name or at.start > high or at.end < low:
            continue
        for i, fix in enumerate(d.fixes):
            edits = doc.edits(list(fix.edits))
            if edits is not None:
                out.append(
                    t.CodeAction(
                        fix.title[:1].upper() + fix.title[1:],
                        kind=t.CodeActionKind.QuickFix,
                        diagnostics=[_diagnostic(doc, d)],
                        is_preferred=i == 0,
                        edit=t.WorkspaceEdit(changes={doc.document.uri: edits}),
                    )
                )
    only = params.context.only
    if only is None or t.CodeActionKind.SourceFixAll in only or t.CodeActionKind.Source in only:
        text, count = apply_fixes(doc.view.source, doc.view.loaded.diagnostics)
        if count and doc.view.source.text == doc.source.text:
            title = f"Apply all fixes ({count})" if count > 1 else "Apply the fix"
            change = t.WorkspaceEdit(changes={doc.document.uri: [_whole(doc, text)]})
            out.append(t.CodeAction(title, kind=t.CodeActionKind.SourceFixAll, edit=change))
    return out


@server.feature(t.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, t.SemanticTokensLegend(list(COLOURS), list(MODIFIERS)))
def semantic_tokens(ls: Server, params: t.SemanticTokensParams) -> t.SemanticTokens:
    doc = ls.document(params.text_document.uri)
    data: list[int] = []
    line = character = 0
    for start, length, colour, bits in doc.view.colours():
        at, end = doc.position(start), doc.position(start + length)
        new = at.character if at.line != line else at.character - character
        data += [at.line - line, new, end.character - at.character, colour, bits]
        line, character = at.line, at.character
    return t.SemanticTokens(data)


@server.feature(t.TEXT_DOCUMENT_INLAY_HINT)
def inlay_hints(ls: Server, params: t.InlayHintParams) -> list[t.InlayHint]:
    doc = ls.document(params.text_document.uri)
    found = doc.view.hints(doc.offset(params.range.start), doc.offset(params.range.end))
    return [t.InlayHint(doc.position(at), text, padding_left=True) for at, text in found]
