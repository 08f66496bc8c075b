"use strict";
/**
 * Attention explorer: the arithmetic, the wrong implementations and the inputs that expose or hide them.
 *
 * Pure functions on nested arrays in float64; nothing here knows the page. Chapter: book/attention.md.
 * The names of the wrong implementations are those of the autograder's fault model, and a test
 * compares every one of them with it. Masks are boolean and true means "may attend".
 */

/** @typedef {number[][]} Matrix rows of equal length */
/** @typedef {boolean[][] | null} Mask (queries, keys), true = may attend; null = no mask was passed */
/**
 * @typedef {object} Switches how one implementation departs from the correct one
 * @property {"root_d" | "none" | "d" | "root_keys" | "times_root_d"} scale
 * @property {"keys" | "queries"} softmaxOver
 * @property {"fill" | "add" | "add_boolean" | "after" | "ignored"} masking how hidden scores are treated
 * @property {number} fill what hidden scores become
 * @property {boolean} flipped true hides instead of showing
 * @property {boolean} keepsNaN a row without visible keys stays NaN
 * @property {boolean} swapped K Qᵀ in place of Q Kᵀ
 */
/**
 * @typedef {object} Steps every intermediate result; null from the step on which torch would stop
 * @property {Matrix} scores
 * @property {Matrix | null} masked
 * @property {Matrix | null} weights
 * @property {Matrix | null} output
 * @property {Matrix | null} gradient d(sum of the output) / d(q · k)
 * @property {string} error why it stopped, or ""
 */
/** @typedef {{query: Matrix, key: Matrix, value: Matrix, mask: Mask}} Inputs */
/** @typedef {{numbers: string, mask: string}} Preset */
/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {Partial<Switches>} switches
 * @property {string} cause what the code does, and what follows
 * @property {string} hidesWhen the inputs that cannot tell it from correct code
 * @property {Preset} exposedBy
 * @property {Preset | null} hiddenBy
 */

