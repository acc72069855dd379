// The page of the studio: one component for trame, which carries state here and wishes back.
"use strict";
window.wp_studio = (() => {
  const PAGE = `
<header class="top">
  <strong class="brand">wetprint studio</strong><span class="file" data-at="file"></span><span class="saved" data-at="saved"></span>
  <span class="grow"></span><span class="took" data-at="took"></span>
  <details class="menu" data-at="export"><summary>Export</summary><div class="sheet">
    <label>State <select data-at="exportState"><option>dried</option><option>wet</option></select></label>
    <button data-export="png">Picture (PNG)</button><button data-export="stl">STL</button><button data-export="3mf">3MF</button><button data-export="glb">GLB</button>
    <button data-export="svg">SVG, layers from above</button><button data-export="vtp">VTP, for ParaView</button><button data-export="csv">CSV</button><button data-export="npz">NPZ, for numpy</button>
    <button data-export="program">Motion program for the rig</button></div></details>
  <button data-at="dark" title="light or dark" aria-label="light or dark">◐</button>
</header>
<div class="banner" data-at="conflict" hidden></div><div class="banner" data-at="note" hidden></div>
<main>
  <section class="left"><div class="head"><h2>Design</h2><span class="grow"></span><button data-at="lay" title="Shift+Alt+F">Format</button><button data-at="save" title="Ctrl+S; written by itself when you rest">Save</button></div>
    <div class="code" data-at="code"></div>
    <div class="head"><h2>Problems</h2><span data-at="count" class="soft"></span></div><ul class="problems" data-at="problems"></ul></section>
  <section class="view"><iframe data-at="view" src="viewer" title="the part"></iframe><div class="stale" data-at="stale" hidden>errors: this is the last sound part</div></section>
  <section class="right">
    <div class="card"><div class="head"><h2>Parameters</h2><span class="grow"></span><select data-at="preset" hidden title="presets of the design"></select></div>
      <div data-at="params"></div><div class="row" data-at="values" hidden><button data-at="reset" title="back to what the design says">Reset</button><button data-at="write" title="make these values the defaults in the text">Write into design</button></div></div>
    <div class="card"><div class="head"><h2>Figures</h2><span class="grow"></span><span class="soft" data-at="solving" hidden>solving the drying …</span></div><table data-at="figures"></table></div>
    <div class="card"><div class="head"><h2>Print</h2><span class="grow"></span><select data-at="rig" title="rig"></select></div>
      <table data-at="plan"></table><ul class="problems small" data-at="refusals"></ul>
      <div class="row" data-at="start"><button data-at="dry" title="the stage moves, no ink">Dry run …</button><button class="main" data-at="print">Print …</button></div>
      <div data-at="run" hidden></div></div>
  </section>
</main>
<dialog data-at="ask"></dialog><div class="toast" data-at="toast" hidden></div>`;
  const make = (tag, parent, text, more) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; Object.assign(e, more); if (parent) parent.appendChild(e); return e; };
  const sig = (v, n = 4) => v === null || v === undefined ? "–" : Math.abs(v) >= 1e5 || (v && Math.abs(v) < 1e-3) ? v.toExponential(2) : String(+v.toPrecision(n));
  const length = um => um === null || um === undefined ? "–" : um >= 99950 ? `${sig(um / 1e6)} m` : um >= 9995 ? `${sig(um / 1000)} mm` : `${sig(um)} µm`;
  const time = s => { s = Math.round(s); const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60; return h ? `${h} h ${m} min` : m ? `${m} min ${s % 60} s` : `${s} s`; };

  async function start(root, trame) {
    root.innerHTML = PAGE;
    const at = Object.fromEntries([...root.querySelectorAll("[data-at]")].map(e => [e.dataset.at, e]));
    const ask = (name, args = []) => trame.trigger(name, args);
    const state = trame.state;
    const toast = text => { at.toast.textContent = text; at.toast.hidden = false; clearTimeout(toast.timer); toast.timer = setTimeout(() => { at.toast.hidden = true; }, 6000); };
    let wishedAt = 0, wished = 0;
    const wish = async (name, args) => { const began = performance.now(), number = await ask(name, args); if (number > wished) { wished = number; wishedAt = began; } return number; };

    // ---- light or dark ------------------------------------------------------------------------------------------------
    let dark = localStorage.wpDark ? localStorage.wpDark === "1" : matchMedia("(prefers-color-scheme: dark)").matches, editor = null;
    const shade = () => {
      document.documentElement.classList.toggle("dark", dark); if (editor) editor.dark(dark);
      const inside = at.view.contentDocument; if (inside && inside.documentElement) { inside.documentElement.classList.toggle("dark", dark); const v = at.view.contentWindow.wetprint; if (v && v.change) v.change(); }
    };
    at.dark.onclick = () => { dark = !dark; localStorage.wpDark = dark ? "1" : "0"; shade(); };
    at.view.addEventListener("load", () => { shade(); shownPart = 0; part(); });

    // ---- the part -----------------------------------------------------------------------------------------------------
    let shownPart = 0, fetching = false;
    async function part() {
      const wanted = (state.get("result") || {}).part || 0, viewer = at.view.contentWindow && at.view.contentWindow.wetprint;
      if (wanted && wanted === shownPart) root.dataset.shownNumber = (state.get("result") || {}).number;
      if (!wanted || wanted === shownPart || fetching || !viewer) return;
      fetching = true; const number = (state.get("result") || {}).number;
      try {
        const answer = await fetch(`part?n=${wanted}`); if (!answer.ok) return;
        const all = await answer.arrayBuffer(), n = new DataView(all).getUint32(0, true), head = JSON.parse(new TextDecoder().decode(new Uint8Array(all, 4, n)));
        viewer.show(head, all.slice(4 + n)); viewer.onpick = where => { const m = /:(\d+):(\d+)$/.exec(where); if (m && editor) editor.goto(+m[1], +m[2]); };
        shownPart = wanted; follow();
        requestAnimationFrame(() => setTimeout(() => {
          root.dataset.shown = shownPart; root.dataset.shownNumber = number;
          if (number === wished && wishedAt) { root.dataset.took = Math.round(performance.now() - wishedAt); at.took.textContent = `${root.dataset.took} ms`; at.took.title = "from the last change to its picture"; wishedAt = 0; }
        }));
      } finally { fetching = false; }
      if (((state.get("result") || {}).part || 0) !== shownPart) part();
    }

    // ---- params -------------------------------------------------------------------------------------------------------
    const rows = new Map();
    function params(values, number) {
      const list = values.params || [];
      for (const [name, row] of rows) if (!list.some(p => p.name === name && kind(p) === row.kind)) { row.place.remove(); rows.delete(name); }
      list.forEach((p, i) => { if (!rows.has(p.name)) rows.set(p.name, control(p)); const row = rows.get(p.name); if (at.params.children[i] !== row.place) at.params.insertBefore(row.place, at.params.children[i] || null); row.show(p, number, values.sets || {}); });
      if (!list.length && !at.params.children.length) make("p", at.params, "no `param` in this design", { className: "soft" });
      const changed = list.some(p => JSON.stringify(p.value) !== JSON.stringify(p.default)) || Object.keys(values.sets || {}).length > 0;
      at.values.hidden = !changed;
      const presets = values.presets || []; at.preset.hidden = !presets.length;
      at.preset.replaceChildren(...[["", "no preset"], ...presets.map(n => [n, n])].map(([v, t]) => make("option", null, t, { value: v })));
      at.preset.value = values.preset || "";
    }
    const kind = p => p.choices.length ? "choice" + JSON.stringify(p.choices) : p.type === "Bool" ? "bool" : typeof p.value === "number" ? "number" + [p.low, p.high, p.step, p.unit] : "text";
    function control(p) {
      const row = { kind: kind(p), place: make("div", null, undefined, { className: "param" }), pending: 0 };
      row.place.dataset.param = p.name;
      const label = make("label", row.place), name = make("span", label, p.name, { className: "name" }); make("span", label, p.doc, { className: "doc" });
      const entry = make("span", row.place, undefined, { className: "entry" }), inputs = [];
      let sending = false, next;
      const send = async value => {
        next = value; if (sending) return; sending = true;
        row.pending = Infinity;
        while (next !== undefined) { const v = next; next = undefined; row.pending = Math.max(0, await wish("set_param", [p.name, v]) || 0); }
        sending = false;
      };
      const input = (tag, more, read, event = "input") => { const e = make(tag, entry, undefined, more); e.setAttribute("aria-label", p.name); e.addEventListener(event, () => { const v = read(e); if (v === undefined) return; for (const other of inputs) if (other !== e) other.value = e.value; send(v); }); inputs.push(e); return e; };
      if (p.choices.length) { const e = input("select", {}, x => p.choices[x.selectedIndex]); p.choices.forEach(c => make("option", e, p.unit ? `${c} ${p.unit}` : String(c), { value: String(c) })); }
      else if (p.type === "Bool") input("input", { type: "checkbox" }, x => x.checked);
      else if (typeof p.value === "number") {
        const whole = p.type === "Count", fine = x => { const e = 10 ** Math.floor(Math.log10(x)); return +([1, 2, 5, 10].map(k => k * e).find(k => k >= x * .999)).toPrecision(3); };
        const step = p.step || (whole ? 1 : p.low !== null ? fine((p.high - p.low) / 250) : "any");
        const value = x => x.value === "" || !isFinite(+x.value) ? undefined : whole ? Math.round(+x.value) : +x.value;
        if (p.low !== null) input("input", { type: "range", min: p.low, max: p.high, step }, value);
        // Not every number that is typed on the way to another is meant.
        input("input", { type: "number", step: p.step ? step : "any", className: "number", ...(p.low !== null ? { min: p.low, max: p.high } : {}) }, value, "change");
        make("span", entry, p.unit.replace(/^u(?=[a-zA-Z])/, "µ"), { className: "unit" });
      } else input("input", { type: "text", className: "text" }, x => x.value, "change");
      const wrong = make("span", row.place, "", { className: "wrong" });
      row.show = (q, number, sets) => {
        const range = q.low !== null && q.low !== undefined ? `from ${q.low} to ${q.high} ${q.unit}${q.step ? `, in steps of ${q.step}` : ""}` : "";
        row.place.title = [`${q.name}: ${q.type}`, q.doc, range, `the design says ${q.default} ${q.unit}`, q.assumed ? "assumed" : ""].filter(Boolean).join("\n");
        row.place.classList.toggle("changed", JSON.stringify(q.value) !== JSON.stringify(q.default) || q.name in sets);
        name.textContent = q.name;
        const faults = ((state.get("result") || {}).diagnostics || []).filter(d => d.param === q.name); wrong.textContent = faults.map(d => d.message).join("; ");
        if (number < row.pending || faults.length) return;
        for (const e of inputs) if (e.type === "checkbox") e.checked = q.value; else if (e !== document.activeElement || e.type === "range" || e.tagName === "SELECT") e.value = String(q.value);
      };
      return row;
    }
    at.preset.onchange = () => wish("take_preset", [at.preset.value]); at.reset.onclick = () => wish("reset"); at.write.onclick = () => ask("write_back");

    // ---- figures and problems -------------------------------------------------------------------------------------------
    function figures(result) {
      const f = result.figures; at.solving.hidden = result.final !== false; if (!f) return;
      const w = f.states.wet, d = f.states.dried, size = s => s.bbox_um[0].map((v, k) => sig(s.bbox_um[1][k] - v, 3)).join(" × ");
      const lines = [["", "wet", "dried"], ["size, µm", size(w), size(d)], ["filaments", w.filaments, d.filaments], ["layers", w.layers, d.layers], ["length", length(w.length_um), length(d.length_um)], ["volume, nL", sig(w.volume_um3 / 1e6), sig(d.volume_um3 / 1e6)],
        ["solid fraction", sig(w.solid_fraction, 3), sig(d.solid_fraction, 3)], ["smallest gap", length(w.min_gap_um), length(d.min_gap_um)], ["longest span", length(w.max_span_um), length(d.max_span_um)], ["missed crossings", w.missing_contacts, d.missing_contacts]];
      for (const [ink, m] of Object.entries(f.materials)) lines.push([ink, `${sig(m.ink_nl)} nL ink`, `${sig(m.nanocrystal_ug, 3)} µg`]);
      table(at.figures, lines);
    }
    function table(place, lines) { place.replaceChildren(...lines.map((cells, i) => { const tr = make("tr"); cells.forEach((c, k) => make(i === 0 && cells[0] === "" || k === 0 ? "th" : "td", tr, String(c))); return tr; })); }
    function problem(list, d) {
      const li = make("li", list, undefined, { className: d.severity, tabIndex: 0 }); li.dataset.code = d.code;
      make("span", li, d.severity === "error" ? "●" : d.severity === "warning" ? "▲" : "■", { className: "sign", title: d.severity });
      const text = make("span", li, undefined, { className: "said" }); make("span", text, d.message); if (d.label) make("span", text, ` (${d.label})`, { className: "soft" });
      if ((d.notes || []).length) { const box = d.notes.length > 2 ? make("details", text) : text; if (box !== text) { make("summary", box, `${d.notes.length} notes`, { className: "soft" }); box.onclick = e => e.stopPropagation(); } for (const n of d.notes) make("div", box, n, { className: "soft" }); }
      for (const fix of d.fixes || []) { const b = make("button", text, fix.title, { className: "fix" }); b.onclick = e => { e.stopPropagation(); editor.apply(fix); }; }
      make("span", li, d.code, { className: "codename", title: `wp explain ${d.code}` }); make("span", li, d.range ? `line ${d.range[0]}` : d.where || "", { className: "soft" });
      const go = () => { if (d.range && editor) editor.goto(d.range[0], d.range[1]); }; li.onclick = go; li.onkeydown = e => { if (e.key === "Enter") go(); };
    }
    function problems(result) {
      const found = [...(result.diagnostics || [])].sort((a, b) => (a.severity === "error" ? 0 : a.severity === "warning" ? 1 : 2) - (b.severity === "error" ? 0 : b.severity === "warning" ? 1 : 2));
      at.problems.replaceChildren(); found.forEach(d => problem(at.problems, d));
      if (!found.length) make("li", at.problems, "none", { className: "soft none" });
      const n = s => found.filter(d => d.severity === s).length, many = (k, w) => k ? `${k} ${w}${k > 1 ? "s" : ""}` : "";
      at.count.textContent = [many(n("error"), "error"), many(n("warning"), "warning")].filter(Boolean).join(", ");
      if (editor && result.version === version) editor.diagnostics(result.diagnostics || []);
      at.stale.hidden = result.sound !== false || !result.part;
    }
    function plan(result) {
      const p = result.plan;
      if (p) table(at.plan, [["planned time", time(p.time_s)], ["printed, travelled", `${length(p.print_um)}, ${length(p.travel_um)}`], ["changes of ink", p.material_switches], ["operator's hand", p.operator_stops]]);
      else at.plan.replaceChildren();
      at.refusals.replaceChildren(); (result.refusals || []).filter(d => d.severity !== "note").forEach(d => problem(at.refusals, d));
    }

    // ---- the print ------------------------------------------------------------------------------------------------------
    async function offer(dry) {
      at.dry.disabled = at.print.disabled = true;
      const o = await ask("print_ask", [dry]).catch(e => { toast(String(e)); return null; }); at.dry.disabled = at.print.disabled = false; if (!o) return;
      at.ask.replaceChildren(); const bad = !o.nonce;
      make("h2", at.ask, bad ? "This cannot be printed" : dry ? `Move along the print on rig ${o.rig}, without ink?` : `Print on rig ${o.rig}?`); make("p", at.ask, o.simulated ? `${o.doc}: nothing real moves` : o.doc, { className: "soft" });
      if (!bad) { const t = make("table", at.ask); table(t, [["filaments", o.filaments], ["time", time(o.time_s)], ["operator's hand", o.operator_stops], ...o.ink.map(i => [`${i.ink}, nozzle ${i.nozzle}`, `${sig(i.volume_nl)} nL`])]); }
      const list = make("ul", at.ask, undefined, { className: "problems" }); o.diagnostics.forEach(d => problem(list, d));
      const row = make("div", at.ask, undefined, { className: "row" }); make("button", row, bad ? "Close" : "Not now").onclick = () => at.ask.close();
      if (!bad) make("button", row, dry ? "Start the dry run" : "Start the print", { className: "main", id: "go" }).onclick = async () => { at.ask.close(); if (!await ask("print_go", [o.nonce])) toast("X745: the print was not started: it was asked for anew, or another one runs"); };
      at.ask.showModal();
    }
    at.dry.onclick = () => offer(true); at.print.onclick = () => offer(false);
    let runKey = "", live = {};
    function run(r) {
      const on = r.phase === "running"; at.start.hidden = on; at.run.hidden = r.phase === "none" || !r.phase; root.dataset.run = r.phase === "running" ? r.state : r.phase === "ended" ? `ended ${r.state}` : "";
      if (at.run.hidden) return;
      const key = JSON.stringify([r.phase, r.question, r.state === "paused", r.diagnostics && r.diagnostics.length, r.run]);
      if (key !== runKey) {
        runKey = key; at.run.replaceChildren(); live = {};
        live.title = make("div", at.run, undefined, { className: "runtitle" }); live.bar = make("progress", at.run, undefined, { max: 1 }); live.table = make("table", at.run);
        if (r.question) {
          const q = make("div", at.run, undefined, { className: "question", id: "question" }); make("p", q, r.question.text); const row = make("div", q, undefined, { className: "row" });
          r.question.choices.forEach((c, i) => { make("button", row, c, { className: i ? "" : "main" }).onclick = () => ask("print_tell", ["answer", r.question.number, c]); });
        } else if (on) {
          const row = make("div", at.run, undefined, { className: "row" }); make("button", row, "Pause", { id: "pause" }).onclick = () => ask("print_tell", ["pause"]);
          make("button", row, "Stop", { className: "stop", id: "stop" }).onclick = () => ask("print_tell", ["stop"]);
        }
        const list = make("ul", at.run, undefined, { className: "problems small" }); (r.diagnostics || []).forEach(d => problem(list, d));
        live.frame = make("img", at.run, undefined, { className: "frame", alt: "camera", hidden: true });
      }
      const words = { preflight: "getting ready", priming: "priming", printing: "printing", travelling: "printing", switching: "an exchange", paused: "paused, ink is off", stopping: "stopped, ink is off", done: "done", failed: "failed" };
      live.title.textContent = `${r.dry_run ? "Dry run" : "Print"} on ${r.rig}: ${words[r.state] || r.state}`; live.bar.value = r.fraction;
      table(live.table, [["done", `${on ? Math.round(100 * r.fraction) + " %, " : ""}${r.executed ?? r.done} of ${r.total} filaments`], ...(on ? [["left", time(r.eta_s)], ["under way", r.filament >= 0 ? `filament ${r.done + 1}, layer ${r.layer + 1}, ${r.ink}` : "–"], ["pressure", `${sig(r.pressure_kpa)} kPa`]] : [["time", time(r.elapsed_s)]]), ...(r.run ? [["record", r.run]] : [])]);
      if (r.run && (!live.looked || Date.now() - live.looked > 2000)) { live.looked = Date.now(); const img = new Image(), box = live.frame; img.onload = () => { box.src = img.src; box.hidden = false; }; img.src = `frame?${live.looked}`; }
      follow();
    }
    let following = false;
    function follow() {
      const r = state.get("run") || {}, v = at.view.contentWindow && at.view.contentWindow.wetprint; if (!v || !v.view) return;
      // The view shows what is laid, as long as it shows the part that is printed.
      if (r.phase === "running" && r.version === (state.get("result") || {}).version) { const upto = Math.max(1, Math.min(v.view.most[1], r.done + (r.filament >= 0 ? 1 : 0))); following = true; if (v.view.upto !== upto) { v.view.upto = upto; v.mark(); v.change(true); } }
      else if (following) { following = false; v.view.upto = v.view.most[1]; v.mark(); v.change(true); }
    }
    at.rig.replaceChildren(...(state.get("rigs") || []).map(r => make("option", null, r.name, { value: r.name, title: r.doc }))); at.rig.onchange = () => ask("use_rig", [at.rig.value]);

    // ---- files ------------------------------------------------------------------------------------------------------------
    for (const b of root.querySelectorAll("[data-export]")) b.onclick = async () => {
      at.export.open = false; toast("writing …");
      const answer = await fetch(`export?format=${b.dataset.export}&state=${at.exportState.value}`).catch(() => null);
      if (!answer || !answer.ok) { toast(answer ? await answer.text() : "the studio does not answer"); return; }
      const name = /filename="(.*)"/.exec(answer.headers.get("Content-Disposition"))[1], a = make("a", null, "", { href: URL.createObjectURL(await answer.blob()), download: name }); a.click(); setTimeout(() => URL.revokeObjectURL(a.href), 10000); toast(`${name} written`);
    };
    addEventListener("click", e => { if (!at.export.contains(e.target)) at.export.open = false; });

    // ---- the text -----------------------------------------------------------------------------------------------------------
    let version = 0, sending = false, dirty = false, timer = 0;
    const saved = () => { const d = state.get("doc"); at.saved.textContent = d.conflict ? "two versions" : dirty || sending || d.unsaved ? "not saved yet" : "saved"; };
    async function push() {
      if (sending) return; sending = true;
      while (dirty) { dirty = false; const began = performance.now(), answer = await ask("edit", [editor.text, version]).catch(() => null); if (!answer) { dirty = true; toast("the studio does not answer; the text is kept here"); await new Promise(r => setTimeout(r, 1000)); continue; } version = answer.version; if (answer.number > wished) { wished = answer.number; wishedAt = began; } }
      sending = false; saved(); told(state.get("doc"));
    }
    function told(doc) {
      at.file.textContent = doc.name; at.file.title = doc.path; document.title = `${doc.name} – wetprint studio`;
      at.note.hidden = !doc.note; at.note.textContent = doc.note || "";
      at.conflict.hidden = !doc.conflict;
      if (doc.conflict && at.conflict.dataset.of !== doc.conflict.disk) {
        at.conflict.dataset.of = doc.conflict.disk; at.conflict.replaceChildren();
        make("span", at.conflict, `${doc.name} was changed outside while this page had changes of its own. Both are kept: the file as it is, and this page's text in ${doc.conflict.mine}.`);
        make("button", at.conflict, "Keep this page's text").onclick = () => ask("settle", [true]); make("button", at.conflict, "Take the file's").onclick = () => ask("settle", [false]);
        const box = make("details", at.conflict); make("summary", box, "the file's text"); make("pre", box, doc.conflict.disk);
      }
      if (!doc.conflict) delete at.conflict.dataset.of;
      if (editor && !sending && !dirty && doc.version >= version) { version = doc.version; editor.replace(doc.text); }
      saved();
    }
    root.dataset.ready = "";
    const files = state.get("editor_files");
    await new Promise((done, failed) => { const s = document.createElement("script"); s.src = "wp_studio/editor.js"; s.onload = done; s.onerror = failed; document.head.appendChild(s); });
    editor = await window.WpEditor.create(at.code, files, state.get("keywords"), ask);
    editor.onEdit(() => { dirty = true; saved(); clearTimeout(timer); timer = setTimeout(push, 60); });
    at.save.onclick = async () => { await push(); await ask("save"); }; editor.save(at.save.onclick); at.lay.onclick = () => editor.lay();
    addEventListener("beforeunload", e => { if (dirty || sending) e.preventDefault(); });
    state.watch(["doc"], told);
    state.watch(["names"], names => editor.names(names || {}));
    state.watch(["result", "values"], (result, values) => { problems(result); params(values || {}, result.number); figures(result); plan(result); part(); root.dataset.number = result.number; });
    state.watch(["run"], run); state.watch(["rig"], name => { at.rig.value = name; });
    shade(); root.dataset.ready = "1";
    window.wpStudio = { editor, ask, state };
  }

  return {
    install(app) {
      app.component("wp-studio", { inject: ["trame"], template: '<div class="studio"></div>', mounted() { start(this.$el, this.trame).catch(e => { this.$el.textContent = `The studio cannot start: ${e.message}`; }); } });
    },
  };
})();
