"use strict";
/**
 * Writes online.md: the figure in its first state, which is also what a reader without
 * JavaScript or on paper sees. Run after a change: node book/assets/online/generate.js
 */

const fs = require("fs");
const path = require("path");
const { SCORES, SIZES, START, tiles, chart, table, summary } = require("./online.js");

/** @type {(label: string, options: (string | number)[], chosen: string | number) => string} */
const select = (label, options, chosen) =>
  `<label>${label} <select disabled>${options.map((each) => `<option value="${each}"${each === chosen ? " selected" : ""}>${each}</option>`).join("")}</select></label>`;

const last = tiles(START.size);
const html = `<link rel="stylesheet" href="../_static/online/online.css">
<figure id="online-softmax" class="online" aria-labelledby="online-title" aria-describedby="online-caption">
<script>document.getElementById("online-softmax").classList.add("is-live");</script>
<p id="online-title">One row of scores, read in tiles</p>
<div class="online-controls online-live">
${select("order of the scores", Object.keys(SCORES), START.order)}
${select("block size", SIZES, START.size)}
<label class="online-read">tiles read <b data-part="value">${START.read} of ${last}</b><input type="range" min="0" max="${last}" value="${START.read}" aria-label="tiles read" disabled></label>
</div>
<div data-part="chart">${chart(START)}</div>
<div data-part="table">${table(START)}</div>
<p class="online-said" role="status" data-part="said">${summary(START)}</p>
<figcaption id="online-caption">Twelve scores between 0 and 6; the value of a key is its place, from 0 to 11. Filled bars are keys of tiles that were read, those with a heavy frame belong to the last tile, empty ones are still to come. The version that does not rescale gives each tile a weight as if it were the last.<span class="online-static"> Where JavaScript runs, you can choose the order and the block size, and go from tile to tile.</span></figcaption>
</figure>
<script defer src="../_static/online/online.js" onerror="document.getElementById('online-softmax').classList.remove('is-live')"></script>`;

const page = `<!-- Written by generate.js. Change that file or online.js, then run it. -->

(online-softmax-figure)=

\`\`\`{raw} html
${html}
\`\`\`
`;

fs.writeFileSync(process.argv[2] || path.join(__dirname, "online.md"), page);