var AttentionMath = (() => {
  /** Numbers closer than this count as equal, relative to those above 1. */
  const TOLERANCE = 1e-6;

  /** @type {Switches} */
  const CORRECT = {
    scale: "root_d",
    softmaxOver: "keys",
    masking: "fill",
    fill: -Infinity,
    flipped: false,
    keepsNaN: false,
    swapped: false,
  };

  /** @type {(a: Matrix) => Matrix} */
  const transpose = (a) => a[0].map((_, j) => a.map((row) => row[j]));
  /** @type {(a: Matrix, b: Matrix) => Matrix} */
  const matmul = (a, b) =>
    a.map((row) => b[0].map((_, j) => row.reduce((sum, x, k) => sum + x * b[k][j], 0)));
  /** @type {(a: Matrix, f: (x: number, i: number, j: number) => number) => Matrix} */
  const mapCells = (a, f) => a.map((row, i) => row.map((x, j) => f(x, i, j)));
  /** @type {(a: Matrix) => string} */
  const shape = (a) => `${a.length} × ${a[0].length}`;

  /**
   * Softmax over each row; a row of nothing but −∞ gives NaN, as in torch.
   * @param {Matrix} a
   * @returns {Matrix}
   */
  function softmaxRows(a) {
    return a.map((row) => {
      const top = Math.max(...row);
      const powers = row.map((x) => Math.exp(x - top));
      const total = powers.reduce((sum, x) => sum + x, 0);
      return powers.map((x) => x / total);
    });
  }

  /**
   * The gradient before a row softmax, from the one behind it.
   * @param {Matrix} weights the softmax's result
   * @param {Matrix} gradient with respect to that result
   * @returns {Matrix}
   */
  function softmaxRowsBackward(weights, gradient) {
    return weights.map((row, i) => {
      const mean = row.reduce((sum, w, j) => sum + w * gradient[i][j], 0);
      return row.map((w, j) => w * (gradient[i][j] - mean));
    });
  }

  /** @type {(scale: Switches["scale"], d: number, numKeys: number) => number} */
  function scaleFactor(scale, d, numKeys) {
    if (scale === "none") return 1;
    if (scale === "d") return 1 / d;
    if (scale === "root_keys") return 1 / Math.sqrt(numKeys);
    return scale === "times_root_d" ? Math.sqrt(d) : 1 / Math.sqrt(d);
  }

  /** @type {(scores: Matrix, visible: Mask, how: Switches) => Matrix} */
  function maskScores(scores, visible, how) {
    if (!visible || how.masking === "after" || how.masking === "ignored") return scores;
    return mapCells(scores, (x, i, j) => {
      if (how.masking === "add_boolean") return x + (visible[i][j] ? 1 : 0);
      if (how.masking === "add") return visible[i][j] ? x : -Infinity;
      return visible[i][j] ? x : how.fill;
    });
  }

  /**
   * Everything an implementation computes on the way to its output.
   * @param {Inputs} inputs
   * @param {Partial<Switches>} [switches]
   * @returns {Steps}
   */
  function attend({ query, key, value, mask }, switches = {}) {
    const how = { ...CORRECT, ...switches };
    const factor = scaleFactor(how.scale, query[0].length, key.length);
    const [left, right] = how.swapped ? [key, query] : [query, key];
    const scores = mapCells(matmul(left, transpose(right)), (x) => x * factor);
    const stopped = { scores, masked: null, weights: null, output: null, gradient: null };
    if (mask && (mask.length !== scores.length || mask[0].length !== scores[0].length)) {
      return { ...stopped, error: `the ${shape(/** @type {any} */ (mask))} mask does not fit ${shape(scores)} scores` };
    }
    const visible = mask && how.flipped ? mask.map((row) => row.map((x) => !x)) : mask;
    const masked = maskScores(scores, visible, how);
    const turn = how.softmaxOver === "queries" ? transpose : (/** @type {Matrix} */ a) => a;
    const raw = turn(softmaxRows(turn(masked)));
    const weights = mapCells(raw, (w, i, j) => {
      const kept = Number.isNaN(w) && !how.keepsNaN ? 0 : w;
      return how.masking === "after" && visible ? kept * (visible[i][j] ? 1 : 0) : kept;
    });
    if (weights[0].length !== value.length) {
      const error = `${shape(weights)} weights do not fit ${shape(value)} values`;
      return { ...stopped, masked, weights, error };
    }
    const gradient = turn(softmaxRowsBackward(turn(raw), turn(weightGradient(raw, value, visible, how))));
    return {
      scores,
      masked,
      weights,
      output: matmul(weights, value),
      // A fill passes no gradient to the score that it replaced; an addition does, NaN included.
      gradient: mapCells(gradient, (g, i, j) =>
        how.masking === "fill" && visible && !visible[i][j] ? 0 : g * factor,
      ),
      error: "",
    };
  }

  /** @type {(raw: Matrix, value: Matrix, visible: Mask, how: Switches) => Matrix} */
  function weightGradient(raw, value, visible, how) {
    return mapCells(raw, (w, i, j) => {
      const replaced = Number.isNaN(w) && !how.keepsNaN;
      const hiddenAfterwards = how.masking === "after" && visible && !visible[i][j];
      return replaced || hiddenAfterwards ? 0 : value[j].reduce((sum, x) => sum + x, 0);
    });
  }

  /** @type {(a: number, b: number) => boolean} */
  function differs(a, b) {
    if (Object.is(a, b) || a === b) return false;
    if (!Number.isFinite(a) || !Number.isFinite(b)) return true;
    return Math.abs(a - b) > TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));
  }

  /** @type {(a: Matrix | null, b: Matrix | null) => boolean} */
  function matricesDiffer(a, b) {
    if (!a || !b || shape(a) !== shape(b)) return a !== b;
    return a.some((row, i) => row.some((x, j) => differs(x, b[i][j])));
  }

  /**
   * Where two runs first part for a reader of the results.
   * @param {Steps} right
   * @param {Steps} wrong
   * @returns {"weights" | "gradient" | "nowhere"} "weights" includes an output that differs or is missing
   */
  function exposure(right, wrong) {
    if (matricesDiffer(right.weights, wrong.weights)) return "weights";
    if (matricesDiffer(right.output, wrong.output)) return "weights";
    return matricesDiffer(right.gradient, wrong.gradient) ? "gradient" : "nowhere";
  }

  /** @type {(a: Matrix) => number[]} */
  const rowSums = (a) => a.map((row) => row.reduce((sum, x) => sum + x, 0));
  /** @type {(mask: Mask, row: number) => boolean} */
  const seesNothing = (mask, row) => mask !== null && !mask[row].some(Boolean);

  const NUM_QUERIES = 4;
  const NUM_KEYS = 5;
  /** @type {(rule: (i: number, j: number) => boolean) => boolean[][]} */
  const maskOf = (rule) =>
    Array.from({ length: NUM_QUERIES }, (_, i) => Array.from({ length: NUM_KEYS }, (_, j) => rule(i, j)));

  const ORDINARY = {
    query: [[0.5, -1.2, 0.8], [1.5, 0.3, -0.6], [-0.4, 1.1, 0.9], [0.2, -0.7, -1.4]],
    key: [[1, 0.6, -0.5], [-0.8, 1.3, 0.4], [0.7, -0.8, 1.2], [0.1, 0.5, -1.1], [-1.4, -0.2, 0.6]],
    value: [[1, 0], [-2, -1], [-1, 3], [0.5, 2], [4, 1]],
  };
  /** @type {Record<string, Omit<Inputs, "mask">>} */
  const NUMBERS = {
    "ordinary": ORDINARY,
    "large logits": { ...ORDINARY, query: mapCells(ORDINARY.query, (x) => Math.round(x * 1000)) },
    "all scores equal": { ...ORDINARY, query: mapCells(ORDINARY.query, () => 0) },
  };
  /** @type {Record<string, Mask>} */
  const MASKS = {
    "no mask": null,
    "all visible": maskOf(() => true),
    "causal": maskOf((i, j) => j <= i + NUM_KEYS - NUM_QUERIES),
    "padding": maskOf((_, j) => j < NUM_KEYS - 1),
    "an empty row": maskOf((i) => i !== 2),
  };
  const START = { numbers: "ordinary", mask: "causal", fault: "softmax over the queries" };

  /** @type {(preset: Preset) => Inputs} */
  function load({ numbers, mask }) {
    const { query, key, value } = NUMBERS[numbers];
    const copy = (/** @type {any[][]} */ a) => a.map((row) => [...row]);
    const chosen = MASKS[mask];
    return { query: copy(query), key: copy(key), value: copy(value), mask: chosen && copy(chosen) };
  }

  const SCALE_HIDES = "It hides where one key wins by so much that its weight is 1 at any scale";
  const FILL_CAUSE = "With everything hidden all fills are equal, so the softmax shares the weight evenly among keys that may not be seen";
  /** @type {Fault[]} */
  const FAULTS = [
    {
      name: "softmax over the queries",
      switches: { softmaxOver: "queries" },
      cause: "The softmax runs down the columns: queries compete for each key, and each column sums to 1 instead of each row.",
      hidesWhen: "It hides where the scores are all equal and as many keys as queries are visible.",
      exposedBy: { numbers: "ordinary", mask: "no mask" },
      hiddenBy: { numbers: "all scores equal", mask: "padding" },
    },
    {
      name: "scores are not scaled",
      switches: { scale: "none" },
      cause: "The scores are not divided by √3, so they lie too far apart and the weights are too sharp.",
      hidesWhen: `${SCALE_HIDES}, or where all scores of a row are equal.`,
      exposedBy: { numbers: "ordinary", mask: "no mask" },
      hiddenBy: { numbers: "large logits", mask: "no mask" },
    },
    {
      name: "scores are divided by d_head, not by its root",
      switches: { scale: "d" },
      cause: "The scores are divided by d_head = 3 instead of √3, so they lie too close and the weights are too flat.",
      hidesWhen: `${SCALE_HIDES}, or where all scores of a row are equal.`,
      exposedBy: { numbers: "ordinary", mask: "no mask" },
      hiddenBy: { numbers: "large logits", mask: "no mask" },
    },
    {
      name: "scores are scaled by the number of keys",
      switches: { scale: "root_keys" },
      cause: "The scores are divided by √5, from the number of keys: the weights become flatter as the sequence grows.",
      hidesWhen: `${SCALE_HIDES}, or where there are as many keys as dimensions.`,
      exposedBy: { numbers: "ordinary", mask: "no mask" },
      hiddenBy: { numbers: "large logits", mask: "no mask" },
    },
    {
      name: "scores are multiplied by the root of d_head",
      switches: { scale: "times_root_d" },
      cause: "The scores are multiplied by √3 where they should be divided: they lie 3 times too far apart.",
      hidesWhen: `${SCALE_HIDES}, or where all scores of a row are equal.`,
      exposedBy: { numbers: "ordinary", mask: "no mask" },
      hiddenBy: { numbers: "large logits", mask: "no mask" },
    },
    {
      name: "query and key are swapped",
      switches: { swapped: true },
      cause: "K Qᵀ has a row for each key, where there should be one for each query.",
      hidesWhen: "It can hide only where there are as many queries as keys. That is why a test should never be square.",
      exposedBy: { numbers: "ordinary", mask: "no mask" },
      hiddenBy: null,
    },
    {
      name: "the mask is read the wrong way round",
      switches: { flipped: true },
      cause: "True was read as “hide”: each query attends to exactly the keys that it may not see.",
      hidesWhen: "It hides as long as nobody passes a mask.",
      exposedBy: { numbers: "ordinary", mask: "causal" },
      hiddenBy: { numbers: "ordinary", mask: "no mask" },
    },
    {
      name: "the mask is ignored",
      switches: { masking: "ignored" },
      cause: "Hidden keys are treated like all others: a causal model would read its own answers.",
      hidesWhen: "It hides as long as the mask hides nothing.",
      exposedBy: { numbers: "ordinary", mask: "causal" },
      hiddenBy: { numbers: "ordinary", mask: "all visible" },
    },
    {
      name: "the mask is applied after the softmax",
      switches: { masking: "after" },
      cause: "Hidden keys took their share before they were set to 0, so what is left of the row sums to less than 1.",
      hidesWhen: "It hides where a row sees every key, or none.",
      exposedBy: { numbers: "ordinary", mask: "causal" },
      hiddenBy: { numbers: "ordinary", mask: "an empty row" },
    },
    {
      name: "masked scores are set to 0",
      switches: { fill: 0 },
      cause: "A score of 0 does not mean “never”: e⁰ = 1, so hidden keys keep a share, even a large one where visible scores are negative.",
      hidesWhen: "It hides where nothing is hidden, or where the visible scores tower above 0.",
      exposedBy: { numbers: "ordinary", mask: "causal" },
      hiddenBy: { numbers: "ordinary", mask: "all visible" },
    },
    {
      name: "masked scores are set to -20",
      switches: { fill: -20 },
      cause: "−20 is low only among small scores: next to visible scores of −500 the hidden keys win the softmax.",
      hidesWhen: "It hides among small scores, where e⁻²⁰ = 0.000000002 is lost in the rounding, unless a row is empty.",
      exposedBy: { numbers: "large logits", mask: "causal" },
      hiddenBy: { numbers: "ordinary", mask: "causal" },
    },
    {
      name: "masked scores are set to -1e4",
      switches: { fill: -1e4 },
      cause: `${FILL_CAUSE}.`,
      hidesWhen: "It hides where every query sees some key, unless scores go below −10,000.",
      exposedBy: { numbers: "ordinary", mask: "an empty row" },
      hiddenBy: { numbers: "large logits", mask: "causal" },
    },
    {
      name: "masked scores are set to -1e9",
      switches: { fill: -1e9 },
      cause: `${FILL_CAUSE}. In float16, −1e9 does not even fit.`,
      hidesWhen: "It hides where every query sees some key.",
      exposedBy: { numbers: "ordinary", mask: "an empty row" },
      hiddenBy: { numbers: "large logits", mask: "causal" },
    },
    {
      name: "the boolean mask is added to the scores",
      switches: { masking: "add_boolean" },
      cause: "True adds 1 to a score and False adds 0, so a hidden key only loses a factor e = 2.718 against the others.",
      hidesWhen: "It hides where nothing is hidden: 1 is added everywhere, and the softmax does not notice.",
      exposedBy: { numbers: "ordinary", mask: "causal" },
      hiddenBy: { numbers: "ordinary", mask: "all visible" },
    },
    {
      name: "adding -inf makes the gradient NaN",
      switches: { masking: "add" },
      cause: "The weights are right, but an addition passes on the NaN gradient of an empty row, which a fill stops. From there it reaches every key.",
      hidesWhen: "It hides where every query sees some key, and from everyone who never calls backward.",
      exposedBy: { numbers: "ordinary", mask: "an empty row" },
      hiddenBy: { numbers: "ordinary", mask: "causal" },
    },
    {
      name: "a query that sees nothing gets NaN",
      switches: { keepsNaN: true },
      cause: "The softmax of nothing but −∞ is 0 / 0. A query that may see nothing should get zeros.",
      hidesWhen: "It hides where every query sees some key.",
      exposedBy: { numbers: "ordinary", mask: "an empty row" },
      hiddenBy: { numbers: "ordinary", mask: "causal" },
    },
  ];

  return {
    CORRECT, FAULTS, MASKS, NUMBERS, START, TOLERANCE,
    attend, differs, exposure, load, rowSums, seesNothing,
  };
})();

if (typeof module === "object" && module.exports) module.exports = AttentionMath;
