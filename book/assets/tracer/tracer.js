"use strict";
/**
 * Head tracer: drawing, words and events. Where elements go is in heads.js.
 *
 * The page arrives complete (tracer.md, written by generate.js with the drawing functions
 * below); this script makes it answer. Without it the page shows its first state.
 */

/** @typedef {import("./heads.js").Sizes} Sizes */
/** @typedef {import("./heads.js").Element} Element */
/** @typedef {import("./heads.js").Way} Way */
/** @typedef {{heads: number, split: Way, merge: Way, chosen: Element}} State */

var HeadTracer = (() => {
  /** @type {typeof import("./heads.js")} in the page a script that was loaded before */
  const math = typeof module === "object" && module.exports ? require("./heads.js") : /** @type {any} */ (globalThis).HeadMath;

  /** @type {State} */
  const START = { heads: 2, split: "view", merge: "transposed", chosen: { position: 1, feature: 1 } };
  const SPLIT_NAMES = { transposed: "transposed", view: "bare view", interleaved: "interleaved" };
  const MERGE_NAMES = { transposed: "transposed", view: "not transposed", interleaved: "interleaved" };

  /** @type {(state: State) => Sizes} */
  const sizes = ({ heads }) => ({ length: math.LENGTH, width: math.WIDTH, heads });
  /** @type {(element: Element) => string} */
  const label = ({ position, feature }) => `${"abcd"[position]}${feature}`;
  /** @type {(one: Element, other: Element) => boolean} */
  const same = (one, other) => one.position === other.position && one.feature === other.feature;
  /** "0, 1 and 3" @type {(parts: (number | string)[]) => string} */
  const list = (parts) => (parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`);
  /** @type {(positions: number[]) => string} */
  const names = (positions) => list(positions.map((position) => "abcd"[position]));

  /** What the code says. @type {(state: State) => {split: string, merge: string}} */
  function code({ heads, split, merge }) {
    const [n, d, wide] = [math.LENGTH, math.WIDTH, math.WIDTH / heads];
    return {
      split: {
        transposed: `x.view(1, ${n}, ${heads}, ${wide}).transpose(1, 2)`,
        view: `x.view(1, ${heads}, ${n}, ${wide})`,
        interleaved: `x.view(1, ${n}, ${wide}, ${heads}).permute(0, 3, 1, 2)`,
      }[split],
      merge: {
        transposed: `heads.transpose(1, 2).reshape(1, ${n}, ${d})`,
        view: `heads.reshape(1, ${n}, ${d})`,
        interleaved: `heads.permute(0, 2, 3, 1).reshape(1, ${n}, ${d})`,
      }[merge],
    };
  }

  // ---- Drawing: a state in, HTML out -----------------------------------------------------------

  /** @type {(element: Element, chosen: Element, more?: string) => string} */
  const cell = (element, chosen, more = "") =>
    `<td class="tracer-${"abcd"[element.position]}${same(element, chosen) ? " is-chosen" : ""}" data-position="${element.position}" data-feature="${element.feature}"${more}>${label(element)}</td>`;

  /** @type {(caption: string, columns: string[], rows: {name: string, cells: string[]}[]) => string} */
  function table(caption, columns, rows) {
    const head = columns.map((column) => `<th scope="col">${column}</th>`).join("");
    const body = rows.map(({ name, cells }) => `<tr><th scope="row">${name}</th>${cells.join("")}</tr>`).join("");
    return `<table class="tracer-table"><caption>${caption}</caption><thead><tr><td></td>${head}</tr></thead><tbody>${body}</tbody></table>`;
  }

  /** @type {(state: State) => string} */
  function inputHtml({ chosen }) {
    const rows = Array.from({ length: math.LENGTH }, (_, position) => ({
      name: "abcd"[position],
      cells: Array.from({ length: math.WIDTH }, (_, feature) => {
        const element = { position, feature };
        const on = same(element, chosen);
        return `<td class="tracer-${"abcd"[position]}${on ? " is-chosen" : ""}"><button type="button" data-position="${position}" data-feature="${feature}" tabindex="${on ? 0 : -1}" aria-pressed="${on}" aria-label="position ${"abcd"[position]}, feature ${feature}">${label(element)}</button></td>`;
      }),
    }));
    const columns = Array.from({ length: math.WIDTH }, (_, feature) => String(feature));
    return table("<b>x</b> (length, d_model)", columns, rows);
  }

  /** The numbers as they lie in memory. @type {(state: State) => string} */
  function memoryHtml(state) {
    const { chosen } = state;
    const cells = math.elements(sizes(state)).map((element) => {
      const { head } = math.SPLIT[state.split](element, sizes(state));
      return `<li class="tracer-${"abcd"[element.position]}${same(element, chosen) ? " is-chosen" : ""}" data-position="${element.position}" data-feature="${element.feature}">${label(element)}<span>${head}</span></li>`;
    });
    return cells.join("");
  }

  /** @type {(state: State) => string} */
  function headsHtml(state) {
    const columns = Array.from({ length: math.WIDTH / state.heads }, (_, column) => String(column));
    return math
      .splitHeads(state.split, sizes(state))
      .map((head, h) => table(`<b>head ${h}</b>`, columns, head.map((row, r) => ({ name: String(r), cells: row.map((element) => cell(element, state.chosen)) }))))
      .join("");
  }

  /** @type {(state: State) => string} */
  function mergedHtml(state) {
    const columns = Array.from({ length: math.WIDTH }, (_, feature) => String(feature));
    const rows = math.roundTrip(state.split, state.merge, sizes(state)).map((row, position) => ({
      name: "abcd"[position],
      cells: row.map((element, feature) => {
        const away = same(element, { position, feature }) ? "" : ' data-away=""';
        return cell(element, state.chosen, away);
      }),
    }));
    return table("<b>merged</b> (length, d_model)", columns, rows);
  }

  // ---- Words -----------------------------------------------------------------------------------

  /** @type {(state: State) => string[]} */
  function facts(state) {
    const { positions, features, rowsInPlace } = math.holds(state.split, sizes(state));
    const rows = state.heads * math.LENGTH;
    const total = math.LENGTH * math.WIDTH;
    const back = math.home(state.split, state.merge, sizes(state));
    const said = positions.every((seen) => seen.length === math.LENGTH)
      ? [`Every head holds a piece of all ${math.LENGTH} positions: head 0 has features ${list(features[0])}.`]
      : [`Head 0 holds position${positions[0].length > 1 ? "s" : ""} ${names(positions[0])} alone: in it, nothing can attend to ${names([0, 1, 2, 3].filter((p) => !positions[0].includes(p)))}.`];
    said.push(rowsInPlace === rows ? "Row r of a head is position r." : `${rows - rowsInPlace} of ${rows} rows are not the position that they stand for.`);
    said.push(back === total ? `After merging, all ${total} elements are home.` : `After merging, ${total - back} of ${total} elements are not where they were.`);
    return said;
  }

  /** @type {(state: State) => {kind: "right" | "wrong" | "trap", badge: string}} */
  function verdict(state) {
    const { positions, features, rowsInPlace } = math.holds(state.split, sizes(state));
    const block = features.every((own, head) => own.every((feature, i) => feature === (head * math.WIDTH) / state.heads + i));
    const inPlace = rowsInPlace === state.heads * math.LENGTH && positions.every((seen) => seen.length === math.LENGTH) && block;
    const back = math.home(state.split, state.merge, sizes(state)) === math.LENGTH * math.WIDTH;
    if (inPlace && back) {
      const plain = state.split === "transposed" && state.merge === "transposed";
      return { kind: "right", badge: plain ? "✓ Right" : `✓ The same as transposing: ${state.heads === 1 ? "one head has nothing to swap" : "heads of width 1 leave no choice"}` };
    }
    if (back) return { kind: "trap", badge: "≈ Wrong, and merge(split(x)) = x all the same" };
    return { kind: "wrong", badge: inPlace ? "✗ The split is right, the merge is wrong" : "✗ Wrong" };
  }

  /** @type {(state: State) => string} */
  function trace(state) {
    const { position, feature } = state.chosen;
    const { head, row, column } = math.SPLIT[state.split](state.chosen, sizes(state));
    const end = math.MERGE[state.merge]({ head, row, column }, sizes(state));
    const memory = position * math.WIDTH + feature;
    const at = same(end, state.chosen) ? "home" : `position ${"abcd"[end.position]}, feature ${end.feature}, not home`;
    return `${label(state.chosen)}: position ${"abcd"[position]}, feature ${feature}, number ${memory} in memory → head ${head}, row ${row}, column ${column} → ${at}.`;
  }

  /** Everything that depends on the state. @param {State} state */
  function view(state) {
    return {
      ...verdict(state),
      code: code(state),
      facts: facts(state).join(" "),
      trace: trace(state),
      html: { input: inputHtml(state), memory: memoryHtml(state), heads: headsHtml(state), merged: mergedHtml(state) },
    };
  }

  return { MERGE_NAMES, SPLIT_NAMES, START, label, view };
})();

/** Makes the figure on the page answer. */
function startHeadTracer(/** @type {HTMLElement} */ root) {
  /** @type {typeof import("./heads.js")} */
  const math = /** @type {any} */ (globalThis).HeadMath;
  const { START, view } = HeadTracer;
  /** @type {(selector: string) => HTMLElement[]} */
  const all = (selector) => Array.from(root.querySelectorAll(selector));
  /** @type {(selector: string) => HTMLElement} */
  const one = (selector) => all(selector)[0];

  /** @type {State} */
  let state = { ...START };
  let newsTimer = 0;

  /** @type {(part: Partial<State>, focus?: boolean) => void} */
  function change(part, focus = false) {
    state = { ...state, ...part };
    const seen = view(state);
    for (const [name, html] of Object.entries(seen.html)) one(`[data-part=${name}]`).innerHTML = html;
    one("[data-verdict]").dataset.verdict = seen.kind;
    for (const name of /** @type {const} */ (["badge", "facts", "trace"])) one(`[data-text=${name}]`).textContent = seen[name];
    for (const name of /** @type {const} */ (["split", "merge"])) one(`[data-code=${name}]`).textContent = seen.code[name];
    for (const kind of /** @type {const} */ (["heads", "split", "merge"])) {
      for (const button of all(`button[data-${kind}]`)) button.setAttribute("aria-pressed", String(button.dataset[kind] === String(state[kind])));
    }
    if (focus) one(`button[data-position="${state.chosen.position}"][data-feature="${state.chosen.feature}"]`).focus();
    clearTimeout(newsTimer);
    newsTimer = window.setTimeout(() => (one("[role=status]").textContent = `${seen.badge}. ${seen.facts} ${seen.trace}`), 500);
  }

  /** The element that a part of the figure shows. @type {(target: EventTarget | null) => Element | null} */
  function shownBy(target) {
    const part = /** @type {HTMLElement} */ (target).closest("[data-position]");
    if (!part) return null;
    const { position, feature } = /** @type {HTMLElement} */ (part).dataset;
    return { position: Number(position), feature: Number(feature) };
  }

  root.addEventListener("click", (event) => {
    const chosen = shownBy(event.target);
    if (chosen) return change({ chosen }, Boolean(/** @type {HTMLElement} */ (event.target).closest("button")));
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (!button) return;
    const { heads, split, merge, load } = button.dataset;
    if (heads) change({ heads: Number(heads) });
    if (split) change({ split: /** @type {Way} */ (split) });
    if (merge) change({ merge: /** @type {Way} */ (merge) });
    if (load) change({ ...START });
  });

  // The elements are one stop of the Tab key; arrows move among them.
  root.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const at = /** @type {HTMLElement} */ (event.target).matches("button[data-position]") ? shownBy(event.target) : null;
    if (!step || !at) return;
    event.preventDefault();
    const [position, feature] = [at.position + step[0], at.feature + step[1]];
    if (position >= 0 && position < math.LENGTH && feature >= 0 && feature < math.WIDTH) change({ chosen: { position, feature } }, true);
  });

  // A mouse need not click. While a finger or a key chooses, pointing changes nothing.
  root.addEventListener("pointerover", (event) => {
    const chosen = event.pointerType === "mouse" ? shownBy(event.target) : null;
    if (chosen && (chosen.position !== state.chosen.position || chosen.feature !== state.chosen.feature)) change({ chosen });
  });

  for (const button of all("button")) button.removeAttribute("disabled");
  change({});
  root.classList.add("is-ready");
}

if (typeof module === "object" && module.exports) module.exports = HeadTracer;
else {
  const figure = document.getElementById("head-tracer");
  if (figure) startHeadTracer(figure);
}
