"use strict";
/**
 * Writes tracer.md: the figure in its first state, which is also what a reader without
 * JavaScript or on paper sees. Run after a change: node book/assets/tracer/generate.js
 */

const fs = require("fs");
const path = require("path");
const math = require("./heads.js");
const { MERGE_NAMES, SPLIT_NAMES, START, view } = require("./tracer.js");

const shown = view(START);

/** @type {(kind: "heads" | "split" | "merge", legend: string, names: Record<string, string>) => string} */
function choices(kind, legend, names) {
  const buttons = Object.entries(names).map(
    ([value, name]) => `<button type="button" data-${kind}="${value}" aria-pressed="${value === String(START[kind])}">${name}</button>`,
  );
  return `<div class="explorer-presets" role="group" aria-label="${legend}"><span aria-hidden="true">${legend}</span>
${buttons.join("\n")}
</div>`;
}

const heads = Object.fromEntries(math.HEADS.map((number) => [number, String(number)]));

const html = `<link rel="stylesheet" href="../_static/explorer/explorer.css">
<link rel="stylesheet" href="../_static/tracer/tracer.css">
<figure id="head-tracer" class="explorer tracer" aria-labelledby="tracer-title" aria-describedby="tracer-caption">
<script>document.getElementById("head-tracer").classList.add("is-live");</script>
<div class="explorer-top"><p id="tracer-title">Head tracer</p><button type="button" data-load="start" class="explorer-live">Reset</button></div>
<div class="explorer-live">
${choices("heads", "Heads", heads)}
${choices("split", "Split", SPLIT_NAMES)}
${choices("merge", "Merge", MERGE_NAMES)}
</div>
<div class="explorer-verdict" data-verdict="${shown.kind}">
<p><b data-text="badge">${shown.badge}</b> <span data-text="facts">${shown.facts}</span></p>
<p data-text="trace">${shown.trace}</p>
</div>
<div class="tracer-flow">
<div data-part="input">${shown.html.input}</div>
<div><p class="tracer-heading"><b>in memory</b>, with the head that each number goes to</p><ol class="tracer-memory" data-part="memory">${shown.html.memory}</ol></div>
<div class="tracer-wide"><p class="tracer-heading"><b>split</b> <code data-code="split">${shown.code.split}</code></p><div class="tracer-heads" data-part="heads">${shown.html.heads}</div></div>
<div><p class="tracer-heading"><b>merge</b> <code data-code="merge">${shown.code.merge}</code></p><div data-part="merged">${shown.html.merged}</div></div>
</div>
<p role="status" class="explorer-sr"></p>
<figcaption id="tracer-caption">Four positions, a to d, with six features each: c4 is feature 4 of position c, in every panel. The chosen element has a thick frame; after merging, a dashed frame marks what is not where it was.<span class="explorer-static"> This is a bare view in place of a transpose, with two heads. Where JavaScript runs, you can choose other ways and follow every element.</span></figcaption>
</figure>
<script defer src="../_static/tracer/heads.js"></script>
<script defer src="../_static/tracer/tracer.js" onerror="document.getElementById('head-tracer').classList.remove('is-live')"></script>`;

const page = `<!-- Written by generate.js. Change that file or tracer.js, then run it. -->

(multihead-tracer)=

\`\`\`{raw} html
${html}
\`\`\`
`;

fs.writeFileSync(process.argv[2] || path.join(__dirname, "tracer.md"), page);
