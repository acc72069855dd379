// The print: what would be printed and must be confirmed, and the one that runs.
"use strict";
window.WpRun = (() => {
  const { make, sig, length, time, table } = WpWords;
  const STATES = {
    preflight: "getting ready", priming: "priming", printing: "printing", travelling: "printing", switching: "an exchange", paused: "paused, ink is off",
    stopping: "stopped, ink is off", done: "done", failed: "failed", "handed over": "program written",
  };

  /** So often the newest picture of the camera is asked for while a print runs, and once after its end, ms. */
  const LOOK_MS = 2000;

  /** `at`: the places of the page; `page`: what the list of problems needs, with `ask` and `toast`; `follow(run)` hears of every change. */
  function create(at, root, page, follow) {
    async function offer(dry) {
      at.dry.disabled = at.print.disabled = true;
      const o = await page.ask("print_ask", [dry]).catch(e => { page.toast(String(e)); return null; });
      at.dry.disabled = at.print.disabled = false;
      if (o) confirm(o, dry);
    }

    function confirm(o, dry) {
      at.ask.replaceChildren();
      const bad = !o.nonce, title = bad ? "This cannot be printed" : dry ? `Move along the print on rig ${o.rig}, without ink?` : `Print on rig ${o.rig}?`;
      make("h2", at.ask, title, { id: "ask-title" }); at.ask.setAttribute("aria-labelledby", "ask-title");
      make("p", at.ask, o.simulated ? `${o.doc}: nothing real moves` : o.doc, { className: "soft" });
      if (!bad) table(make("table", at.ask), [["filaments", o.filaments], ["time", time(o.time_s)], ["operator's hand", o.operator_stops],
        ...o.ink.map(i => [`${i.ink}, nozzle ${i.nozzle}`, `${sig(i.volume_nl)} nL`])]);
      const list = make("ul", at.ask, undefined, { className: "problems" });
      o.diagnostics.forEach(d => WpProblems.problem(list, d, page));
      const row = make("div", at.ask, undefined, { className: "row" });
      make("button", row, bad ? "Close" : "Not now").onclick = () => at.ask.close();
      if (!bad) make("button", row, dry ? "Start the dry run" : "Start the print", { className: "main", id: "go" }).onclick = async () => {
        at.ask.close();
        if (!await page.ask("print_go", [o.nonce])) page.toast("X745: the print was not started: it was asked for anew, or another one runs");
      };
      at.ask.showModal();
    }
    at.dry.onclick = () => offer(true); at.print.onclick = () => offer(false);

    let key = "", live = {}, running = false, left = 0;
    /** Everything but the numbers, anew where something else than numbers changed. */
    function build(r) {
      const shot = live.frame;
      at.run.replaceChildren(); live = {};
      live.title = make("div", at.run, undefined, { className: "runtitle", role: "status" });
      live.bar = make("progress", at.run, undefined, { max: 1 }); live.bar.setAttribute("aria-label", "share of the print that is done");
      if (r.question) question(r.question);
      live.table = make("table", at.run);
      if (!r.question && r.phase === "running") {
        const row = make("div", at.run, undefined, { className: "row" });
        make("button", row, "Pause", { id: "pause" }).onclick = () => page.ask("print_tell", ["pause"]);
        make("button", row, "Stop", { className: "stop", id: "stop" }).onclick = () => page.ask("print_tell", ["stop"]);
      }
      const list = make("ul", at.run, undefined, { className: "problems small" });
      (r.diagnostics || []).forEach(d => WpProblems.problem(list, d, page));
      live.frame = make("img", at.run, undefined, { className: "frame", alt: "newest picture of the camera", hidden: true });
      if (shot && shot.src && r.run) Object.assign(live.frame, { src: shot.src, hidden: false });
    }
    function question(q) {
      const box = make("div", at.run, undefined, { className: "question", id: "question", role: "alert" }), row = make("div");
      make("p", box, q.text); row.className = "row"; box.appendChild(row);
      q.choices.forEach((c, i) => { make("button", row, c, { className: i ? "" : "main" }).onclick = () => page.ask("print_tell", ["answer", q.number, c]); });
    }

    function show(r) {
      const on = r.phase === "running";
      at.start.hidden = on; at.run.hidden = r.phase === "none" || !r.phase;
      root.dataset.run = on ? r.state : r.phase === "ended" ? `ended ${r.state}` : "";
      if (at.run.hidden) return;
      const now = JSON.stringify([r.phase, r.question, r.state === "paused", (r.diagnostics || []).length, r.run]);
      if (now !== key) { key = now; build(r); if (on || r.question) requestAnimationFrame(() => (at.run.querySelector(".question") || live.title).scrollIntoView({ block: "nearest" })); }
      const what = r.dry_run ? "Dry run" : "Print", whose = r.adopted ? ` of ${r.design || "a design"}, begun elsewhere` : "";
      live.title.textContent = `${what}${whose} on ${r.rig}: ${STATES[r.state] || r.state}`;
      live.bar.value = on || r.state === "done" ? r.fraction : r.fraction || 0;
      const lines = [["done", `${on ? `${Math.round(100 * r.fraction)} %, ` : ""}${r.executed ?? r.done} of ${r.total} filaments`]];
      if (r.eta_s > 0 || r.fraction > .99) left = r.eta_s;  // a print that waits tells none
      if (on) lines.push(["left", time(left)],
        ["under way", r.filament >= 0 ? `filament ${r.done + 1}, layer ${r.layer + 1}, ${r.ink}` : r.message || "–"], ["pressure", `${sig(r.pressure_kpa)} kPa`]);
      else lines.push(["time", time(r.elapsed_s)]);
      if (r.run) lines.push(["record", r.run]);
      table(live.table, lines);
      const begun = on && !running;
      running = on;
      if (begun) picture();
      follow(r);
    }
    /** The newest picture, again and again, and once more when the print has ended. */
    function picture() {
      const img = new Image(), last = !running;
      img.onload = () => { live.frame.src = img.src; live.frame.hidden = false; };
      img.src = `frame?${Date.now()}`;
      if (!last) setTimeout(picture, LOOK_MS);
    }

    function plan(result) {
      const p = result.plan;
      if (p) table(at.plan, [["planned time", time(p.time_s)], ["printed, travelled", `${length(p.print_um)}, ${length(p.travel_um)}`],
        ["changes of ink", p.material_switches], ["operator's hand", p.operator_stops]]);
      else at.plan.replaceChildren();
      at.refusals.replaceChildren();
      (result.refusals || []).filter(d => d.severity !== "note").forEach(d => WpProblems.problem(at.refusals, d, page));
    }
    return { show, plan };
  }
  return { create };
})();
