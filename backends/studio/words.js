// Small things that all parts of the page share: elements, figures in words, tables.
"use strict";
window.WpWords = (() => {
  const make = (tag, parent, text, more) => {
    const e = document.createElement(tag);
    if (text !== undefined) e.textContent = text;
    Object.assign(e, more);
    if (parent) parent.appendChild(e);
    return e;
  };
  const sig = (v, n = 4) => {
    if (v === null || v === undefined) return "–";
    return Math.abs(v) >= 1e5 || (v && Math.abs(v) < 1e-3) ? v.toExponential(2) : String(+v.toPrecision(n));
  };
  const length = um => {
    if (um === null || um === undefined) return "–";
    return um >= 99950 ? `${sig(um / 1e6)} m` : um >= 9995 ? `${sig(um / 1000)} mm` : `${sig(um)} µm`;
  };
  const time = s => {
    s = Math.round(s);
    const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h ? `${h} h ${m} min` : m ? `${m} min ${s % 60} s` : `${s} s`;
  };
  const many = (k, word) => `${k} ${word}${k === 1 ? "" : "s"}`;

  /** Rows of cells; the first cell of each row names it, and a first row that begins with "" names the columns. */
  function table(place, lines) {
    place.replaceChildren(...lines.map((cells, i) => {
      const tr = make("tr");
      cells.forEach((c, k) => {
        const column = i === 0 && cells[0] === "";
        make(column || k === 0 ? "th" : "td", tr, String(c), column ? { scope: "col" } : k === 0 ? { scope: "row" } : {});
      });
      return tr;
    }));
  }

  return { make, sig, length, time, many, table };
})();
