// The list of problems: each leads to its place in the text, and to its place in the part.
"use strict";
window.WpProblems = (() => {
  const { make, many } = WpWords, RANK = { error: 0, warning: 1, note: 2 }, SIGN = { error: "●", warning: "▲", note: "■" };

  /** One problem in a list. `page` has `goto(line, column)`, `focus(bits)` and `apply(fix)`. */
  function problem(list, d, page) {
    const li = make("li", list, undefined, { className: d.severity, tabIndex: 0 });
    li.dataset.code = d.code; li.setAttribute("role", "button");
    make("span", li, SIGN[d.severity], { className: "sign", title: d.severity });
    const text = make("span", li, undefined, { className: "said" });
    make("span", text, d.message);
    if (d.label) make("span", text, ` (${d.label})`, { className: "soft" });
    notes(text, d.notes || []);
    for (const fix of d.fixes || []) make("button", text, fix.title, { className: "fix", onclick: e => { e.stopPropagation(); page.apply(fix); } });
    const at = make("span", li, undefined, { className: "at soft" });
    make("span", at, d.code, { className: "codename", title: `wp explain ${d.code}` });
    make("span", at, d.range ? `line ${d.range[0]}` : d.where || "");
    if (d.marks) make("span", at, "in the part", { className: "marked", title: "marked in the view; a click goes there" });
    const go = () => { if (d.range) page.goto(d.range[0], d.range[1]); if (d.marks) page.focus(d.marks); };
    li.onclick = go;
    li.onkeydown = e => { if (e.target === li && (e.key === "Enter" || e.key === " ")) { e.preventDefault(); go(); } };
  }

  function notes(place, said) {
    if (!said.length) return;
    const box = said.length > 2 ? make("details", place) : place;
    if (box !== place) { make("summary", box, many(said.length, "note"), { className: "soft" }); box.onclick = e => e.stopPropagation(); }
    for (const n of said) make("div", box, n, { className: "soft" });
  }

  /** All of them, errors first; how many there are, in words. */
  function show(list, said, page) {
    const found = [...said].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
    list.replaceChildren();
    found.forEach(d => problem(list, d, page));
    if (!found.length) make("li", list, "none", { className: "soft none" });
    return ["error", "warning", "note"].map(s => [found.filter(d => d.severity === s).length, s]).filter(([n, s]) => n && s !== "note").map(([n, s]) => many(n, s)).join(", ");
  }

  return { problem, show };
})();
