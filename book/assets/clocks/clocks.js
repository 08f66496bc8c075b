"use strict";
/**
 * Clocks of positions: two positions, eight clocks, and three ways to score them.
 *
 * The page arrives complete (clocks.md, written by generate.js with the drawing functions
 * below); this script makes it answer. Chapter: book/positions.md. A test compares the
 * arithmetic with attnbook.positions.
 */

/** @typedef {{i: number, j: number, together: boolean}} State positions of query and key */
/** @typedef {{kernel: number, rope: number, added: number}} Scores */

var PositionClocks = (() => {
  const WIDTH = 16;
  const LAST = 63;
  /** @type {State} */
  const START = { i: 12, j: 7, together: true };
  const RATES = Array.from({ length: WIDTH / 2 }, (_, pair) => 10000 ** ((-2 * pair) / WIDTH));
  // What a query and a key say without their positions.
  const QUERY = [1, 0.2, 0.8, -0.4, 0.6, 0.5, 0.9, 0.1, 0.4, -0.2, 0.3, 0.5, 0.2, 0.6, -0.3, 0.4];
  const KEY = [0.9, -0.1, 0.7, 0.3, 0.8, 0.2, 0.5, -0.4, 0.6, 0.3, 0.1, 0.7, 0.5, 0.2, 0.4, -0.1];

  /** @type {(p: number) => number[]} */
  const encoding = (p) => RATES.flatMap((rate) => [Math.sin(p * rate), Math.cos(p * rate)]);
  /** @type {(x: number[], p: number) => number[]} */
  const turned = (x, p) =>
    RATES.flatMap((rate, pair) => {
      const [a, b, sin, cos] = [x[2 * pair], x[2 * pair + 1], Math.sin(p * rate), Math.cos(p * rate)];
      return [a * cos - b * sin, a * sin + b * cos];
    });
  /** @type {(a: number[], b: number[]) => number} */
  const dot = (a, b) => a.reduce((sum, x, k) => sum + x * b[k], 0);
  /** @type {(a: number[], b: number[]) => number[]} */
  const plus = (a, b) => a.map((x, k) => x + b[k]);

  /** @type {(i: number, j: number) => Scores} */
  const scores = (i, j) => ({
    kernel: dot(encoding(i), encoding(j)),
    rope: dot(turned(QUERY, i), turned(KEY, j)),
    added: dot(plus(QUERY, encoding(i)), plus(KEY, encoding(j))),
  });

  /** Both positions after one of them went to `to`; together they stop at the ends together. */
  /** @type {(state: State, which: "i" | "j", to: number) => State} */
  function moved(state, which, to) {
    if (!state.together) return { ...state, [which]: to };
    const least = -Math.min(state.i, state.j);
    const step = Math.max(least, Math.min(LAST - Math.max(state.i, state.j), to - state[which]));
    return { ...state, i: state.i + step, j: state.j + step };
  }

  // ---- Drawing -------------------------------------------------------------------------------

  /** @type {(x: number) => string} */
  const text = (x) => x.toFixed(3).replace("-", "−");

  /** @type {(angle: number, kind: string, length: number) => string} */
  const hand = (angle, kind, length) =>
    `<line class="clocks-${kind}" x1="0" y1="0" x2="${(length * Math.sin(angle)).toFixed(2)}" y2="${(-length * Math.cos(angle)).toFixed(2)}"/>`;

  /** @type {(state: State) => string} */
  const dials = ({ i, j }) =>
    RATES.map((rate, pair) => {
      const turn = (2 * Math.PI) / rate;
      const title = turn < 100 ? turn.toFixed(1) : String(Math.round(turn));
      return `<div class="clocks-dial"><svg viewBox="-22 -22 44 44" aria-hidden="true"><circle r="20"/>${hand(j * rate, "key", 19)}${hand(i * rate, "query", 15)}</svg><span>pair ${pair}</span><span class="clocks-quiet">turn ${title}</span></div>`;
    }).join("");

  const LABELS = { kernel: "PE(i) · PE(j)", rope: "RoPE: q at i, k at j", added: "added: (q + PE(i)) · (k + PE(j))" };

  /** @type {(state: State, before: State) => string} */
  function table({ i, j }, before) {
    const [now, then] = [scores(i, j), scores(before.i, before.j)];
    const rows = /** @type {(keyof Scores)[]} */ (Object.keys(LABELS)).map((name) => {
      const change = now[name] - then[name];
      const said = Math.abs(change) < 5e-4 ? "= unchanged" : `${change > 0 ? "+" : "−"}${Math.abs(change).toFixed(3)}`;
      return `<tr data-score="${name}"><th scope="row"><span class="clocks-swatch clocks-${name}" aria-hidden="true"></span>${LABELS[name]}</th><td>${text(now[name])}</td><td>${said}</td></tr>`;
    });
    return `<table><thead><tr><th scope="col">i − j = ${text(i - j).replace(".000", "")}</th><th scope="col">score</th><th scope="col">since the last move</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
  }

  const [CHART_WIDTH, CHART_HEIGHT, HIGHEST, LOWEST] = [320, 120, 18, -4];
  /** @type {(p: number) => number} */
  const across = (p) => 4 + ((CHART_WIDTH - 8) * p) / LAST;
  /** @type {(score: number) => number} */
  const down = (score) => (CHART_HEIGHT * (HIGHEST - score)) / (HIGHEST - LOWEST);

  /** The scores of the query at i with a key at every position. @type {(state: State) => string} */
  function chart({ i, j }) {
    const lines = /** @type {(keyof Scores)[]} */ (Object.keys(LABELS)).map((name) => {
      const points = Array.from({ length: LAST + 1 }, (_, key) => `${across(key).toFixed(1)},${down(scores(i, key)[name]).toFixed(1)}`);
      return `<polyline class="clocks-${name}" points="${points.join(" ")}"/><circle class="clocks-${name}" r="3.5" cx="${across(j).toFixed(1)}" cy="${down(scores(i, j)[name]).toFixed(1)}"/>`;
    });
    return `<svg viewBox="0 0 ${CHART_WIDTH} ${CHART_HEIGHT + 14}" role="img" aria-label="Three scores of the query at position ${i} with a key at each position from 0 to ${LAST}"><line class="clocks-own" x1="${across(i)}" x2="${across(i)}" y1="0" y2="${CHART_HEIGHT}"/>${lines.join("")}<text x="4" y="${CHART_HEIGHT + 11}">key at 0</text><text x="${CHART_WIDTH - 4}" y="${CHART_HEIGHT + 11}" text-anchor="end">key at ${LAST}</text><text x="${across(i)}" y="${CHART_HEIGHT + 11}" text-anchor="middle">i</text></svg>`;
  }

  /** What a screen reader says after a move. @type {(state: State, before: State) => string} */
  function summary({ i, j }, before) {
    const same = i - j === before.i - before.j;
    return `Query at ${i}, key at ${j}. ${same ? "The score of RoPE is unchanged, the added one changed" : "The distance and all scores changed"}.`;
  }

  return { WIDTH, LAST, START, RATES, QUERY, KEY, encoding, turned, scores, moved, dials, table, chart, summary };
})();

/** @param {HTMLElement} root */
function startPositionClocks(root) {
  let state = { ...PositionClocks.START };
  const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (root.querySelector(`[data-part=${name}]`));
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (root.querySelector(`input[name=${name}]`));

  /** @param {typeof state} next */
  function show(next) {
    part("dials").innerHTML = PositionClocks.dials(next);
    part("table").innerHTML = PositionClocks.table(next, state);
    part("chart").innerHTML = PositionClocks.chart(next);
    for (const name of /** @type {const} */ (["i", "j"])) {
      field(name).value = String(next[name]);
      part(`value-${name}`).textContent = String(next[name]);
    }
    if (next.i !== state.i || next.j !== state.j) part("said").textContent = PositionClocks.summary(next, state);
    state = next;
  }

  root.addEventListener("input", ({ target }) => {
    const input = /** @type {HTMLInputElement} */ (target);
    if (input.name === "together") state = { ...state, together: input.checked };
    else show(PositionClocks.moved(state, /** @type {"i" | "j"} */ (input.name), Number(input.value)));
  });
  root.addEventListener("click", ({ target }) => {
    if (!(/** @type {HTMLElement} */ (target).closest("button"))) return;
    field("together").checked = PositionClocks.START.together;
    state = { ...PositionClocks.START };
    show(state);
  });
  for (const input of root.querySelectorAll("input")) input.disabled = false;
  field("together").checked = state.together;
  show(state);
  root.classList.add("is-ready");
}

if (typeof module === "object" && module.exports) module.exports = PositionClocks;
else {
  const figure = document.getElementById("position-clocks");
  if (figure) startPositionClocks(figure);
}
