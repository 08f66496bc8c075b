"use strict";
/**
 * The residual stream by depth: choose a stack and a step, read a row for each block.
 *
 * What is measured stands in the page as JSON, written by the chapter when it runs. This script
 * draws it. Without it the page shows the chapter's static figure of the same numbers.
 */

/**
 * What was measured of one stack after some steps: by place (before the first block and after
 * each), or by block.
 * @typedef {{size: number[], attention: number[], feed_forward: number[], similarity: number[], gradient: number[]}} Profile
 */
/** @typedef {{steps: number[], stacks: Record<string, Profile[]>}} Measured */
/** @typedef {{text: string, share: number}} Cell */

var StreamFigure = (() => {
  const COLUMNS = ["stream", "attention", "feed-forward", "similarity", "gradient"];
  // Bars are logarithmic: between which powers of ten. That of the similarity is not.
  const SIZES = { from: -1, to: 2 };
  const GRADIENTS = { from: -12, to: 0 };

  /** @type {(x: number) => number} */
  const clipped = (x) => Math.min(1, Math.max(0, x));

  /** How long a bar is, from 0 to 1. @type {(column: string, value: number) => number} */
  function share(column, value) {
    if (column === "similarity") return clipped(value);
    const { from, to } = column === "gradient" ? GRADIENTS : SIZES;
    return value > 0 ? clipped((Math.log10(value) - from) / (to - from)) : 0;
  }

  /** A number in about five characters. @type {(column: string, value: number) => string} */
  function format(column, value) {
    if (column !== "gradient") return value.toFixed(column === "similarity" ? 3 : 2).replace("-", "−");
    return value.toExponential(0).replace("e+", "e").replace("-", "−");
  }

  /**
   * The rows of the table, the last block first.
   * @param {Profile} profile
   * @returns {{name: string, cells: (Cell | null)[]}[]}
   */
  function rows(profile) {
    const places = profile.size.map((_, place) => {
      const values = [profile.size[place], profile.attention[place - 1], profile.feed_forward[place - 1], profile.similarity[place], profile.gradient[place]];
      const cells = values.map((value, i) => (value === undefined ? null : { text: format(COLUMNS[i], value), share: share(COLUMNS[i], value) }));
      return { name: place ? String(place) : "input", cells };
    });
    return places.reverse();
  }

  /**
   * What the numbers say, in a sentence.
   * @param {Profile} profile
   */
  function verdict(profile) {
    const alike = profile.similarity[profile.similarity.length - 1];
    const said = alike > 0.995 ? "All positions say the same" : alike > 0.6 ? "The positions are much alike" : "The positions differ";
    const arrives = profile.gradient[0] < 1e-4 ? "nearly no gradient arrives at the input" : "a gradient arrives at the input";
    return `${said} at the end (similarity ${format("similarity", alike)}), and ${arrives} (${format("gradient", profile.gradient[0])}).`;
  }

  return { COLUMNS, format, rows, share, verdict };
})();

/** Make a figure answer. @param {HTMLElement} root */
function startStreamFigure(root) {
  const { COLUMNS, rows, verdict } = StreamFigure;
  const data = /** @type {HTMLElement} */ (root.querySelector("script[type='application/json']"));
  /** @type {Measured} */
  const measured = JSON.parse(data.textContent || "");
  const names = Object.keys(measured.stacks);
  const start = names[1];

  const controls = document.createElement("div");
  controls.className = "stream-controls";
  controls.innerHTML = `<fieldset><legend>Stack of 12 blocks</legend>${names
    .map((name) => `<label><input type="radio" name="stream-stack" value="${name}"${name === start ? " checked" : ""}> ${name}</label>`)
    .join("")}</fieldset>
<label class="stream-step">Training steps <input type="range" min="0" max="${measured.steps.length - 1}" value="0" step="1"> <output></output></label>`;
  const said = document.createElement("p");
  said.className = "stream-said";
  said.setAttribute("aria-live", "polite");
  const table = document.createElement("table");
  table.innerHTML = `<thead><tr><th scope="col">after block</th>${COLUMNS.map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead><tbody></tbody>`;
  root.append(controls, said, table);

  const slider = /** @type {HTMLInputElement} */ (controls.querySelector("input[type=range]"));
  const output = /** @type {HTMLOutputElement} */ (controls.querySelector("output"));
  const body = /** @type {HTMLTableSectionElement} */ (table.querySelector("tbody"));

  function draw() {
    const chosen = /** @type {HTMLInputElement} */ (controls.querySelector("input[type=radio]:checked")).value;
    const profile = measured.stacks[chosen][Number(slider.value)];
    const steps = String(measured.steps[Number(slider.value)]);
    output.textContent = steps;
    slider.setAttribute("aria-valuetext", `${steps} steps`);
    said.textContent = `${chosen}, ${steps} steps: ${verdict(profile)}`;
    body.innerHTML = rows(profile)
      .map(({ name, cells }) => `<tr><th scope="row">${name}</th>${cells
        .map((cell, i) => (cell ? `<td data-column="${COLUMNS[i]}"><span class="stream-bar" style="--share: ${cell.share.toFixed(3)}"></span><span>${cell.text}</span></td>` : "<td></td>"))
        .join("")}</tr>`)
      .join("");
  }

  controls.addEventListener("input", draw);
  draw();
  root.hidden = false;
  root.classList.add("is-ready");
}

if (typeof module === "object" && module.exports) module.exports = StreamFigure;
else {
  const figure = document.getElementById("stream-figure");
  if (figure) startStreamFigure(figure);
}
