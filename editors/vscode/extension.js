// The VS Code side: starts `wp lsp`, hands each question of the editor to it, and runs `wp preview` on demand.
"use strict";

const path = require("path");
const vscode = require("vscode");
const { Client } = require("./client");

const SELECTOR = [{ language: "wp", scheme: "file" }, { language: "wp", scheme: "untitled" }];

let session = null;
let channel = null;

async function activate(context) {
  channel = vscode.window.createOutputChannel("wetprint");
  context.subscriptions.push(
    channel,
    vscode.commands.registerCommand("wetprint.preview", preview),
    vscode.commands.registerCommand("wetprint.restart", restart),
    vscode.workspace.onDidChangeConfiguration((e) => (e.affectsConfiguration("wetprint.command") ? restart() : undefined)),
  );
  await start();
}

async function deactivate() {
  if (session) await session.dispose();
  session = null;
}

async function restart() {
  await deactivate();
  await start();
}

function command() {
  const set = vscode.workspace.getConfiguration("wetprint").get("command") || "wp";
  const folder = folders()[0];
  // A path such as .venv/bin/wp is meant from the folder that is open.
  return folder && /[\\/]/.test(set) && !path.isAbsolute(set) ? path.join(folder, set) : set;
}

function folders() {
  return (vscode.workspace.workspaceFolders || []).map((f) => f.uri.fsPath);
}

async function start() {
  const started = new Session();
  try {
    await started.open();
    session = started;
  } catch (e) {
    await started.dispose();
    channel.appendLine(String(e.message || e));
    const choice = await vscode.window.showErrorMessage(
      `The wetprint language server did not start: ${e.message || e}`,
      "Settings",
    );
    if (choice === "Settings") await vscode.commands.executeCommand("workbench.action.openSettings", "wetprint.command");
  }
}

async function preview() {
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.document.languageId !== "wp") return;
  if (editor.document.isUntitled || editor.document.isDirty) {
    if (!(await editor.document.save())) return;
  }
  const file = editor.document.uri.fsPath;
  const more = vscode.workspace.getConfiguration("wetprint").get("previewArguments") || [];
  const task = new vscode.Task(
    { type: "wetprint" },
    vscode.TaskScope.Workspace,
    `preview ${path.basename(file)}`,
    "wetprint",
    new vscode.ProcessExecution(command(), ["preview", file, ...more], { cwd: path.dirname(file) }),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Silent };
  await vscode.tasks.executeTask(task);
}

/** One run of the server, and everything registered for it. */
class Session {
  constructor() {
    this.disposables = [];
    this.client = null;
    this.problems = vscode.languages.createDiagnosticCollection("wetprint");
    this.disposables.push(this.problems);
    this.diagnostics = new Map();
  }

  async open() {
    this.client = new Client(command(), ["lsp"], { cwd: folders()[0], log: (text) => channel.append(text) });
    this.client.on("textDocument/publishDiagnostics", (p) => this.published(p));
    this.client.on("window/showMessage", (p) => void vscode.window.showInformationMessage(p.message));
    this.client.on("window/logMessage", (p) => channel.appendLine(p.message));
    const root = folders()[0];
    const { capabilities } = await this.client.request("initialize", {
      processId: process.pid,
      rootUri: root ? vscode.Uri.file(root).toString() : null,
      capabilities: {
        general: { positionEncodings: ["utf-16"] },
        textDocument: { completion: { completionItem: { snippetSupport: true } }, rename: { prepareSupport: true } },
      },
    });
    this.client.notify("initialized", {});
    this.follow();
    this.register(capabilities);
  }

  async dispose() {
    for (const d of this.disposables) d.dispose();
    this.disposables = [];
    if (this.client) await this.client.stop();
  }

  // --- documents ---------------------------------------------------------------------------------------------------

