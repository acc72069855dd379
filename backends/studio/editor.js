// The editor of the studio: Monaco, which trame-code brings along, with the language served by `wp studio`.
"use strict";
window.WpEditor = (() => {
  const KINDS = ["namespace", "type", "class", "parameter", "variable", "property", "function", "enumMember"];
  const LIGHT = { keyword: "7a2a8c", number: "0b6e4f", string: "9a4a12", comment: "7b8494",
    namespace: "3a5f9e", type: "1d6f86", class: "1d6f86", parameter: "b0303e", variable: "1f2530", property: "2d4f9e", function: "7d5a00", enumMember: "0a6a8a" };
  const DARK = { keyword: "c792ea", number: "7fd6a8", string: "f0a878", comment: "717c8c",
    namespace: "8fb4ee", type: "6cc6dd", class: "6cc6dd", parameter: "ff8a94", variable: "e3e6ea", property: "93b6ff", function: "e5c07b", enumMember: "7ac8e8" };
  const SUGGEST = { unit: "Unit", file: "File", keyword: "Keyword", field: "Field", param: "Property", type: "TypeParameter",
    construct: "Class", function: "Function", fn: "Function", constant: "Constant", let: "Constant", alias: "Module", variable: "Variable", member: "Property", value: "Value" };

  function load(files) {
    // The bundle sets this and looks at it as it starts; only so does it hand out its own interface.
    let about = {};
    Object.defineProperty(window, "MonacoEnvironment", { configurable: true, get: () => about, set: v => { about = Object.assign(v, { globalAPI: true }); } });
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = `${files}/trame-code.umd.js`; script.onload = done; script.onerror = () => failed(new Error("the editor's files are missing"));
      document.head.appendChild(script);
    }).then(() => {
      window.MonacoEnvironment.getWorker = () => new Worker(`${files}/monacoeditorwork/editor.worker.bundle.js`);
      return window.monaco;
    });
  }

  async function create(place, files, keywords, ask) {
    const monaco = await load(files);
    monaco.languages.register({ id: "wp" });
    monaco.languages.setLanguageConfiguration("wp", {
      comments: { lineComment: "#" }, brackets: [["{", "}"], ["[", "]"], ["(", ")"]],
      autoClosingPairs: [["{", "}"], ["[", "]"], ["(", ")"], ['"', '"']].map(([open, close]) => ({ open, close, notIn: ["string", "comment"] })),
      indentationRules: { increaseIndentPattern: /\{[^}"]*$/, decreaseIndentPattern: /^\s*\}/ },
    });
    let named = "";
    function names(found) {
      const text = JSON.stringify(found); if (text === named) return; named = text;
      const lists = Object.fromEntries(KINDS.map(k => [k, Object.keys(found).filter(n => found[n] === k)]));
      monaco.languages.setMonarchTokensProvider("wp", {
        keywords, ...lists,
        tokenizer: { root: [
          [/#.*$/, "comment"], [/"([^"\\]|\\.)*"?/, "string"],
          [/\d+(\.\d+)?([eE][+-]?\d+)?(\[[^\]\n]*\]|[A-Za-zµμ°Ω%]+)?/, "number"],
          [/[A-Za-z_]\w*/, { cases: { "@keywords": "keyword", ...Object.fromEntries(KINDS.map(k => [`@${k}`, k])), "@default": "variable" } }],
          [/[{}()\[\]]/, "@brackets"],
        ] },
      });
    }
    names({});
    const rules = c => Object.entries(c).map(([token, foreground]) => ({ token, foreground, fontStyle: token === "comment" ? "italic" : "" }));
    monaco.editor.defineTheme("wp-light", { base: "vs", inherit: true, rules: rules(LIGHT),
      colors: { "editor.background": "#ffffff", "editor.lineHighlightBackground": "#f5f7fa", "editorLineNumber.foreground": "#b3bac4" } });
    monaco.editor.defineTheme("wp-dark", { base: "vs-dark", inherit: true, rules: rules(DARK),
      colors: { "editor.background": "#15181d", "editor.lineHighlightBackground": "#1c2027", "editorLineNumber.foreground": "#4d5665" } });
    const editor = monaco.editor.create(place, {
      value: "", language: "wp", theme: "wp-light", automaticLayout: true, fontSize: 13, lineHeight: 20, minimap: { enabled: false }, tabSize: 2, insertSpaces: true,
      scrollBeyondLastLine: false, renderLineHighlight: "line", fixedOverflowWidgets: true, quickSuggestions: { other: true, comments: false, strings: true }, suggest: { showWords: false },
      wordBasedSuggestions: false, "bracketPairColorization.enabled": false, padding: { top: 8, bottom: 8 }, folding: false, lineNumbersMinChars: 3, glyphMargin: false, lightbulb: { enabled: true },
      fontFamily: '"JetBrains Mono", "Fira Code", "DejaVu Sans Mono", Menlo, Consolas, monospace',
      accessibilitySupport: "auto", contextmenu: true, wordWrap: "off", scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10 },
    });
    const model = editor.getModel(); model.setEOL(monaco.editor.EndOfLineSequence.LF);
    const range = r => new monaco.Range(r[0], r[1], r[2], r[3]);

    monaco.languages.registerCompletionItemProvider("wp", {
      triggerCharacters: [".", ":", "=", "[", '"', " "],
      async provideCompletionItems(m, at, context) {
        // A blank after a colon asks for a value; after anything else it asks for nothing.
        if (context.triggerCharacter === " " && !/[:=]\s$/.test(m.getLineContent(at.lineNumber).slice(0, at.column - 1))) return { suggestions: [] };
        const found = await ask("complete", [m.getValue(), at.lineNumber, at.column]) || [];
        return { suggestions: found.map((item, i) => ({
          label: item.label, kind: monaco.languages.CompletionItemKind[SUGGEST[item.kind] || "Value"], detail: item.detail, documentation: item.doc ? { value: item.doc } : undefined,
          insertText: item.insert, insertTextRules: item.snippet ? 4 : 0, sortText: String(i).padStart(4, "0"), range: range([...item.start, at.lineNumber, at.column]),
        })) };
      },
    });
    monaco.languages.registerHoverProvider("wp", {
      async provideHover(m, at) {
        const found = await ask("hover", [m.getValue(), at.lineNumber, at.column]);
        return found ? { contents: [{ value: found }] } : null;
      },
    });
    monaco.languages.registerDocumentFormattingEditProvider("wp", {
      async provideDocumentFormattingEdits(m) { const text = m.getValue(), laid = await ask("format", [text]); return laid && laid !== text ? [{ range: m.getFullModelRange(), text: laid }] : []; },
    });
    let said = [], marks = [];
    const edits = fix => fix.edits.map(e => ({ range: range(e.range), text: e.text }));
    monaco.languages.registerCodeActionProvider("wp", {
      provideCodeActions(m, where) {
        const near = said.filter(d => d.range && monaco.Range.areIntersectingOrTouching(range(d.range), where));
        const actions = near.flatMap(d => d.fixes.map((fix, i) => ({ title: fix.title[0].toUpperCase() + fix.title.slice(1), kind: "quickfix", isPreferred: i === 0,
          edit: { edits: edits(fix).map(e => ({ resource: m.uri, textEdit: e, edit: e, versionId: m.getVersionId() })) } })));
        return { actions, dispose() {} };
      },
    });
    function diagnostics(found) {
      said = found;
      const here = found.filter(d => d.range), level = { error: 8, warning: 4, note: 1 };
      monaco.editor.setModelMarkers(model, "wp", here.filter(d => d.range[0] <= model.getLineCount()).map(d => {
        const r = range(d.range), empty = r.isEmpty(), block = r.endLineNumber > r.startLineNumber; // a whole block is marked by its first line
        return { ...r, startLineNumber: r.startLineNumber, startColumn: r.startColumn, endLineNumber: r.startLineNumber,
          endColumn: block ? model.getLineMaxColumn(Math.min(r.startLineNumber, model.getLineCount())) : empty ? r.endColumn + 1 : r.endColumn,
          severity: level[d.severity], code: d.code, source: "wp", message: [d.message, d.label, ...d.notes.map(n => `note: ${n}`)].filter(Boolean).join("\n") };
      }));
      // The worst of each line is told behind it.
      const lines = new Map();
      for (const d of here) { const had = lines.get(d.range[0]); if (!had || level[d.severity] > level[had.severity]) lines.set(d.range[0], d); }
      marks = editor.deltaDecorations(marks, [...lines].filter(([line]) => line <= model.getLineCount()).map(([line, d]) => ({
        range: new monaco.Range(line, 1, line, model.getLineMaxColumn(line)),
        options: { isWholeLine: true, className: `wp-line-${d.severity}`, after: { content: `    ${d.message}`.slice(0, 160), inlineClassName: `wp-told wp-told-${d.severity}` } },
      })));
    }
    let applying = false;
    return {
      monaco, editor, names, diagnostics,
      get text() { return model.getValue(monaco.editor.EndOfLinePreference.LF); },
      /** Take over a text, touching only what differs, so that the cursor stays and Ctrl-Z goes back. */
      replace(text) {
        const old = this.text; if (old === text) return;
        let a = 0, b = 0; const most = Math.min(old.length, text.length);
        while (a < most && old[a] === text[a]) a++;
        while (b < most - a && old[old.length - 1 - b] === text[text.length - 1 - b]) b++;
        const from = model.getPositionAt(a), to = model.getPositionAt(old.length - b);
        applying = true;
        model.pushEditOperations(editor.getSelections(), [{ range: monaco.Range.fromPositions(from, to), text: text.slice(a, text.length - b) }], () => null);
        applying = false;
      },
      onEdit(heard) { model.onDidChangeContent(() => { if (!applying) heard(); }); },
      apply(fix) { editor.pushUndoStop(); editor.executeEdits("fix", edits(fix)); editor.pushUndoStop(); editor.focus(); },
      goto(line, column) { editor.revealLineInCenterIfOutsideViewport(line); editor.setPosition({ lineNumber: line, column: column || 1 }); editor.focus(); },
      lay() { return editor.getAction("editor.action.formatDocument").run(); },
      save(call) { editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.KeyS, call); },
      dark(on) { monaco.editor.setTheme(on ? "wp-dark" : "wp-light"); },
    };
  }
  return { create };
})();
