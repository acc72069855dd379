// The plots of the page, asked for when they are looked at, and again after a change as long as they are.
"use strict";
window.WpPlots = (() => {
  const { make } = WpWords;

  /** Plots in `place`; `update(number)` brings them up to the part of that number, while `open` says that somebody looks. */
  function create(place, open) {
    let shown = -1, asking = false, wanted = 0;

    function draw(said) {
      const at = place.scrollTop;
      place.replaceChildren();
      for (const group of said.groups) {
        const box = make("section", place, undefined, { className: "plotgroup" });
        make("h2", box, group.name);
        if (group.note) make("p", box, group.note, { className: "soft" });
        const grid = make("div", box, undefined, { className: "plots" });
        for (const p of group.plots) {
          const figure = make("figure", grid);
          const inside = make("div", figure, undefined, { className: "drawn", innerHTML: p.svg });
          inside.setAttribute("role", "img"); inside.setAttribute("aria-label", p.alt);
          make("figcaption", figure, p.caption);
        }
      }
      place.scrollTop = at;
    }

    async function update(number) {
      wanted = number;
      if (!open() || asking || shown === wanted) return;
      asking = true; place.classList.toggle("waiting", true);
      if (!place.children.length) make("p", place, "drawing …", { className: "soft empty" });
      const mine = wanted;
      try {
        const answer = await fetch(`plots?n=${mine}`);
        if (!answer.ok) throw new Error((await answer.text()) || answer.statusText);
        draw(await answer.json()); shown = mine; place.dataset.shown = mine;
      } catch (e) {
        place.replaceChildren(); make("p", place, `The plots could not be drawn: ${e.message}`, { className: "soft empty" }); shown = mine;
      } finally { asking = false; place.classList.toggle("waiting", false); }
      if (wanted !== mine) update(wanted);
    }
    return { update };
  }
  return { create };
})();
