"use strict";
/**
 * Writes explorer.md: the figure in its first state, which is also what a reader without
 * JavaScript or on paper sees. Run after a change: node book/assets/explorer/generate.js
 */

const fs = require("fs");
const path = require("path");
const math = require("./attention.js");
const { MARKS, STEPS, view } = require("./explorer.js");

const state = { ...math.load(math.START), fault: math.START.fault };
const shown = view(state);
const HINT = "Point at a cell, or move through the mask with the arrow keys, to follow one query and one key.";

/** @type {(matrix: string, row: number, column: number) => string} */
const place = (matrix, row, column) =>
  `data-matrix="${matrix}" data-row="${row}" data-column="${column}" tabindex="${row + column ? -1 : 0}"`;

/** @type {(name: string, letter: string, i: number, j: number, x: number) => string} */
const numberField = (name, letter, i, j, x) =>
  `<td><input type="text" ${place(name, i, j)} value="${x}" aria-label="${letter}${i + 1}, number ${j + 1}" autocomplete="off" spellcheck="false" readonly></td>`;

/** @type {(i: number, j: number, visible: boolean) => string} */
const maskField = (i, j, visible) =>
  `<td><input type="checkbox" ${place("mask", i, j)} aria-label="q${i + 1} may see k${j + 1}" ${visible ? "checked " : ""}disabled></td>`;

/** @type {(name: string, title: string, columns: string[], rows: string[]) => string} */
function matrixBox(name, title, columns, rows) {
  const head = columns.map((column) => `<th scope="col">${column}</th>`).join("");
  return `<table class="explorer-matrix" data-matrix-box="${name}"><caption>${title}</caption>
<thead><tr><td></td>${head}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table>`;
}

/** @type {(name: "query" | "key" | "value", title: string, letter: string, column: string) => string} */
function numbersBox(name, title, letter, column) {
  const matrix = state[name];
  const rows = matrix.map((row, i) => `<tr><th scope="row">${letter}${i + 1}</th>${row.map((x, j) => numberField(name, letter, i, j, x)).join("")}</tr>`);
  return matrixBox(name, title, matrix[0].map((_, j) => `${column}${j + 1}`), rows);
}

function maskBox() {
  const mask = state.mask || [];
  const rows = mask.map((row, i) => `<tr><th scope="row">q${i + 1}</th>${row.map((x, j) => maskField(i, j, x)).join("")}</tr>`);
  return matrixBox("mask", "<b>Mask</b> ✓ may attend", mask[0].map((_, j) => `k${j + 1}`), rows);
}

/** @type {(kind: "numbers" | "mask", legend: string, names: string[], pressed: string) => string} */
function presets(kind, legend, names, pressed) {
  const buttons = names.map((name) => `<button type="button" data-${kind}="${name}" aria-pressed="${name === pressed}">${name}</button>`);
  return `<div class="explorer-presets" role="group" aria-label="${legend}"><span aria-hidden="true">${legend}</span>
${buttons.join("\n")}
</div>`;
}

function mistakes() {
  return math.FAULTS.map(({ name }, i) => {
    const where = shown.exposures[i];
    const { mark, label } = MARKS[where];
    return `<label data-mistake="${where}"><input type="radio" name="explorer-mistake" value="${name}"${name === state.fault ? " checked" : ""} disabled><span data-mark aria-hidden="true">${mark}</span><span>${name}</span><span class="explorer-sr" data-meaning>(${label})</span></label>`;
  }).join("\n");
}

function results() {
  return Object.keys(STEPS)
    .map((step) => ["correct", "wrong"].map((side) => `<div class="explorer-side" data-result="${step}-${side}">${shown.results[`${step}-${side}`]}</div>`).join("\n"))
    .join("\n");
}

const html = `<link rel="stylesheet" href="../_static/explorer/explorer.css">
<figure id="attention-explorer" class="explorer" aria-labelledby="explorer-title" aria-describedby="explorer-caption">
<script>document.getElementById("attention-explorer").classList.add("is-live");</script>
<div class="explorer-top"><p id="explorer-title">Attention explorer</p><button type="button" data-load="start" class="explorer-live">Reset</button></div>
<fieldset class="explorer-mistakes explorer-live"><legend>Compare with a wrong implementation <span class="explorer-legend"><span>≠ shows here</span> <span>∂ in the gradient alone</span> <span>= hides</span></span></legend>
<div class="explorer-list">
${mistakes()}
</div>
<p class="explorer-tally"><b data-text="tally">${shown.tally}</b></p>
</fieldset>
<div class="explorer-verdict" data-verdict="${shown.seen}">
<p><b data-text="badge">${shown.badge}</b> <span data-text="evidence">${shown.evidence}</span></p>
<p data-text="cause">${shown.cause}</p>
<div class="explorer-actions explorer-live"><button type="button" data-load="expose">${shown.exposeLabel}</button><button type="button" data-load="hide">${shown.hideLabel}</button></div>
</div>
<div class="explorer-live">
${presets("numbers", "Numbers", Object.keys(math.NUMBERS), math.START.numbers)}
${presets("mask", "Mask", Object.keys(math.MASKS), math.START.mask)}
</div>
<div class="explorer-inputs">
${numbersBox("query", "<b>Query</b> Q", "q", "")}
${numbersBox("key", "<b>Key</b> K", "k", "")}
${numbersBox("value", "<b>Value</b> V", "v", "d")}
${maskBox()}
</div>
<p class="explorer-trace explorer-live" data-text="trace" data-hint="${HINT}">${HINT}</p>
<div class="explorer-results">
<p class="explorer-heading">✓ correct</p>
<p class="explorer-heading">✗ <span data-text="fault">${state.fault}</span></p>
${results()}
</div>
<p role="status" class="explorer-sr"></p>
<figcaption id="explorer-caption">Four queries, five keys: ✓ is correct attention, ✗ a wrong implementation on the same numbers. An outlined number differs from the correct one by more than a millionth, ⚠ marks a row sum that should be different, and the shading of a weight grows with it.<span class="explorer-static"> Where JavaScript runs, you can change every number and choose among ${math.FAULTS.length} wrong implementations.</span></figcaption>
</figure>
<script defer src="../_static/explorer/attention.js"></script>
<script defer src="../_static/explorer/explorer.js" onerror="document.getElementById('attention-explorer').classList.remove('is-live')"></script>`;

const page = `<!-- Written by generate.js. Change that file or explorer.js, then run it. -->

(attention-explorer)=

\`\`\`{raw} html
${html}
\`\`\`
`;

fs.writeFileSync(process.argv[2] || path.join(__dirname, "explorer.md"), page);
