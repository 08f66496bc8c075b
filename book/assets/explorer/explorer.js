"use strict";
/**
 * Attention explorer: drawing, words and events. The arithmetic is in attention.js.
 *
 * The page arrives complete (explorer.md, written by generate.js with the drawing functions
 * below); this script makes it answer. Without it the page shows its first state.
 */

/** @typedef {import("./attention.js").Matrix} Matrix */
/** @typedef {import("./attention.js").Mask} Mask */
/** @typedef {import("./attention.js").Switches} Switches */
/** @typedef {import("./attention.js").Inputs} Inputs */
/** @typedef {import("./attention.js").Steps} Steps */
/** @typedef {import("./attention.js").Preset} Preset */
/** @typedef {import("./attention.js").Fault} Fault */
/** @typedef {Inputs & {fault: string}} State */
/** @typedef {{row: number, column: number}} Place */

var AttentionExplorer = (() => {
  /** @type {typeof import("./attention.js")} in the page a script that was loaded before */
  const math = typeof module === "object" && module.exports ? require("./attention.js") : /** @type {any} */ (globalThis).AttentionMath;

  // ---- Words ---------------------------------------------------------------------------------

  const STEPS = { scores: "Scores", masked: "Masked scores", weights: "Weights", output: "Output", gradient: "Gradient" };
  const SIDES = /** @type {const} */ (["correct", "wrong"]);
  const MARKS = {
    weights: { mark: "≠", label: "shows here", badge: "The mistake shows" },
    gradient: { mark: "∂", label: "shows here in the gradient alone", badge: "Only the gradient shows the mistake" },
    nowhere: { mark: "=", label: "hides here", badge: "The mistake hides: no difference on this input" },
  };

  /**
   * A number in about six characters; only what is exactly 0 or 1 reads 0 or 1.
   * @param {number} x
   */
  function format(x) {
    if (Number.isNaN(x)) return "NaN";
    const size = Math.abs(x);
    const sign = x < 0 ? "−" : "";
    if (size === Infinity) return `${sign}∞`;
    if (Number.isInteger(x) && size < 1e4) return `${sign}${size}`;
    if (size < 1e-12) return "≈0";
    if (size >= 1e4 || size < 5e-4) return sign + size.toExponential(0).replace("+", "").replace("-", "−");
    return sign + size.toFixed(size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0);
  }

  /**
   * What the code of one step does.
   * @param {string} step
   * @param {Partial<Switches>} switches
   * @param {Inputs} inputs
   */
  function formula(step, switches, { query, key, mask }) {
    const how = { ...math.CORRECT, ...switches };
    const [d, n] = [query[0].length, key.length];
    if (step === "scores") {
      const scaled = { root_d: `Q Kᵀ / √${d}`, none: "Q Kᵀ", d: `Q Kᵀ / ${d}`, root_keys: `Q Kᵀ / √${n}`, times_root_d: `√${d} · Q Kᵀ` };
      return how.swapped ? `K Qᵀ / √${d}` : scaled[how.scale];
    }
    if (step === "masked") {
      if (!mask) return "no mask: unchanged";
      const fill = `${how.flipped ? "visible" : "hidden"} → ${format(how.fill)}`;
      return { fill, add: "+ 0 or −∞", add_boolean: "+ 1 or 0", after: "not masked yet", ignored: "not masked" }[how.masking];
    }
    if (step === "weights") {
      const softmax = how.softmaxOver === "queries" ? "softmax of columns" : "softmax of rows";
      if (!mask) return softmax;
      if (how.masking === "after") return `${softmax}, hidden → 0`;
      return how.keepsNaN ? `${softmax}, 0/0 stays` : softmax;
    }
    return step === "output" ? "weights · V" : "of Σ output, for each q · k";
  }

  /**
   * What can be seen of a mistake in the weights, the output and the gradient.
   * @param {Inputs} inputs
   * @param {Steps} right
   * @param {Steps} wrong
   * @returns {string[]} sentences
   */
  function facts({ mask }, right, wrong) {
    const said = wrong.error ? [`Here torch stops: ${wrong.error}.`] : [];
    if (right.weights && wrong.weights && wrong.weights.length === right.weights.length) {
      said.push(...weightFacts(mask, right.weights, wrong.weights));
    }
    const gradients = (wrong.gradient || []).flat();
    const lost = gradients.filter(Number.isNaN).length;
    if (lost) said.push(`${lost} of ${gradients.length} gradients are NaN.`);
    else if (!said.length) said.push(`The weights agree; ${changes(right.gradient || [], wrong.gradient || [], "gradients")}`);
    return said;
  }

  /**
   * How many numbers differ and by how much, or "" if none does.
   * @type {(right: Matrix, wrong: Matrix, what: string) => string}
   */
  function changes(right, wrong, what) {
    const gaps = right.flatMap((row, i) => row.map((x, j) => (math.differs(x, wrong[i][j]) ? Math.abs(x - wrong[i][j]) : -1)));
    const changed = gaps.filter((gap) => gap !== -1);
    const sizes = changed.filter((gap) => !Number.isNaN(gap));
    const most = sizes.length ? `, by up to ${format(Math.max(...sizes))}` : "";
    return changed.length ? `${changed.length} of ${gaps.length} ${what} differ${most}.` : "";
  }

  /** @type {(mask: Mask, right: Matrix, wrong: Matrix) => string[]} */
  function weightFacts(mask, right, wrong) {
    const said = [changes(right, wrong, "weights")].filter(Boolean);
    const sums = math.rowSums(wrong);
    const wrongSums = [1, 0].flatMap((expected) => {
      const odd = sums.flatMap((sum, i) => (oddSum(mask, sum, i) && expectedSum(mask, i) === expected ? [i] : []));
      const each = odd.map((i) => `q${i + 1} ${format(exact(sums[i]))}`);
      return odd.length ? [`${each.join(", ")}, not ${expected}`] : [];
    });
    if (wrongSums.length) said.push(`Sum of the weights: ${wrongSums.join("; ")}.`);
    const leaks = wrong.map((row, i) => row.reduce((sum, w, j) => sum + (mask && !mask[i][j] ? w : 0), 0));
    const worst = leaks.reduce((best, leak, i) => (leak > leaks[best] ? i : best), 0);
    if (leaks[worst] > math.TOLERANCE) said.push(`q${worst + 1} gives ${exact(leaks[worst]) === 1 ? "all" : format(leaks[worst])} of its attention to hidden keys.`);
    return said;
  }

  /** Rounds away the last bits, so that a sum of 1 reads 1. @type {(x: number) => number} */
  const exact = (x) => (Math.abs(x - Math.round(x)) < 1e-9 ? Math.round(x) : x);
  /** @type {(mask: Mask, row: number) => number} */
  const expectedSum = (mask, row) => (math.seesNothing(mask, row) ? 0 : 1);
  /** @type {(mask: Mask, sum: number, row: number) => boolean} */
  const oddSum = (mask, sum, row) => math.differs(sum, expectedSum(mask, row));

  // ---- Drawing: numbers in, HTML out -----------------------------------------------------------

  /** @type {(text: string) => string} */
  const hiddenText = (text) => `<span class="explorer-sr">${text}</span>`;

  /** @type {(x: number, place: Place, step: string, changed: boolean) => string} */
  function cellHtml(x, { row, column }, step, changed) {
    const kinds = [changed ? "is-changed" : "", x === -Infinity ? "is-hidden" : ""].filter(Boolean).join(" ");
    const heat = step === "weights" && x > 0 ? ` style="--heat:${Math.round(Math.min(x, 1) * 100)}"` : "";
    const where = `data-row="${row}"` + (step === "output" ? "" : ` data-column="${column}"`);
    return `<td ${where}${kinds && ` class="${kinds}"`}${heat}>${format(x)}${changed ? hiddenText(" differs") : ""}</td>`;
  }

  /** @type {(sum: number, odd: boolean) => string} */
  const sumHtml = (sum, odd) =>
    `<td class="explorer-sum${odd ? " is-odd" : ""}">${odd ? '<span aria-hidden="true">⚠ </span>' : ""}${format(exact(sum))}${odd ? hiddenText(" should be different") : ""}</td>`;

  /**
   * One result as a table, or the reason why there is none.
   * @param {keyof typeof STEPS} step
   * @param {"correct" | "wrong"} side
   * @param {Inputs} inputs
   * @param {Steps} right
   * @param {Steps} wrong
   * @param {Partial<Switches>} switches of the wrong side
   */
  function resultHtml(step, side, inputs, right, wrong, switches) {
    const matrix = (side === "correct" ? right : wrong)[step];
    const reference = right[step];
    const usual = formula(step, {}, inputs);
    const does = side === "correct" ? usual : formula(step, switches, inputs);
    const caption =
      `<caption>${hiddenText(`${side}: `)}<span aria-hidden="true">${side === "correct" ? "✓" : "✗"} </span><b>${STEPS[step]}</b> <span class="${does === usual ? "" : "is-changed"}">${does}</span></caption>`;
    if (!matrix) return `<table>${caption}<tbody><tr><td class="explorer-none">no result: ${wrong.error}</td></tr></tbody></table>`;
    const swapped = side === "wrong" && Boolean(switches.swapped);
    const [rowName, columnName] = swapped ? ["k", "q"] : ["q", step === "output" ? "d" : "k"];
    const sums = step === "weights" ? math.rowSums(matrix) : [];
    const head = matrix[0].map((_, j) => `<th scope="col">${columnName}${j + 1}</th>`).join("") + (sums.length ? '<th scope="col" class="explorer-sum">sum</th>' : "");
    const rows = matrix.map((row, i) => {
      const cells = row.map((x, j) => {
        const twin = reference && reference.length === matrix.length ? reference[i][j] : undefined;
        return cellHtml(x, { row: i, column: j }, step, twin === undefined || math.differs(x, twin));
      });
      const sum = sums.length ? sumHtml(sums[i], oddSum(swapped ? null : inputs.mask, sums[i], i)) : "";
      return `<tr><th scope="row">${rowName}${i + 1}</th>${cells.join("")}${sum}</tr>`;
    });
    return `<table>${caption}<thead><tr><td></td>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
  }

  /** @type {(preset: Preset) => string} */
  const presetName = ({ numbers, mask }) => `${numbers === "ordinary" ? "ordinary numbers" : numbers}, ${mask}`;

  /** @type {(inputs: Inputs, fault: Fault) => string} */
  function whyHidden({ mask }, { switches, hidesWhen }) {
    const aboutTheMask = !switches.scale && !switches.softmaxOver;
    if (aboutTheMask && !mask) return "No mask is passed, and this mistake is in the use of the mask.";
    const hidesNothing = mask && mask.every((row) => row.every(Boolean));
    return hidesNothing && aboutTheMask && switches.masking !== "add_boolean"
      ? "The mask hides no key, and this mistake is in what happens to hidden ones."
      : hidesWhen;
  }

  /**
   * Everything that depends on the state, as text and HTML by place.
   * @param {State} state
   */
  function view(state) {
    const fault = math.FAULTS.find(({ name }) => name === state.fault) || math.FAULTS[0];
    const right = math.attend(state);
    const wrong = math.attend(state, fault.switches);
    const seen = math.exposure(right, wrong);
    const exposures = math.FAULTS.map(({ switches }) => math.exposure(right, math.attend(state, switches)));
    const caught = exposures.filter((where) => where !== "nowhere").length;
    const all = exposures.length;
    const evidence = facts(state, right, wrong);
    /** @type {Record<string, string>} */
    const results = {};
    for (const step of /** @type {(keyof typeof STEPS)[]} */ (Object.keys(STEPS))) {
      for (const side of SIDES) results[`${step}-${side}`] = resultHtml(step, side, state, right, wrong, fault.switches);
    }
    return {
      fault, right, wrong, seen, exposures, results,
      badge: `${MARKS[seen].mark} ${MARKS[seen].badge}`,
      evidence: seen === "nowhere" ? whyHidden(state, fault) : evidence.join(" "),
      cause: seen === "nowhere" ? "" : fault.cause,
      tally: `This input exposes ${caught} of ${all} mistakes. ${caught === all ? "Nothing hides from it: a good test." : "Can one input expose them all?"}`,
      exposeLabel: `Expose it: ${presetName(fault.exposedBy)}`,
      hideLabel: fault.hiddenBy ? `Hide it: ${presetName(fault.hiddenBy)}` : "Nothing of this shape hides it",
      news: `${MARKS[seen].badge}. ${seen === "nowhere" ? "" : evidence.slice(0, 2).join(" ")} ${caught} of ${all} mistakes exposed.`,
    };
  }

  /**
   * What happens to one query and one key, from step to step.
   * @param {State} state
   * @param {Place} place
   */
  function trace(state, { row, column }) {
    const { right, wrong, fault } = view(state);
    const product = state.query[row].reduce((sum, x, k) => sum + x * state.key[column][k], 0);
    const other = wrong.weights && !fault.switches.swapped ? format(wrong.weights[row][column]) : "none";
    const seen = !state.mask || state.mask[row][column] ? "visible" : "hidden";
    return `q${row + 1} · k${column + 1} = ${format(product)}, scaled ${format(right.scores[row][column])}, ${seen}: weight ${format(/** @type {Matrix} */ (right.weights)[row][column])}, wrong ${other}`;
  }

  return { MARKS, STEPS, format, formula, presetName, resultHtml, trace, view };
})();

/** Makes the figure on the page answer. */
function startAttentionExplorer(/** @type {HTMLElement} */ root) {
  /** @type {typeof import("./attention.js")} */
  const math = /** @type {any} */ (globalThis).AttentionMath;
  const { MARKS, trace, view } = AttentionExplorer;
  const MATRICES = /** @type {const} */ (["query", "key", "value"]);
  /** @type {(selector: string, within?: ParentNode) => HTMLElement[]} */
  const all = (selector, within = root) => Array.from(within.querySelectorAll(selector));
  /** @type {(selector: string) => HTMLElement} */
  const one = (selector) => all(selector)[0];
  /** @type {(element: HTMLElement) => Place} */
  const place = ({ dataset }) => ({ row: Number(dataset.row), column: Number(dataset.column) });

  /** @type {State} */
  let state = { ...math.load(math.START), fault: math.START.fault };
  let newsTimer = 0;

  // ---- From the state to the page ------------------------------------------------------------

  function drawInputs() {
    for (const field of all("input[data-matrix]")) {
      const { row, column } = place(field);
      const input = /** @type {HTMLInputElement} */ (field);
      if (input.type === "checkbox") input.checked = !state.mask || state.mask[row][column];
      else input.value = String(state[/** @type {"query"} */ (input.dataset.matrix)][row][column]);
      input.removeAttribute("aria-invalid");
    }
  }

  function drawPresets() {
    const same = (/** @type {any} */ a, /** @type {any} */ b) => JSON.stringify(a) === JSON.stringify(b);
    for (const button of all("button[data-numbers]")) {
      const numbers = math.NUMBERS[button.dataset.numbers || ""];
      button.setAttribute("aria-pressed", String(MATRICES.every((name) => same(numbers[name], state[name]))));
    }
    for (const button of all("button[data-mask]")) {
      button.setAttribute("aria-pressed", String(same(math.MASKS[button.dataset.mask || ""], state.mask)));
    }
    one("[data-matrix-box=mask]").classList.toggle("is-unused", !state.mask);
  }

  function draw() {
    const seen = view(state);
    for (const [where, html] of Object.entries(seen.results)) {
      const box = one(`[data-result=${where}]`);
      box.innerHTML = html;
      box.classList.toggle("is-turned", where.endsWith("wrong") && Boolean(seen.fault.switches.swapped));
    }
    one("[data-verdict]").dataset.verdict = seen.seen;
    for (const name of /** @type {const} */ (["badge", "cause", "evidence", "tally"])) one(`[data-text=${name}]`).textContent = seen[name];
    one("[data-text=fault]").textContent = seen.fault.name;
    one("[data-load=expose]").textContent = seen.exposeLabel;
    one("[data-load=hide]").textContent = seen.hideLabel;
    /** @type {HTMLButtonElement} */ (one("[data-load=hide]")).disabled = !seen.fault.hiddenBy;
    all("[data-mistake]").forEach((label, i) => {
      const { mark, label: meaning } = MARKS[seen.exposures[i]];
      label.dataset.mistake = seen.exposures[i];
      all("[data-mark]", label)[0].textContent = mark;
      all("[data-meaning]", label)[0].textContent = `(${meaning})`;
    });
    drawPresets();
    clearTimeout(newsTimer);
    newsTimer = window.setTimeout(() => (one("[role=status]").textContent = seen.news), 500);
  }

  /** @type {(part: Partial<State>) => void} */
  function change(part) {
    state = { ...state, ...part };
    drawInputs();
    draw();
  }

  /** Shows the same query and key in every panel. @type {(at: Place | null) => void} */
  function link(at) {
    for (const element of all(".is-linked")) element.classList.remove("is-linked");
    one("[data-text=trace]").textContent = at ? trace(state, at) : one("[data-text=trace]").dataset.hint || "";
    if (!at) return;
    const cell = `[data-row="${at.row}"][data-column="${at.column}"]`;
    const linked = [
      `input[data-matrix=query][data-row="${at.row}"]`,
      `input:is([data-matrix=key], [data-matrix=value])[data-row="${at.column}"]`,
      `input[data-matrix=mask]${cell}`,
      `.explorer-side:not([data-result=output-correct], [data-result=output-wrong], .is-turned) td${cell}`,
      `:is([data-result=output-correct], [data-result=output-wrong]) td[data-row="${at.row}"]`,
    ];
    for (const element of all(linked.join(", "))) element.classList.add("is-linked");
  }

  // ---- From the reader to the state ------------------------------------------------------------

  /** @type {(input: HTMLInputElement) => void} */
  function readNumber(input) {
    const { row, column } = place(input);
    const text = input.value.trim().replace(",", ".").replace("−", "-");
    const number = Number(text);
    const valid = text !== "" && Number.isFinite(number) && Math.abs(number) <= 1e6;
    input.setAttribute("aria-invalid", String(!valid));
    if (!valid) return;
    state[/** @type {"query"} */ (input.dataset.matrix)][row][column] = number;
    draw();
  }

  /** @type {(input: HTMLInputElement) => void} */
  function readMask(input) {
    const { row, column } = place(input);
    const mask = state.mask || math.load({ numbers: "ordinary", mask: "all visible" }).mask || [];
    mask[row][column] = input.checked;
    state.mask = mask;
    draw();
    link({ row, column });
  }

  root.addEventListener("input", ({ target }) => {
    const input = /** @type {HTMLInputElement} */ (target);
    if (input.type === "radio") change({ fault: input.value });
    else if (input.type === "checkbox") readMask(input);
    else readNumber(input);
  });

  root.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLElement} */ (target).closest("button");
    if (!button) return;
    const { numbers, mask, load } = button.dataset;
    const fault = math.FAULTS.find(({ name }) => name === state.fault) || math.FAULTS[0];
    if (numbers) change({ ...math.load({ numbers, mask: "no mask" }), mask: state.mask });
    if (mask) change({ mask: math.load({ numbers: "ordinary", mask }).mask });
    if (load === "expose") change(math.load(fault.exposedBy));
    if (load === "hide" && fault.hiddenBy) change(math.load(fault.hiddenBy));
    if (load === "start") {
      change({ ...math.load(math.START), fault: math.START.fault });
      /** @type {HTMLInputElement} */ (one("input[type=radio]")).checked = true;
    }
  });

  // Each matrix is one stop of the Tab key; arrows move inside it.
  root.addEventListener("keydown", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step || !input.dataset.matrix) return;
    if (input.type === "text" && step[1] && !atEdge(input, step[1])) return;
    event.preventDefault();
    const { row, column } = place(input);
    const next = one(`input[data-matrix=${input.dataset.matrix}][data-row="${row + step[0]}"][data-column="${column + step[1]}"]`);
    if (next) next.focus();
  });

  /** Whether an arrow would leave the text. @type {(input: HTMLInputElement, step: number) => boolean} */
  function atEdge(input, step) {
    const [start, end] = [input.selectionStart || 0, input.selectionEnd || 0];
    if (start !== end) return end - start === input.value.length;
    return step < 0 ? start === 0 : end === input.value.length;
  }

  root.addEventListener("focusin", ({ target }) => {
    const input = /** @type {HTMLInputElement} */ (target);
    if (!input.dataset.matrix) return link(null);
    for (const other of all(`input[data-matrix=${input.dataset.matrix}]`)) other.tabIndex = -1;
    input.tabIndex = 0;
    if (input.type === "text") input.select();
    link(input.dataset.matrix === "mask" ? place(input) : null);
  });

  root.addEventListener("focusout", ({ target }) => {
    const input = /** @type {HTMLInputElement} */ (target);
    if (input.getAttribute("aria-invalid") === "true") drawInputs();
  });

  root.addEventListener("pointerover", ({ target }) => {
    const cell = /** @type {HTMLElement} */ (target).closest("td[data-column], input[data-matrix=mask]");
    if (cell && !cell.closest(".is-turned")) link(place(/** @type {HTMLElement} */ (cell)));
  });
  root.addEventListener("pointerleave", () => link(null));

  for (const input of all("input")) {
    input.removeAttribute("readonly");
    input.removeAttribute("disabled");
  }
  for (const button of all("button")) button.removeAttribute("disabled");
  /** @type {HTMLInputElement} */ (one("input[type=radio]")).checked = true;
  drawInputs();
  draw();
  root.classList.add("is-ready");
}

if (typeof module === "object" && module.exports) module.exports = AttentionExplorer;
else {
  const figure = document.getElementById("attention-explorer");
  if (figure) startAttentionExplorer(figure);
}
