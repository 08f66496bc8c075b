"use strict";
/**
 * Online softmax, tile by tile: one row of scores, read by a version that rescales what it has
 * summed and by one that forgets to.
 *
 * The page arrives complete (online.md, written by generate.js with the drawing functions
 * below); this script makes it answer. Chapter: book/efficient.md. A test compares the
 * arithmetic with the chapter's, in Python.
 */

/** @typedef {"rising" | "falling" | "shuffled"} Order */
/** @typedef {{order: Order, size: number, read: number}} State the order of the scores, the block size, and tiles read */
/** @typedef {{largest: number, total: number, gathered: number, rescale: number}} Carried what one version carries along */

var OnlineSoftmax = (() => {
  const COUNT = 12;
  const SIZES = [1, 2, 3, 4, 5, 6, 12];
  const RISING = Array.from({ length: COUNT }, (_, j) => (6 * j) / (COUNT - 1));
  const SHUFFLE = [1, 4, 6, 8, 11, 0, 5, 3, 2, 9, 10, 7];
  /** @type {Record<Order, number[]>} */
  const SCORES = { rising: RISING, falling: [...RISING].reverse(), shuffled: SHUFFLE.map((j) => RISING[j]) };
  /** @type {State} */
  const START = { order: "rising", size: 3, read: 4 };

  /** @type {(size: number) => number} */
  const tiles = (size) => Math.ceil(COUNT / size);

  /** What is carried after each tile, first of all before any; the value of key j is j. */
  /** @type {(scores: number[], size: number, forget: boolean) => Carried[]} */
  function carried(scores, size, forget) {
    const states = [{ largest: -Infinity, total: 0, gathered: 0, rescale: 1 }];
    for (let start = 0; start < scores.length; start += size) {
      const last = states[states.length - 1];
      const tile = scores.slice(start, start + size);
      const largest = Math.max(last.largest, ...tile);
      const rescale = forget ? 1 : Math.exp(last.largest - largest);
      let [total, gathered] = [last.total * rescale, last.gathered * rescale];
      tile.forEach((score, j) => {
        total += Math.exp(score - largest);
        gathered += Math.exp(score - largest) * (start + j);
      });
      states.push({ largest, total, gathered, rescale });
    }
    return states;
  }

  /** The weight that each key has after some tiles; keys that were not read have none. */
  /** @type {(scores: number[], size: number, read: number, forget: boolean) => number[]} */
  function weights(scores, size, read, forget) {
    const states = carried(scores, size, forget);
    const end = states[read];
    return scores.map((score, j) => {
      const tile = Math.floor(j / size) + 1;
      if (tile > read) return 0;
      return Math.exp(score - (forget ? states[tile].largest : end.largest)) / end.total;
    });
  }

  // ---- Drawing -------------------------------------------------------------------------------

  /** @type {(x: number) => string} */
  const text = (x) => (Number.isFinite(x) ? x.toFixed(3) : x < 0 ? "−∞" : "–");

  const [STEP, BAR, HEIGHT, ROW] = [26, 18, 44, 74];

  /** One row of bars. @type {(name: string, values: number[], most: number, state: State, row: number) => string} */
  function bars(name, values, most, { size, read }, row) {
    const floor = row * ROW + 16 + HEIGHT;
    const drawn = values.map((value, j) => {
      const tile = Math.floor(j / size) + 1;
      const kind = tile > read ? "unread" : tile === read ? "new" : "read";
      const height = (HEIGHT * value) / most;
      return `<rect class="is-${kind}" x="${j * STEP + 4}" y="${(floor - height).toFixed(1)}" width="${BAR}" height="${height.toFixed(1)}"/>`;
    });
    return `<text x="4" y="${row * ROW + 10}">${name}</text><line x1="0" x2="${COUNT * STEP}" y1="${floor}" y2="${floor}"/>${drawn.join("")}`;
  }

  /** @type {(state: State) => string} */
  function chart(state) {
    const { order, size, read } = state;
    const scores = SCORES[order];
    const [right, wrong] = [false, true].map((forget) => weights(scores, size, read, forget));
    const most = Math.max(...right, ...wrong, 0.5);
    const rows = [bars("scores", scores, 6, state, 0), bars("weights, rescaled", right, most, state, 1), bars("weights, not rescaled", wrong, most, state, 2)];
    return `<svg viewBox="0 0 ${COUNT * STEP} ${3 * ROW - 8}" role="img" aria-label="Twelve scores, ${order}, and the weights that both versions give after ${read} of ${tiles(size)} tiles">${rows.join("")}</svg>`;
  }

  /** @type {(state: State) => string} */
  function table({ order, size, read }) {
    const [right, wrong] = [false, true].map((forget) => carried(SCORES[order], size, forget)[read]);
    const rows = [
      ["largest score m", right.largest, wrong.largest],
      ["total ℓ", right.total, wrong.total],
      ["accumulator a", right.gathered, wrong.gathered],
      ["output a / ℓ", right.gathered / right.total, wrong.gathered / wrong.total],
    ].map(([name, ...pair]) => `<tr><th scope="row">${name}</th>${pair.map((x) => `<td>${text(Number(x))}</td>`).join("")}</tr>`);
    return `<table><thead><tr><th scope="col">after tile ${read} of ${tiles(size)}</th><th scope="col">rescaled</th><th scope="col">not rescaled</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
  }

  /** What the last tile did. @type {(state: State) => string} */
  function summary({ order, size, read }) {
    if (!read) return "Nothing was read yet: the largest score is −∞, both sums are 0.";
    const states = carried(SCORES[order], size, false);
    const [now, forgetful] = [states[read], carried(SCORES[order], size, true)[read]];
    const drift = forgetful.gathered / forgetful.total - now.gathered / now.total;
    const apart = Math.abs(drift) < 5e-4 ? "The two outputs are equal." : `The output that forgets is off by ${text(drift).replace("-", "−")}.`;
    if (read === 1) return `Tile 1 comes first, so there is nothing to rescale. ${apart}`;
    if (now.rescale === 1) return `Tile ${read} brings no larger score: nothing to rescale. ${apart}`;
    return `Tile ${read} raises the largest score from ${text(states[read - 1].largest)} to ${text(now.largest)}, so both sums are multiplied by ${text(now.rescale)}. ${apart}`;
  }

  return { SCORES, SIZES, START, tiles, carried, weights, chart, table, summary };
})();

/** @param {HTMLElement} root */
function startOnlineSoftmax(root) {
  const { START, tiles, chart, table, summary } = OnlineSoftmax;
  const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (root.querySelector(`[data-part=${name}]`));
  const [order, size] = /** @type {HTMLSelectElement[]} */ ([...root.querySelectorAll("select")]);
  const read = /** @type {HTMLInputElement} */ (root.querySelector("input"));

  function show() {
    const [width, last] = [Number(size.value), tiles(Number(size.value))];
    read.max = String(last);
    const state = { order: /** @type {keyof typeof OnlineSoftmax.SCORES} */ (order.value), size: width, read: Math.min(Number(read.value), last) };
    read.setAttribute("aria-valuetext", `${state.read} of ${last} tiles`);
    part("value").textContent = `${state.read} of ${last}`;
    part("chart").innerHTML = chart(state);
    part("table").innerHTML = table(state);
    part("said").textContent = summary(state);
  }

  size.addEventListener("change", () => {
    read.max = String(tiles(Number(size.value)));
    read.value = read.max;
  });
  root.addEventListener("input", show);
  root.addEventListener("change", show);
  order.value = START.order;
  size.value = String(START.size);
  read.value = String(START.read);
  for (const control of [order, size, read]) control.disabled = false;
  show();
  root.classList.add("is-ready");
}

if (typeof module === "object" && module.exports) module.exports = OnlineSoftmax;
else {
  const figure = document.getElementById("online-softmax");
  if (figure) startOnlineSoftmax(figure);
}
