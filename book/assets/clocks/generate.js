"use strict";
/**
 * Writes clocks.md: the figure in its first state, which is also what a reader without
 * JavaScript or on paper sees. Run after a change: node book/assets/clocks/generate.js
 */

const fs = require("fs");
const path = require("path");
const { LAST, START, dials, table, chart } = require("./clocks.js");

/** @type {(name: "i" | "j", label: string) => string} */
const slider = (name, label) =>
  `<label><span><span class="clocks-swatch clocks-${name === "i" ? "query" : "key"}" aria-hidden="true"></span>${label} <b data-part="value-${name}">${START[name]}</b></span><input type="range" name="${name}" min="0" max="${LAST}" value="${START[name]}" aria-label="${label}" disabled></label>`;

const html = `<link rel="stylesheet" href="../_static/clocks/clocks.css">
<figure id="position-clocks" class="clocks" aria-labelledby="clocks-title" aria-describedby="clocks-caption">
<script>document.getElementById("position-clocks").classList.add("is-live");</script>
<div class="clocks-top"><p id="clocks-title">Two positions on eight clocks</p><button type="button" class="clocks-live">Reset</button></div>
<div class="clocks-controls clocks-live">
${slider("i", "query position i")}
${slider("j", "key position j")}
<label class="clocks-together"><input type="checkbox" name="together" checked disabled> <span>keep the distance: move both</span></label>
</div>
<div class="clocks-dials" data-part="dials">${dials(START)}</div>
<div class="clocks-table" data-part="table">${table(START, START)}</div>
<div class="clocks-chart" data-part="chart">${chart(START)}</div>
<p class="clocks-said" role="status" data-part="said"></p>
<figcaption id="clocks-caption">Query at i (solid hand), key at j (dashed hand). Each clock is one pair of columns; the tip of a hand is (sine, cosine). Below: the scores of this query with a key at every position. Move both, and the angle between the two hands stays on every clock: the dot product of the encodings and the score of RoPE do not change, and the score of added encodings does.<span class="clocks-static"> Where JavaScript runs, you can move both positions.</span></figcaption>
</figure>
<script defer src="../_static/clocks/clocks.js" onerror="document.getElementById('position-clocks').classList.remove('is-live')"></script>`;

const page = `<!-- Written by generate.js. Change that file or clocks.js, then run it. -->

(position-clocks)=

\`\`\`{raw} html
${html}
\`\`\`
`;

fs.writeFileSync(process.argv[2] || path.join(__dirname, "clocks.md"), page);