  follow() {
    const ours = (d) => vscode.languages.match(SELECTOR, d) > 0;
    const opened = (d) => {
      if (!ours(d)) return;
      const item = { uri: d.uri.toString(), languageId: "wp", version: d.version, text: d.getText() };
      this.client.notify("textDocument/didOpen", { textDocument: item });
    };
    this.disposables.push(
      vscode.workspace.onDidOpenTextDocument(opened),
      vscode.workspace.onDidChangeTextDocument((e) => {
        if (!ours(e.document) || e.contentChanges.length === 0) return;
        this.client.notify("textDocument/didChange", {
          textDocument: { uri: e.document.uri.toString(), version: e.document.version },
          contentChanges: e.contentChanges.map((c) => ({ range: toRange(c.range), text: c.text })),
        });
      }),
      vscode.workspace.onDidSaveTextDocument((d) => {
        if (ours(d)) this.client.notify("textDocument/didSave", { textDocument: { uri: d.uri.toString() } });
      }),
      vscode.workspace.onDidCloseTextDocument((d) => {
        if (ours(d)) this.client.notify("textDocument/didClose", { textDocument: { uri: d.uri.toString() } });
      }),
    );
    vscode.workspace.textDocuments.forEach(opened);
  }

  published(params) {
    const uri = vscode.Uri.parse(params.uri);
    this.diagnostics.set(uri.toString(), params.diagnostics);
    const found = params.diagnostics.map((d) => {
      const out = new vscode.Diagnostic(fromRange(d.range), d.message, d.severity - 1);
      out.code = d.code;
      out.source = d.source;
      out.relatedInformation = (d.relatedInformation || []).map(
        (r) => new vscode.DiagnosticRelatedInformation(fromLocation(r.location), r.message),
      );
      return out;
    });
    this.problems.set(uri, found);
  }

  // --- questions ---------------------------------------------------------------------------------------------------

  register(capabilities) {
    const ask = (method, document, more) =>
      this.client.request(`textDocument/${method}`, { textDocument: { uri: document.uri.toString() }, ...more });
    const at = (method, document, position, more) => ask(method, document, { position: toPosition(position), ...more });
    const l = vscode.languages;
    const legend = capabilities.semanticTokensProvider && capabilities.semanticTokensProvider.legend;
    const triggers = (capabilities.completionProvider || {}).triggerCharacters || [];

    this.disposables.push(
      l.registerHoverProvider(SELECTOR, {
        provideHover: async (d, p) => {
          const h = await at("hover", d, p);
          return h ? new vscode.Hover(new vscode.MarkdownString(h.contents.value), fromRange(h.range)) : null;
        },
      }),
      l.registerCompletionItemProvider(
        SELECTOR,
        { provideCompletionItems: async (d, p) => ((await at("completion", d, p)) || { items: [] }).items.map(fromItem) },
        ...triggers,
      ),
      l.registerDefinitionProvider(SELECTOR, {
        provideDefinition: async (d, p) => {
          const found = await at("definition", d, p);
          return found ? fromLocation(found) : null;
        },
      }),
      l.registerReferenceProvider(SELECTOR, {
        provideReferences: async (d, p, c) =>
          ((await at("references", d, p, { context: { includeDeclaration: c.includeDeclaration } })) || []).map(fromLocation),
      }),
      l.registerDocumentHighlightProvider(SELECTOR, {
        provideDocumentHighlights: async (d, p) =>
          ((await at("documentHighlight", d, p)) || []).map((h) => new vscode.DocumentHighlight(fromRange(h.range))),
      }),
      l.registerRenameProvider(SELECTOR, {
        prepareRename: async (d, p) => {
          const range = await at("prepareRename", d, p);
          if (!range) throw new Error("this cannot be renamed");
          return fromRange(range);
        },
        provideRenameEdits: async (d, p, newName) => fromEdit(await at("rename", d, p, { newName })),
      }),
      l.registerDocumentSymbolProvider(SELECTOR, {
        provideDocumentSymbols: async (d) => ((await ask("documentSymbol", d)) || []).map(fromSymbol),
      }),
      l.registerDocumentFormattingEditProvider(SELECTOR, {
        provideDocumentFormattingEdits: async (d, o) =>
          (
            (await ask("formatting", d, { options: { tabSize: o.tabSize, insertSpaces: o.insertSpaces } })) || []
          ).map((e) => new vscode.TextEdit(fromRange(e.range), e.newText)),
      }),
      l.registerCodeActionsProvider(
        SELECTOR,
        {
          provideCodeActions: async (d, range, c) => {
            const known = this.diagnostics.get(d.uri.toString()) || [];
            const here = known.filter((x) => fromRange(x.range).intersection(range));
            const context = { diagnostics: here, only: c.only ? [c.only.value] : undefined };
            return ((await ask("codeAction", d, { range: toRange(range), context })) || []).map(fromAction);
          },
        },
        { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix, vscode.CodeActionKind.SourceFixAll] },
      ),
      l.registerInlayHintsProvider(SELECTOR, {
        provideInlayHints: async (d, range) =>
          ((await ask("inlayHint", d, { range: toRange(range) })) || []).map((h) => {
            const hint = new vscode.InlayHint(fromPosition(h.position), h.label);
            hint.paddingLeft = h.paddingLeft;
            return hint;
          }),
      }),
    );
    if (legend) {
      this.disposables.push(
        l.registerDocumentSemanticTokensProvider(
          SELECTOR,
          {
            provideDocumentSemanticTokens: async (d) => {
              const found = await ask("semanticTokens/full", d);
              return new vscode.SemanticTokens(Uint32Array.from(found ? found.data : []));
            },
          },
          new vscode.SemanticTokensLegend(legend.tokenTypes, legend.tokenModifiers),
        ),
      );
    }
  }
}

