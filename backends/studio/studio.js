// The page of the studio: one component for trame, which carries state here and wishes back.
"use strict";
window.wp_studio = (() => {
  const PAGE = `
<header class="top">
  <strong class="brand">wetprint studio</strong><span class="file" data-at="file"></span><span class="saved" data-at="saved" role="status"></span>
  <span class="grow"></span><span class="took" data-at="took"></span>
  <details class="menu" data-at="export"><summary>Export</summary><div class="sheet">
    <label class="state">State of the part <select data-at="exportState"><option>dried</option><option>wet</option></select></label><div data-at="formats"></div></div></details>
  <button data-at="dark" title="light or dark" aria-label="light or dark">◐</button>
</header>
<div class="banner bad" data-at="lost" role="alert" hidden></div><div class="banner" data-at="conflict" role="alert" hidden></div><div class="banner" data-at="note" role="alert" hidden></div>
<main>
  <section class="left" aria-label="Design">
    <div class="head"><h2>Design</h2><span class="grow"></span><button data-at="lay" title="Shift+Alt+F">Format</button>
      <button data-at="save" title="Ctrl+S; written by itself when you rest">Save</button></div>
    <div class="code" data-at="code"></div>
    <div class="head"><h2>Problems</h2><span data-at="count" class="soft" role="status"></span></div><ul class="problems" data-at="problems" aria-label="Problems"></ul></section>
  <section class="view" aria-label="Part">
    <div class="head tabs" role="tablist"><button role="tab" id="tab-part" aria-controls="panel-part" aria-selected="true">Part</button>
      <button role="tab" id="tab-plots" aria-controls="panel-plots" aria-selected="false" tabindex="-1">Plots</button>
      <span class="grow"></span><span class="soft" data-at="making"></span></div>
    <div class="panel" id="panel-part" role="tabpanel" aria-labelledby="tab-part"><iframe data-at="view" src="viewer" title="the part"></iframe>
      <iframe data-at="films" title="the films" hidden></iframe><div class="chip" data-at="stale" hidden></div><div class="empty" data-at="empty" hidden></div></div>
    <div class="panel scroll" id="panel-plots" role="tabpanel" aria-labelledby="tab-plots" data-at="plots" tabindex="0" hidden></div></section>
  <section class="right" aria-label="Parameters, figures, print">
    <div class="card"><div class="head"><h2>Parameters</h2><span class="grow"></span><select data-at="preset" aria-label="preset" hidden title="presets of the design"></select></div>
      <div data-at="params"></div><div class="row" data-at="values" hidden>
        <button data-at="reset" title="back to what the design says">Reset</button>
        <button data-at="write" title="make these values the defaults in the text">Write into design</button></div></div>
    <div class="card" data-at="stepcard" hidden><div class="head"><h2>Steps</h2></div><ol class="steps" data-at="steps"></ol></div>
    <div class="card" data-at="figurecard"><div class="head"><h2>Figures</h2><span class="grow"></span>
      <span class="soft" data-at="solving" role="status" hidden>solving the drying …</span></div><table data-at="figures"></table></div>
    <div class="card"><div class="head"><h2>Print</h2><span class="grow"></span><select data-at="rig" aria-label="rig" title="rig"></select></div>
      <table data-at="plan"></table><ul class="problems small" data-at="refusals" aria-label="what the rig says"></ul>
      <div class="row" data-at="start"><button data-at="dry" title="the stage moves, no ink">Dry run …</button><button class="main" data-at="print">Print …</button></div></div>
    <div class="card running" data-at="run" hidden></div>
  </section>
</main>
<dialog data-at="ask"></dialog><div class="toast" data-at="toast" role="status" hidden></div>`;
  const ALIVE_MS = 3000;
  /** The rest of the page, in the order in which its files need each other. */
  const FILES = ["words", "problems", "params", "plots", "run", "editor"];
  const script = src => new Promise((done, failed) => {
    const s = document.createElement("script");
    s.src = src; s.onload = done; s.onerror = () => failed(new Error(`${src} is missing`));
    document.head.appendChild(s);
  });

  async function start(root, trame) {
    for (const name of FILES) await script(`wp_studio/${name}.js`);
    const { make, sig, length, many, table } = WpWords;
    root.innerHTML = PAGE;
    const at = Object.fromEntries([...root.querySelectorAll("[data-at]")].map(e => [e.dataset.at, e]));
    const ask = (name, args = []) => trame.trigger(name, args), state = trame.state, result = () => state.get("result") || {};
    const toast = text => { at.toast.textContent = text; at.toast.hidden = false; clearTimeout(toast.timer); toast.timer = setTimeout(() => { at.toast.hidden = true; }, 6000); };
    let editor = null, wishedAt = 0, wished = 0;
    const wish = async (name, args) => { const began = performance.now(), number = await ask(name, args); if (number > wished) { wished = number; wishedAt = began; } return number; };
    const viewer = () => at.view.contentWindow && at.view.contentWindow.wetprint;
    const page = {
      ask, toast,
      goto(line, column) { if (editor) editor.goto(line, column); },
      focus(bits) { tab("part"); const v = viewer(); if (v && v.focus && shownPart === result().part) v.focus(bits); },
      apply(fix) { if (editor) editor.apply(fix); },
    };

    // ---- light or dark, tabs --------------------------------------------------------------------------------------------
    let dark = localStorage.wpDark ? localStorage.wpDark === "1" : matchMedia("(prefers-color-scheme: dark)").matches;
    const shade = () => {
      document.documentElement.classList.toggle("dark", dark); at.dark.setAttribute("aria-pressed", dark); if (editor) editor.dark(dark);
      const inside = at.view.contentDocument; if (inside && inside.documentElement) { inside.documentElement.classList.toggle("dark", dark); const v = viewer(); if (v && v.change) v.change(); }
    };
    at.dark.onclick = () => { dark = !dark; localStorage.wpDark = dark ? "1" : "0"; shade(); };
    const tabs = [...root.querySelectorAll("[role=tab]")], panels = tabs.map(t => root.querySelector(`#${t.getAttribute("aria-controls")}`));
    function tab(name) {
      tabs.forEach((t, i) => { const on = t.id === `tab-${name}`; t.setAttribute("aria-selected", on); t.tabIndex = on ? 0 : -1; panels[i].hidden = !on; });
      drawn.update(result().number || 0);
    }
    const drawn = WpPlots.create(at.plots, () => !at.plots.hidden);
    tabs.forEach((t, i) => {
      t.onclick = () => tab(t.id.slice(4));
      t.onkeydown = e => { const go = { ArrowLeft: -1, ArrowRight: 1 }[e.key]; if (go) { const next = tabs[(i + go + tabs.length) % tabs.length]; next.focus(); next.click(); } };
    });

    // ---- the part -------------------------------------------------------------------------------------------------------
    let shownPart = 0, fetching = false;
    at.view.addEventListener("load", () => { shade(); shownPart = 0; part(); });
    async function part() {
      const wanted = result().part || 0;
      if (wanted && wanted === shownPart) root.dataset.shownNumber = result().number;
      if (!wanted || wanted === shownPart || fetching || !viewer()) return;
      fetching = true; const number = result().number;
      try {
        const answer = await fetch(`part?n=${wanted}`); if (!answer.ok) return;
        const all = await answer.arrayBuffer(), n = new DataView(all).getUint32(0, true), head = JSON.parse(new TextDecoder().decode(new Uint8Array(all, 4, n)));
        // What the full model makes of what is shown already comes without haste.
        head.calm = root.dataset.shownNumber === String(number);
        viewer().show(head, all.slice(4 + n)); viewer().onpick = where => { const m = /:(\d+):(\d+)$/.exec(where); if (m) page.goto(+m[1], +m[2]); };
        shownPart = wanted; follow(state.get("run") || {});
        viewer().settled().then(() => {
          root.dataset.shown = wanted; root.dataset.shownNumber = Math.max(number, +root.dataset.shownNumber || 0);
          if (number === wished && wishedAt) {
            root.dataset.took = Math.round(performance.now() - wishedAt); at.took.textContent = `${root.dataset.took} ms`;
            at.took.title = "from the last change to its picture"; wishedAt = 0;
          }
        });
      } finally { fetching = false; }
      if ((result().part || 0) !== shownPart) part();
    }
    /** What stands in place of a part, or over one that is not of this text. */
    function standing(r) {
      const wrong = (r.diagnostics || []).some(d => d.severity === "error"), there = r.films || r.part;
      at.stale.hidden = !there || (r.sound && !r.loose);
      at.stale.textContent = r.loose ? "nothing prints this yet" : wrong ? "errors: this is the last sound part" : "the design prints nothing now: this is the last part";
      at.stale.classList.toggle("mild", r.loose === true);
      at.empty.hidden = Boolean(there) || !r.number; at.empty.replaceChildren(); if (at.empty.hidden) return;
      if (wrong) { make("strong", at.empty, "Nothing to show yet"); make("p", at.empty, "The design has errors. They are listed under Problems; a click goes to their place."); return; }
      make("strong", at.empty, "Nothing to show yet"); make("p", at.empty, "The design makes nothing. Write a part and print it:");
      make("pre", at.empty, 'lattice body = woodpile {\n  size: [400um, 400um]; layers: 8; pitch: 40um;\n  filament: 10um; material: nc.gold;\n}\nprint body { bath: nc.gold_bath; }');
    }

    /** Designs that pattern films: their own page of the part, and the steps in their order. */
    let filmed = 0;
    function films(r) {
      at.films.hidden = !r.films; at.view.hidden = Boolean(r.films);
      if (r.films && r.films !== filmed) { filmed = r.films; at.films.src = `films?n=${filmed}`; root.dataset.filmed = filmed; }
      const steps = r.steps || [];
      at.stepcard.hidden = !steps.length; at.figurecard.hidden = steps.length > 0 && !r.figures;
      at.steps.replaceChildren();
      for (const s of steps) {
        const li = make("li", at.steps);
        make("button", li, `${s.kind} ${s.name}`, { className: "link", onclick: () => page.goto(s.line, 1) });
        make("div", li, s.says.join(", "), { className: "soft" });
      }
    }

    // ---- params ---------------------------------------------------------------------------------------------------------
    const rows = new Map();
    function params(values, number) {
      const list = values.params || [];
      for (const [name, row] of rows) if (!list.some(p => p.name === name && WpParams.kind(p) === row.kind)) { row.place.remove(); rows.delete(name); }
      list.forEach((p, i) => {
        if (!rows.has(p.name)) rows.set(p.name, WpParams.control(p, wish, name => (result().diagnostics || []).filter(d => d.param === name)));
        const row = rows.get(p.name); if (at.params.children[i] !== row.place) at.params.insertBefore(row.place, at.params.children[i] || null); row.show(p, number, values.sets || {});
      });
      const none = at.params.querySelector(".none"); if (none) none.remove();
      if (!list.length) make("p", at.params, "No `param` in this design: a value that is declared as one gets a slider here.", { className: "soft none" });
      const changed = list.some(p => JSON.stringify(p.value) !== JSON.stringify(p.default)) || Object.keys(values.sets || {}).length > 0;
      at.values.hidden = !changed;
      const presets = values.presets || []; at.preset.hidden = !presets.length;
      at.preset.replaceChildren(...[["", "no preset"], ...presets.map(n => [n, n])].map(([v, t]) => make("option", null, t, { value: v })));
      at.preset.value = values.preset || "";
    }
    at.preset.onchange = () => wish("take_preset", [at.preset.value]); at.reset.onclick = () => wish("reset"); at.write.onclick = () => ask("write_back");

    // ---- figures and problems ---------------------------------------------------------------------------------------------
    function figures(r) {
      const f = r.figures; at.solving.hidden = r.final !== false; if (!f) { if (!at.figures.children.length) table(at.figures, [["no part yet", ""]]); return; }
      const w = f.states.wet, d = f.states.dried, size = s => s.bbox_um[0].map((v, k) => sig(s.bbox_um[1][k] - v, 3)).join(" × ");
      const lines = [["", "wet", "dried"], ["size, µm", size(w), size(d)], ["filaments", w.filaments, d.filaments], ["layers", w.layers, d.layers],
        ["length", length(w.length_um), length(d.length_um)], ["volume, nL", sig(w.volume_um3 / 1e6), sig(d.volume_um3 / 1e6)],
        ["solid fraction", sig(w.solid_fraction, 3), sig(d.solid_fraction, 3)], ["smallest gap", length(w.min_gap_um), length(d.min_gap_um)],
        ["longest span", length(w.max_span_um), length(d.max_span_um)], ["missed crossings", w.missing_contacts, d.missing_contacts]];
      for (const [ink, m] of Object.entries(f.materials)) lines.push([ink, `${sig(m.ink_nl)} nL ink`, `${sig(m.nanocrystal_ug, 3)} µg`]);
      table(at.figures, lines);
    }
    function problems(r) {
      at.count.textContent = WpProblems.show(at.problems, r.diagnostics || [], page);
      if (editor && r.version === version) editor.diagnostics(r.diagnostics || []);
      standing(r);
    }

    // ---- the print ----------------------------------------------------------------------------------------------------------
    let following = false;
    function follow(r) {
      const v = viewer(); if (!v || !v.view) return;
      // The view shows what is laid, as long as it shows the part that is printed.
      const upto = r.here ? Math.max(1, Math.min(v.view.most[1], r.done + (r.filament >= 0 ? 1 : 0))) : v.view.most[1];
      if (!r.here && !following) return;
      following = r.here === true; if (v.view.upto !== upto) { v.view.upto = upto; v.mark(); v.change(true); }
    }
    const printing = WpRun.create(at, root, page, follow);
    at.rig.replaceChildren(...(state.get("rigs") || []).map(r => make("option", null, r.name, { value: r.name, title: r.doc }))); at.rig.onchange = () => ask("use_rig", [at.rig.value]);

    // ---- files ----------------------------------------------------------------------------------------------------------------
    async function save(format) {
      at.export.open = false;
      const begun = performance.now(), told = () => toast(`writing … ${Math.round((performance.now() - begun) / 1000)} s`);
      toast("writing …");
      const telling = setInterval(told, 1000);  // films take half a minute
      try {
        const answer = await fetch(`export?format=${format}&state=${at.exportState.value}`).catch(() => null);
        if (!answer || !answer.ok) { toast(answer ? await answer.text() : "the studio does not answer"); return; }
        const name = /filename="(.*)"/.exec(answer.headers.get("Content-Disposition"))[1];
        const a = make("a", null, "", { href: URL.createObjectURL(await answer.blob()), download: name });
        a.click(); setTimeout(() => URL.revokeObjectURL(a.href), 10000); toast(`${name} written`);
      } finally { clearInterval(telling); }
    }
    function formats(groups) {
      at.formats.replaceChildren();
      for (const group of groups || []) {
        make("h3", at.formats, group.name);
        for (const item of group.items) {
          const b = make("button", at.formats, undefined, { title: item.doc, onclick: () => save(item.format) });
          b.dataset.export = item.format; make("span", b, item.name); make("small", b, item.doc);
        }
      }
    }
    addEventListener("click", e => { if (!at.export.contains(e.target)) at.export.open = false; });
    at.export.addEventListener("keydown", e => { if (e.key === "Escape") { at.export.open = false; at.export.querySelector("summary").focus(); } });

    // ---- the text ---------------------------------------------------------------------------------------------------------------
    let version = 0, sending = false, dirty = false, unsaved = false, timer = 0;
    const saved = () => { at.saved.textContent = state.get("doc").conflict ? "two versions" : dirty || sending || unsaved ? "not saved yet" : "saved"; };
    async function push() {
      if (sending) return; sending = true;
      while (dirty) {
        dirty = false; const began = performance.now(), answer = await ask("edit", [editor.text, version]).catch(() => null);
        if (!answer) { dirty = true; await new Promise(r => setTimeout(r, 1000)); continue; }
        version = answer.version; unsaved = answer.unsaved; if (answer.number > wished) { wished = answer.number; wishedAt = began; }
      }
      sending = false; take(state.get("doc"));
    }
    /** The studio's text, where nothing newer stands here. */
    function take(doc) {
      if (editor && !sending && !dirty && doc.version >= version) { version = doc.version; editor.replace(doc.text); }
      saved();
    }
    function told(doc) {
      unsaved = doc.unsaved;
      at.file.textContent = doc.name; at.file.title = doc.path; document.title = `${doc.name} – wetprint studio`;
      at.note.hidden = !doc.note; at.note.textContent = doc.note || "";
      at.conflict.hidden = !doc.conflict;
      if (doc.conflict && at.conflict.dataset.of !== doc.conflict.disk) {
        at.conflict.dataset.of = doc.conflict.disk; at.conflict.replaceChildren();
        make("span", at.conflict, `${doc.name} was changed elsewhere while this page had changes of its own. Both are kept: the file as it is, and this page's text in ${doc.conflict.mine}.`);
        make("button", at.conflict, "Keep this page's text").onclick = () => ask("settle", [true]); make("button", at.conflict, "Take the file's").onclick = () => ask("settle", [false]);
        const box = make("details", at.conflict); make("summary", box, "the file's text"); make("pre", box, doc.conflict.disk);
      }
      if (!doc.conflict) delete at.conflict.dataset.of;
      take(doc);
    }
    /** Whether the studio answers; where it does not, the page says so, and what is typed stays here. */
    async function alive() {
      const answer = await fetch("alive").catch(() => null), gone = !answer || !answer.ok;
      if (gone !== !at.lost.hidden) {
        at.lost.hidden = !gone; at.lost.replaceChildren(); root.dataset.lost = gone ? "1" : "";
        if (gone) {
          make("span", at.lost, answer && answer.status === 403 ? "Another studio runs here now: open the address that it printed."
            : "The studio does not answer. A print that runs goes on. What you type stays in this page; `wp studio` in the terminal begins anew, with a new address.");
          make("button", at.lost, "Copy this page's text").onclick = () => navigator.clipboard.writeText(editor.text).then(() => toast("the text is copied"),
            () => toast("the browser does not allow it: mark the text and copy it"));
        } else if (!dirty && !sending) location.reload();
      }
      setTimeout(alive, ALIVE_MS);
    }

    root.dataset.ready = "";
    editor = await window.WpEditor.create(at.code, state.get("editor_files"), state.get("keywords"), ask);
    editor.onEdit(() => { dirty = true; saved(); clearTimeout(timer); timer = setTimeout(push, 60); });
    at.save.onclick = async () => { await push(); await ask("save"); }; editor.save(at.save.onclick); at.lay.onclick = () => editor.lay();
    addEventListener("beforeunload", e => { if (dirty || sending) e.preventDefault(); });
    state.watch(["doc"], told);
    state.watch(["names"], names => editor.names(names || {}));
    state.watch(["result", "values"], (r, values) => {
      part(); problems(r); films(r); params(values || {}, r.number); figures(r); printing.plan(r); drawn.update(r.number); root.dataset.number = r.number;
    });
    state.watch(["run"], r => printing.show(r)); state.watch(["rig"], name => { at.rig.value = name; }); state.watch(["formats"], formats);
    shade(); setTimeout(alive, ALIVE_MS); root.dataset.ready = "1";
    window.wpStudio = { editor, ask, state, tab };
  }

  return {
    install(app) {
      app.component("wp-studio", {
        inject: ["trame"], template: "<div></div>",
        mounted() {
          // Beside what trame has made, which it takes away when the line is lost: what was typed must not go with it.
          const root = document.body.appendChild(Object.assign(document.createElement("div"), { className: "studio" }));
          start(root, this.trame).catch(e => { root.textContent = `The studio cannot start: ${e.message}`; });
        },
      });
    },
  };
})();
