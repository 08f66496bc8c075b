"use strict";
/**
 * Alignment explorer: choose a date and a character of the output, see which characters of the
 * source the model attended to, and which ones decide. Written by generate.py beside this file.
 *
 * @typedef {{ label: string, source: string, output: string, right: string, truth: string[], heads: Record<string, string[]> }} Example
 */

const AlignmentExplorer = (() => {
  const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

  /** Reads a row of weights, each kept as one character. @type {(row: string) => number[]} */
  const weights = (row) => [...row].map((sign) => DIGITS.indexOf(sign) / 35);

  /** @type {(sign: string) => string} */
  const visible = (sign) => (/\s/.test(sign) ? "␣" : sign);

  /** @type {(share: number) => string} */
  const percent = (share) => `${Math.round(100 * share)} %`;

  /** Says in words what the figure shows. @type {(example: Example, head: string, row: number) => string} */
  function words(example, head, row) {
    const signs = [...example.source].map(visible);
    const seen = weights(example.heads[head][row]);
    const total = seen.reduce((sum, weight) => sum + weight, 0) || 1;
    const first = seen.indexOf(Math.max(...seen));
    const decides = [...example.truth[row]].map((sign) => sign === "1");
    const written = `Character ${row + 1} of the output, “${example.output[row]}”`;
    const wrong = example.output[row] === example.right[row] ? "" : ` (wrong: it should be “${example.right[row]}”)`;
    const looks = `looks most at “${signs[first]}”, with ${percent(seen[first] / total)} of the weight`;
    if (!decides.includes(true)) return `${written}${wrong}, ${looks}. Nothing in the source decides it.`;
    const inside = seen.reduce((sum, weight, i) => sum + (decides[i] ? weight : 0), 0) / total;
    const deciding = signs.filter((_, i) => decides[i]).join("");
    return `${written}${wrong}, ${looks}. “${deciding}” decides it and gets ${percent(inside)}.`;
  }

  return { weights, visible, words };
})();

/** @type {(root: HTMLElement) => void} */
function startAlignmentExplorer(root) {
  /** @type {(selector: string) => any} */
  const one = (selector) => root.querySelector(selector);
  /** @type {Example[]} */
  const examples = JSON.parse(one("script[type='application/json']").textContent);
  const [pick, heads, target, source] = ["[data-pick=date]", "[data-pick=head]", ".alignment-target", ".alignment-source"].map(one);
  let row = 0;

  const example = () => examples[pick.selectedIndex];

  function drawTarget() {
    target.replaceChildren(
      ...[...example().output].map((sign, i) => {
        const button = document.createElement("button");
        button.type = "button";
        button.setAttribute("role", "radio");
        button.textContent = sign;
        button.dataset.row = String(i);
        button.classList.toggle("is-wrong", sign !== example().right[i]);
        return button;
      }),
    );
  }

  function draw() {
    const seen = AlignmentExplorer.weights(example().heads[heads.value][row]);
    source.replaceChildren(
      ...[...example().source].map((sign, i) => {
        const column = document.createElement("span");
        const bar = document.createElement("i");
        const letter = document.createElement("b");
        column.style.setProperty("--weight", String(seen[i]));
        column.classList.toggle("is-truth", example().truth[row][i] === "1");
        letter.textContent = AlignmentExplorer.visible(sign);
        column.append(bar, letter);
        return column;
      }),
    );
    for (const button of target.children) {
      const chosen = Number(button.dataset.row) === row;
      button.setAttribute("aria-checked", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
    one("[data-text=says]").textContent = AlignmentExplorer.words(example(), heads.value, row);
  }

  /** @type {(next: number, focus?: boolean) => void} */
  function choose(next, focus = false) {
    row = (next + target.children.length) % target.children.length;
    draw();
    if (focus) target.children[row].focus();
  }

  pick.addEventListener("change", () => {
    drawTarget();
    choose(Math.min(row, example().output.length - 1));
  });
  heads.addEventListener("change", draw);
  /** @type {(event: Event) => void} */
  const touched = ({ target: place }) => {
    const button = /** @type {HTMLElement} */ (place).closest("button");
    if (button) choose(Number(button.dataset.row));
  };
  target.addEventListener("click", touched);
  target.addEventListener("pointerover", touched);
  target.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const edge = { Home: 0, End: target.children.length - 1 }[event.key];
    if (step === undefined && edge === undefined) return;
    event.preventDefault();
    choose(edge === undefined ? row + Number(step) : edge, true);
  });

  drawTarget();
  choose(5);
  root.classList.add("is-ready");
}

if (typeof module === "object" && module.exports) module.exports = AlignmentExplorer;
else {
  const figure = document.getElementById("alignment-explorer");
  if (figure) startAlignmentExplorer(figure);
}
