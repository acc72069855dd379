"""The editors' files: the TextMate grammar on real samples, the packed extension, its client in Node, Vim's colours."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from wetprint.kernel.quantity import NAMED_TYPES
from wetprint.lang.heads import HEAD_KINDS
from wetprint.lang.scope import FUNCTIONS
from wetprint.lang.tables import tables
from wetprint.lang.units import UNITS


class TextMate:
    """Colours text by a TextMate grammar whose patterns Python's `re` understands as Oniguruma does: no look-behind of
    open width, no recursion, no \\G."""

    def __init__(self, grammar: dict[str, Any]) -> None:
        self.repository = grammar["repository"]
        self.top = grammar["patterns"]

    def rules(self, patterns: list[dict[str, Any]]) -> list[dict[str, Any]]:
        out = []
        for p in patterns:
            if "include" in p:
                inner = self.repository[p["include"].removeprefix("#")]
                out += (
                    self.rules(inner["patterns"])
                    if "match" not in inner and "begin" not in inner
                    else [inner]
                )
            else:
                out.append(p)
        return out

    def line(self, text: str) -> list[tuple[str, str]]:
        """(text, innermost scope) of one line; no pattern of the grammar runs over a line end."""
        out: list[tuple[str, str]] = []
        rules = self.rules(self.top)
        at = 0
        while at < len(text):
            best = None
            for rule in rules:
                m = re.compile(rule.get("match") or rule["begin"]).search(text, at)
                if m is not None and m.end() > m.start() and (best is None or m.start() < best[0].start()):
                    best = (m, rule)
            if best is None:
                break
            m, rule = best
            if "begin" in rule:
                end = re.compile(rule["end"])
                stop = m.end()
                while not (closing := end.match(text, stop)):
                    inner = [re.compile(r["match"]).match(text, stop) for r in rule.get("patterns", [])]
                    stop = next((i.end() for i in inner if i), stop + 1)
                out.append((text[m.start() : closing.end()], rule["name"]))
                at = max(closing.end(), m.end())
                continue
            if "name" in rule:
                out.append((m[0], rule["name"]))
            for group, scope in rule.get("captures", {}).items():
                if m[int(group)]:
                    out.append((m[int(group)], scope["name"]))
            at = m.end()
        return out


@pytest.fixture(scope="module")
def vscode(root: Path) -> Path:
    return root / "editors" / "vscode"


@pytest.fixture(scope="module")
def textmate(vscode: Path) -> TextMate:
    return TextMate(json.loads((vscode / "syntaxes" / "wp.tmLanguage.json").read_text(encoding="utf-8")))


SAMPLES = {
    "wp 1;  # pinned": {"wp": "keyword.control", "1": "constant.numeric", "# pinned": "comment.line"},
    'use "nanocrystal.wp" as nc;': {
        "use": "keyword.control.import", '"nanocrystal.wp"': "string.quoted", "nc": "entity.name.namespace",
    },
    'param width: Length = 10um in 7um..44um step 0.5um "w";': {
        "param": "storage.type", "width": "variable.other.constant", "Length": "support.type", "10": "constant.numeric",
        "um": "keyword.other.unit", "in": "keyword.control", "..": "keyword.operator.range", "44": "constant.numeric", "step": "keyword.control",
        '"w"': "string.quoted",
    },
    'param ink: Text = "Au" choices ["Au"];': {"choices": "keyword.control", "Text": "support.type"},
    "fn shift(k: Count) -> Length = if k mod 4 < 2 then 0um else pitch / 2;": {
        "fn": "storage.type.function", "shift": "entity.name.function", "k": "variable.other.property",
        "->": "keyword.operator.arrow", "if": "keyword.control", "mod": "keyword.operator.word", "<": "keyword.operator.comp",
        "/": "keyword.operator.arithmetic",
    },
    "material cdse = nc.cadmium_selenide { swell: 1.08; }": {
        "material": "storage.type.kind", "cdse": "entity.name.type", "cadmium_selenide": "variable.other.member",
        "swell": "variable.other.property", "1.08": "constant.numeric",
    },
    "material blend = mix(au: 50%, cdse: rest);": {
        "mix": "support.function", "50": "constant.numeric", "%": "keyword.other.unit", "rest": "constant.language",
    },
    "  molarity: 0.5[mM] assumed;": {"mM": "keyword.other.unit", "assumed": "storage.modifier.assumed"},
    "  density: 25[mg/mL];": {"25": "constant.numeric", "mg/mL": "keyword.other.unit", "density": "variable.other.property"},
    "lattice body = woodpile {": {"lattice": "storage.type.kind", "body": "entity.name.type", "woodpile": "support.class"},
    "path p = curve(t in 0deg..360deg: [90um * cos(t), 5um]) {": {
        "curve": "support.class", "t": "variable.parameter", "in": "keyword.control", "360": "constant.numeric", "cos": "support.function",
    },
    "  layer k {": {"layer": "keyword.control", "k": "variable.parameter"},
    "  material: [au, cdse][k mod 2];": {"material": "variable.other.property", "mod": "keyword.operator.word"},
    "region heart in body where inside(core) and not z > 60µm { omit: true; }": {
        "region": "storage.type.kind", "heart": "entity.name.type", "where": "keyword.control", "inside": "support.function",
        "and": "keyword.operator.word", "not": "keyword.operator.word", "µm": "keyword.other.unit", "true": "constant.language",
    },
    "print body { bath: butanol; }": {"print": "keyword.control", "bath": "variable.other.property"},
    'assert pitch > 1.5 * width, "no \\" end";': {"assert": "keyword.control", '"no \\" end"': "string.quoted"},
    "check sound { assert body.wet.min_gap > 0um; }": {"check": "keyword.control", "min_gap": "variable.other.member"},
    'test "dense" with { pitch: 15um; } { expect error "touch"; }': {
        "test": "keyword.control", "with": "keyword.control", "expect": "keyword.control",
    },
    'allow W203 because "so";': {"allow": "keyword.control", "W203": "constant.other.code", "because": "keyword.control"},
    "state wet;": {"state": "keyword.control", "wet": "constant.language"},
    "let a = 3 * 10microns;": {"microns": "invalid.illegal.unit"},
    "let b = [for i in 0..9 where i > 1: i * 1e3um];": {"for": "keyword.control", "1e3": "constant.numeric"},
    'let t = "open # text': {'"open # text': "string.quoted"},
    "let q = x.in + x.if;": {"in": "variable.other.member", "if": "variable.other.member"},
}  # fmt: skip


@pytest.mark.parametrize("line", SAMPLES)
def test_colours_of_samples(textmate: TextMate, line: str) -> None:
    found: dict[str, str] = {}
    for text, scope in textmate.line(line):
        found.setdefault(text.strip() if not text.startswith("#") else text, scope)
    for text, scope in SAMPLES[line].items():
        assert found.get(text, "").startswith(scope), f"{text}: {found.get(text)}"
        assert found[text].endswith(".wp")


def test_every_word_unit_function_and_type_has_a_colour(textmate: TextMate) -> None:
    def scope(line: str, word: str) -> str:
        return next((s for t, s in textmate.line(line) if t == word), "")

    for unit in (u for u in UNITS if u != "1"):
        assert scope(f"let a = 2{unit};", unit) == "keyword.other.unit.wp", unit
    for name in FUNCTIONS:
        assert scope(f"let a = {name}(b);", name) == "support.function.wp", name
    for name in NAMED_TYPES:
        assert scope(f"fn f(a: {name}) -> {name} = a;", name) == "support.type.wp", name
    for kind in HEAD_KINDS:
        assert scope(f"{kind} a = b;", kind) == "storage.type.kind.wp", kind
    forms = {
        "wp": "wp 1;", "use": 'use "a" as b;', "as": 'use "a" as b;', "param": "param a: Length = 1um;", "let": "let a = 1;",
        "fn": "fn a() -> Count = 1;", "preset": 'preset "a" {', "region": "region a in b where c {", "print": "print a;", "pattern": "pattern a {",
        "assert": "assert a;", "check": "check a {", "test": 'test "a" {', "expect": "expect error;", "state": "state wet;",
        "allow": 'allow W201 because "a";', "because": 'allow W201 because "a";', "compensate": "compensate off;",
        "layer": "layer k {", "from": 'a: 1 from "b";', "assumed": "a: 1 assumed;", "part": "part a = b;",
    }  # fmt: skip
    for word in tables().keywords:
        line = forms.get(word, f"x {word} y")
        if word in HEAD_KINDS:
            line = f"{word} a = b;"
        assert re.match(r"keyword|storage|constant", scope(line, word)), word


def test_designs_have_no_wrong_unit(textmate: TextMate, root: Path) -> None:
    for path in (*root.glob("examples/*.wp"), *root.glob("lang/library/*.wp")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for text, scope in textmate.line(line):
                assert "invalid" not in scope, f"{path.name}: {text} in {line}"
            if "#" in line and '"' not in line:
                assert any(s.startswith("comment") for _, s in textmate.line(line))


def test_the_other_files_hold_together(vscode: Path) -> None:
    about = json.loads((vscode / "package.json").read_text())
    contributes = about["contributes"]
    paths = [about["main"], *(lang["configuration"] for lang in contributes["languages"])]
    paths += [x["path"] for x in (*contributes["grammars"], *contributes["snippets"])]
    assert all((vscode / p).is_file() for p in paths)
    code = (vscode / "extension.js").read_text()
    for command in contributes["commands"]:
        assert f'registerCommand("{command["command"]}"' in code
    config = json.loads((vscode / "language-configuration.json").read_text())
    for pattern in (config["wordPattern"], *config["indentationRules"].values()):
        re.compile(pattern)


def test_snippets_are_designs(vscode: Path) -> None:
    """Each snippet, its places filled with what it proposes, parses."""
    from wetprint.kernel.diagnostics import Source
    from wetprint.lang.parser import parse, parse_expression

    snippets = json.loads((vscode / "snippets" / "wp.json").read_text())
    for name, snippet in snippets.items():
        text = "\n".join(snippet["body"])
        while (
            plain := re.sub(r"\$\{\d+(?::([^{}$]*)|\|([^,|]*)[^|]*\|)\}", lambda m: m[1] or m[2] or "", text)
        ) != text:
            text = plain
        text = re.sub(r"\$\{\d+\}|\$0", "", text)
        if name == "Layer rule":
            text = f"lattice a = woodpile {{ {text} }}"
        said = (
            parse_expression(Source(name, text))[1] if name == "Graded mix" else parse(Source(name, text))[1]
        )
        assert said == [], f"{name}: {text}"


def test_package(vscode: Path, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("wetprint_vsix", vscode / "package.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    one, two = tmp_path / "one.vsix", tmp_path / "two.vsix"
    module.pack(one)
    module.pack(two)
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as packed:
        assert packed.testzip() is None
        names = set(packed.namelist())
        assert {"extension.vsixmanifest", "[Content_Types].xml", "extension/package.json"} <= names
        manifest = ElementTree.fromstring(packed.read("extension.vsixmanifest"))
        assets = [e.attrib["Path"] for e in manifest.iter() if e.tag.endswith("Asset")]
        assert set(assets) <= names
        ElementTree.fromstring(packed.read("[Content_Types].xml"))
        on_disk = {
            p.relative_to(vscode).as_posix() for p in vscode.rglob("*.js*") if "node_modules" not in p.parts
        }
        assert {f"extension/{p}" for p in on_disk} <= names


# Enough of VS Code for the extension to start, open a file and ask each kind of question.
FAKE = r"""
const Module = require('module'), path = require('path'), fs = require('fs');
const [folder, file, command] = process.argv.slice(2);
const made = (name) => ({ [name]: class { constructor(...a) { this.args = a; } } })[name];
class Position { constructor(l, c) { this.line = l; this.character = c; } }
class Range {
  constructor(a, b, c, d) { this.start = new Position(a, b); this.end = new Position(c, d); }
  intersection() { return this; }
}
const providers = {}, published = [], tasks = [], listeners = {};
const register = (name) => (...a) => { providers[name] = a.find((x, i) => i > 0 && typeof x === 'object'); return { dispose() {} }; };
const listen = (name) => (f) => { listeners[name] = f; return { dispose() {} }; };
const uri = (fsPath) => ({ fsPath, toString: () => 'file://' + fsPath });
const doc = { uri: uri(file), languageId: 'wp', version: 1, isDirty: false, isUntitled: false, getText: () => fs.readFileSync(file, 'utf8') };
const kinds = ['Hover', 'MarkdownString', 'CompletionItem', 'SnippetString', 'Location', 'Diagnostic',
  'DiagnosticRelatedInformation', 'DocumentHighlight', 'DocumentSymbol', 'TextEdit', 'CodeAction', 'InlayHint',
  'SemanticTokens', 'SemanticTokensLegend', 'Task', 'ProcessExecution'];
