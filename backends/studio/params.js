// One control for each param of the design: a slider where there is a range, a list for choices, a field for all else.
"use strict";
window.WpParams = (() => {
  const { make } = WpWords;
  const numeric = p => typeof p.value === "number";
  /** A param whose kind changes needs another control. */
  const kind = p => {
    if (p.choices.length) return "choice" + JSON.stringify(p.choices);
    return p.type === "Bool" ? "bool" : numeric(p) ? "number" + [p.low, p.high, p.step, p.unit] : "text";
  };
  /** The round figure next to x that a slider may step by. */
  const fine = x => { const e = 10 ** Math.floor(Math.log10(x)); return +([1, 2, 5, 10].map(k => k * e).find(k => k >= x * 0.999)).toPrecision(3); };

  /** `wish(name, args)` asks the studio and gives the number of the wish; `faults(name)` are the problems of a param. */
  function control(p, wish, faults) {
    const row = { kind: kind(p), place: make("div", null, undefined, { className: "param" }), pending: 0 };
    row.place.dataset.param = p.name;
    const label = make("label", row.place), name = make("span", label, p.name, { className: "name" });
    make("span", label, p.doc, { className: "doc" });
    const entry = make("span", row.place, undefined, { className: "entry" }), inputs = [];
    let sending = false, next;
    // Values go one at a time: what a hand passes over meanwhile is left out.
    const send = async value => {
      next = value; if (sending) return;
      sending = true; row.pending = Infinity;
      while (next !== undefined) { const v = next; next = undefined; row.pending = Math.max(0, await wish("set_param", [p.name, v]) || 0); }
      sending = false;
    };
    const input = (tag, more, read, event = "input") => {
      const e = make(tag, entry, undefined, more);
      e.setAttribute("aria-label", p.doc ? `${p.name}, ${p.doc}` : p.name);
      e.addEventListener(event, () => {
        const v = read(e); if (v === undefined) return;
        for (const other of inputs) if (other !== e) other.value = e.value;
        send(v);
      });
      inputs.push(e); return e;
    };
    if (p.choices.length) {
      const e = input("select", {}, x => p.choices[x.selectedIndex]);
      p.choices.forEach(c => make("option", e, p.unit ? `${c} ${p.unit}` : String(c), { value: String(c) }));
    } else if (p.type === "Bool") input("input", { type: "checkbox" }, x => x.checked);
    else if (numeric(p)) {
      const whole = p.type === "Count", step = p.step || (whole ? 1 : p.low !== null ? fine((p.high - p.low) / 250) : "any"), ends = p.low !== null ? { min: p.low, max: p.high } : {};
      const value = x => x.value === "" || !isFinite(+x.value) ? undefined : whole ? Math.round(+x.value) : +x.value;
      if (p.low !== null) input("input", { type: "range", ...ends, step }, value);
      // Not every number that is typed on the way to another is meant.
      input("input", { type: "number", step: p.step ? step : "any", className: "number", ...ends }, value, "change");
      make("span", entry, p.unit.replace(/^u(?=[a-zA-Z])/, "µ"), { className: "unit" });
    } else input("input", { type: "text", className: "text" }, x => x.value, "change");
    const wrong = make("span", row.place, "", { className: "wrong", role: "alert" });

    row.show = (q, number, sets) => {
      const range = q.low !== null && q.low !== undefined ? `from ${q.low} to ${q.high} ${q.unit}${q.step ? `, in steps of ${q.step}` : ""}` : "";
      row.place.title = [`${q.name}: ${q.type}`, q.doc, range, `the design says ${q.default} ${q.unit}`, q.assumed ? "assumed" : ""].filter(Boolean).join("\n");
      row.place.classList.toggle("changed", JSON.stringify(q.value) !== JSON.stringify(q.default) || q.name in sets);
      name.textContent = q.name;
      const found = faults(q.name); wrong.textContent = found.map(d => d.message).join("; ");
      if (number < row.pending || found.length) return;
      for (const e of inputs) {
        if (e.type === "checkbox") e.checked = q.value;
        else if (e !== document.activeElement || e.type === "range" || e.tagName === "SELECT") e.value = String(q.value);
      }
    };
    return row;
  }
  return { control, kind };
})();
