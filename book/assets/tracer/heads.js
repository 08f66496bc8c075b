"use strict";
/**
 * Head tracer: where each element goes when heads are split and merged. No drawing here.
 *
 * An element has a position and a feature; in a head it has a head, a row and a column. The
 * functions say where it goes for sizes that they are given; torch says the same in
 * tests/book/test_tracer_arithmetic.py.
 */

/** @typedef {{length: number, width: number, heads: number}} Sizes */
/** @typedef {{position: number, feature: number}} Element */
/** @typedef {{head: number, row: number, column: number}} Place */
/** @typedef {"transposed" | "view" | "interleaved"} Way */

var HeadMath = (() => {
  const WAYS = /** @type {const} */ (["transposed", "view", "interleaved"]);
  const LENGTH = 4;
  const WIDTH = 6;
  const HEADS = [1, 2, 3, 6];

  /** @type {Record<Way, (element: Element, sizes: Sizes) => Place>} */
  const SPLIT = {
    transposed: ({ position, feature }, { width, heads }) => {
      const wide = width / heads;
      return { head: Math.floor(feature / wide), row: position, column: feature % wide };
    },
    view: ({ position, feature }, { length, width, heads }) => {
      const wide = width / heads;
      const memory = position * width + feature;
      return { head: Math.floor(memory / (length * wide)), row: Math.floor(memory / wide) % length, column: memory % wide };
    },
    interleaved: ({ position, feature }, { heads }) => ({ head: feature % heads, row: position, column: Math.floor(feature / heads) }),
  };

  /** @type {Record<Way, (place: Place, sizes: Sizes) => Element>} */
  const MERGE = {
    transposed: ({ head, row, column }, { width, heads }) => ({ position: row, feature: (head * width) / heads + column }),
    view: ({ head, row, column }, { length, width, heads }) => {
      const wide = width / heads;
      const memory = (head * length + row) * wide + column;
      return { position: Math.floor(memory / width), feature: memory % width };
    },
    interleaved: ({ head, row, column }, { heads }) => ({ position: row, feature: column * heads + head }),
  };

  /** All elements, in the order in which they lie in memory. @type {(sizes: Sizes) => Element[]} */
  const elements = ({ length, width }) =>
    Array.from({ length: length * width }, (_, memory) => ({ position: Math.floor(memory / width), feature: memory % width }));

  /**
   * Which element stands at each place of each head.
   * @type {(way: Way, sizes: Sizes) => Element[][][]}
   */
  function splitHeads(way, sizes) {
    const { length, width, heads } = sizes;
    const split = Array.from({ length: heads }, () => Array.from({ length }, () => Array(width / heads)));
    for (const element of elements(sizes)) {
      const { head, row, column } = SPLIT[way](element, sizes);
      split[head][row][column] = element;
    }
    return split;
  }

  /**
   * Which element stands at each position and feature after splitting and merging.
   * @type {(split: Way, merge: Way, sizes: Sizes) => Element[][]}
   */
  function roundTrip(split, merge, sizes) {
    const { length, width } = sizes;
    const merged = Array.from({ length }, () => Array(width));
    for (const element of elements(sizes)) {
      const { position, feature } = MERGE[merge](SPLIT[split](element, sizes), sizes);
      merged[position][feature] = element;
    }
    return merged;
  }

  /** The different values of a list, in order. @type {(values: number[]) => number[]} */
  const different = (values) => [...new Set(values)].sort((a, b) => a - b);

  /**
   * What can be said of a split: what each head holds, and whether a row is a piece of one position.
   * @param {Way} way
   * @param {Sizes} sizes
   */
  function holds(way, sizes) {
    const split = splitHeads(way, sizes);
    return {
      positions: split.map((head) => different(head.flat().map(({ position }) => position))),
      features: split.map((head) => different(head.flat().map(({ feature }) => feature))),
      rowsInPlace: split.flat().filter((row, i) => row.every(({ position }) => position === i % sizes.length)).length,
    };
  }

  /**
   * How many elements come back to where they started.
   * @type {(split: Way, merge: Way, sizes: Sizes) => number}
   */
  const home = (split, merge, sizes) =>
    roundTrip(split, merge, sizes).flatMap((row, position) => row.filter((element, feature) => element.position === position && element.feature === feature)).length;

  return { HEADS, LENGTH, MERGE, SPLIT, WAYS, WIDTH, elements, holds, home, roundTrip, splitHeads };
})();

if (typeof module === "object" && module.exports) module.exports = HeadMath;
else /** @type {any} */ (globalThis).HeadMath = HeadMath;