const vscode = {
  ...Object.fromEntries(kinds.map((k) => [k, made(k)])), Position, Range,
  WorkspaceEdit: class { constructor() { this.all = []; } set(u, e) { this.all.push([u, e]); } },
  CodeActionKind: { QuickFix: { value: 'quickfix' }, SourceFixAll: { value: 'source.fixAll' } },
  TaskScope: { Workspace: 2 }, TaskRevealKind: { Silent: 2 },
  Uri: { file: uri, parse: (t) => uri(t.replace('file://', '')) },
  commands: { all: {}, registerCommand(n, f) { this.all[n] = f; return { dispose() {} }; }, executeCommand() {} },
  tasks: { executeTask: (task) => tasks.push(task) },
  window: {
    createOutputChannel: () => ({ append: (t) => process.stderr.write(t), appendLine: (t) => process.stderr.write(t + '\n'), dispose() {} }),
    showErrorMessage: async (t) => { console.log(JSON.stringify({ failed: t })); process.exit(1); },
    showInformationMessage() {}, activeTextEditor: { document: doc },
  },
  workspace: {
    workspaceFolders: [{ uri: uri(folder) }], textDocuments: [doc],
    getConfiguration: () => ({ get: (k) => (k === 'command' ? command : ['--watch']) }),
    onDidChangeConfiguration: listen('config'), onDidOpenTextDocument: listen('open'), onDidChangeTextDocument: listen('change'),
    onDidSaveTextDocument: listen('save'), onDidCloseTextDocument: listen('close'),
  },
  languages: {
    match: () => 10, createDiagnosticCollection: () => ({ set: (u, d) => published.push(d), dispose() {} }),
    ...Object.fromEntries(['Hover', 'CompletionItem', 'Definition', 'Reference', 'DocumentHighlight', 'Rename', 'DocumentSymbol',
      'DocumentFormattingEdit', 'CodeActions', 'InlayHints', 'DocumentSemanticTokens'].map((n) => [`register${n}Provider`, register(n)])),
  },
};
const load = Module._load;
Module._load = (name, ...rest) => (name === 'vscode' ? vscode : load(name, ...rest));
const extension = require(path.join(process.argv[5], 'extension.js'));
(async () => {
  await extension.activate({ subscriptions: [] });
  while (!published.length) await new Promise((r) => setTimeout(r, 20));
  const text = doc.getText().split('\n');
  const at = (line, word) => new Position(line, text[line].indexOf(word));
  const out = { diagnostics: published[0].map((d) => [d.code, d.args[1]]) };
  out.hover = (await providers.Hover.provideHover(doc, at(2, 'side'))).args[0].args[0];
  out.completion = (await providers.CompletionItem.provideCompletionItems(doc, at(3, 'side'))).map((i) => i.args[0]);
  out.definition = (await providers.Definition.provideDefinition(doc, at(3, 'side'))).args[1].start;
  out.references = (await providers.Reference.provideReferences(doc, at(3, 'side'), { includeDeclaration: true })).length;
  out.highlights = (await providers.DocumentHighlight.provideDocumentHighlights(doc, at(3, 'side'))).length;
  out.rename = (await providers.Rename.provideRenameEdits(doc, at(3, 'side'), 'edge')).all[0][1].length;
  out.refused = await providers.Rename.provideRenameEdits(doc, at(3, 'side'), 'let').catch((e) => e.message);
  out.symbols = (await providers.DocumentSymbol.provideDocumentSymbols(doc)).map((s) => s.args[0]);
  out.formatted = (await providers.DocumentFormattingEdit.provideDocumentFormattingEdits(doc, { tabSize: 2, insertSpaces: true })).length;
  const whole = new Range(0, 0, 9, 0);
  out.actions = (await providers.CodeActions.provideCodeActions(doc, whole, {})).map((a) => a.args[0]);
  out.hints = (await providers.InlayHints.provideInlayHints(doc, whole)).map((h) => h.args[1]);
  out.tokens = (await providers.DocumentSemanticTokens.provideDocumentSemanticTokens(doc)).args[0].length;
  await vscode.commands.all['wetprint.preview']();
  out.task = tasks[0].args[4].args;
  await extension.deactivate();
  console.log(JSON.stringify(out));
})().catch((e) => { console.log(JSON.stringify({ failed: e.stack })); process.exit(1); });
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_extension_talks_to_the_server(vscode: Path, tmp_path: Path) -> None:
    pytest.importorskip("pygls")
    command = tmp_path / "bin" / "wp"
    command.parent.mkdir()
    command.write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'from wetprint.lang.server import serve; serve()'\n"
    )
    command.chmod(0o755)
    design = tmp_path / "a.wp"
    design.write_text("wp 1;\n# 𝛼\nlet  side = 4 * 10um;\nlet twice = 2 * side;\nlet bad = sied;\n")
    script = tmp_path / "drive.js"
    script.write_text(FAKE)
    done = subprocess.run(
        ["node", str(script), str(tmp_path), str(design), "bin/wp", str(vscode)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    out = json.loads(done.stdout.splitlines()[-1])
    assert "failed" not in out, out["failed"]
    assert ["E101", "`sied` is not known here; did you mean `side`?"] in out["diagnostics"]
    assert "Length = 40um" in out["hover"]
    assert "side" in out["completion"]
    assert out["definition"] == {"line": 2, "character": 5}
    assert out["references"] == out["highlights"] == out["rename"] == 2
    assert "let" in out["refused"]
    assert out["symbols"] == ["side", "twice", "bad"]
    assert out["formatted"] == 1
    assert "Write `side`" in out["actions"]
    assert out["hints"] == ["= 40um", "= 80um"]
    assert out["tokens"] % 5 == 0
    assert out["task"][0] == str(tmp_path / "bin" / "wp")
    assert out["task"][1] == ["preview", str(design), "--watch"]


@pytest.mark.skipif(shutil.which("vim") is None, reason="needs Vim")
def test_vim_colours(root: Path, tmp_path: Path) -> None:
    design = tmp_path / "a.wp"
    design.write_text(
        'param width: Length = 10um in 7um..44[mm/s] "doc";\nlattice a = woodpile { material: nc.gold; } # end\n'
    )
    asked = [
        (1, "param"),
        (1, "width"),
        (1, "Length"),
        (1, "10"),
        (1, "um"),
        (1, "doc"),
        (2, "lattice"),
        (2, "woodpile"),
        (2, "material"),
        (2, "end"),
    ]
    lines = design.read_text().splitlines()
    ask = [f"call add(r, synIDattr(synID({n}, {lines[n - 1].index(w) + 1}, 1), 'name'))" for n, w in asked]
    script = tmp_path / "ask.vim"
    script.write_text("\n".join(["let r = []", *ask, f"call writefile(r, '{tmp_path / 'out'}')", "qa!"]))
    done = subprocess.run(
        ["vim", "-u", "NONE", "-i", "NONE", "-es", "-N", "--cmd", f"set rtp^={root / 'editors' / 'vim'}",
         "--cmd", "filetype plugin on", "--cmd", "syntax on", "-S", str(script), str(design)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    out = tmp_path / "out"
    if not out.is_file():
        pytest.skip(f"this Vim cannot colour: {done.stderr[:200]}")
    found = out.read_text().splitlines()
    if not any(found):
        pytest.skip("this Vim is built without syntax colours")
    assert found == [
        "wpStatement", "wpField", "wpType", "wpNumber", "wpUnit", "wpString", "wpKind", "wpConstruct", "wpField", "wpComment",
    ]  # fmt: skip


def test_vim_and_emacs_know_the_same_words(root: Path) -> None:
    vim = (root / "editors" / "vim" / "syntax" / "wp.vim").read_text(encoding="utf-8")
    emacs = (root / "editors" / "emacs" / "wp-mode.el").read_text(encoding="utf-8")
    for word in (*tables().keywords, *FUNCTIONS, *NAMED_TYPES):
        assert re.search(rf"\b{word}\b", vim), word
        assert f'"{word}"' in emacs, word