// --- between the protocol's words and the editor's -------------------------------------------------------------------

const toPosition = (p) => ({ line: p.line, character: p.character });
const toRange = (r) => ({ start: toPosition(r.start), end: toPosition(r.end) });
const fromPosition = (p) => new vscode.Position(p.line, p.character);
const fromRange = (r) => new vscode.Range(r.start.line, r.start.character, r.end.line, r.end.character);
const fromLocation = (l) => new vscode.Location(vscode.Uri.parse(l.uri), fromRange(l.range));

function fromItem(i) {
  // The protocol counts kinds from 1, the editor from 0.
  const item = new vscode.CompletionItem(i.label, i.kind - 1);
  item.detail = i.detail;
  item.sortText = i.sortText;
  if (i.documentation) item.documentation = new vscode.MarkdownString(i.documentation.value);
  if (i.textEdit) {
    item.range = fromRange(i.textEdit.range);
    item.insertText = i.insertTextFormat === 2 ? new vscode.SnippetString(i.textEdit.newText) : i.textEdit.newText;
  }
  return item;
}

function fromSymbol(s) {
  const symbol = new vscode.DocumentSymbol(
    s.name,
    s.detail || "",
    s.kind - 1,
    fromRange(s.range),
    fromRange(s.selectionRange),
  );
  symbol.children = (s.children || []).map(fromSymbol);
  return symbol;
}

function fromEdit(edit) {
  const out = new vscode.WorkspaceEdit();
  for (const [uri, edits] of Object.entries((edit && edit.changes) || {})) {
    out.set(vscode.Uri.parse(uri), edits.map((e) => new vscode.TextEdit(fromRange(e.range), e.newText)));
  }
  return out;
}

function fromAction(a) {
  const kind = a.kind === "quickfix" ? vscode.CodeActionKind.QuickFix : vscode.CodeActionKind.SourceFixAll;
  const action = new vscode.CodeAction(a.title, kind);
  action.isPreferred = a.isPreferred;
  action.edit = fromEdit(a.edit);
  return action;
}

module.exports = { activate, deactivate };
