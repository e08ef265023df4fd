// Which rows of the grid a window shows, and where they stand.
import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsIn, placesAround, rowHeight, rowsAround, rowsSeen, scrollFor } from "rollcall/label-grid-geometry";

test("a phone has as many columns as the size says, a wider window as many as fit", () => {
  assert.deepEqual(
    ["small", "medium", "large"].map((size) => columnsIn(519, size)),
    [4, 3, 2],
  );
  assert.equal(columnsIn(520, "large"), 2);
  assert.equal(columnsIn(1280, "medium"), 8);
});

test("tiles never become smaller than their size allows", () => {
  for (const [size, least] of Object.entries({ small: 104, medium: 152, large: 224 }))
    for (let width = 520; width < 3000; width += 37) {
      const columns = columnsIn(width, size);
      const tile = (width - 8 * (columns - 1)) / columns;
      assert.ok(tile >= Math.min(least, (width - 8) / 2), `${size} at ${width}: ${tile}`);
    }
});

test("pictures are square, with words and a gap below", () => {
  assert.equal(rowHeight(800, 5), 153 + 30 + 8);
});

test("the rows that a window touches are seen", () => {
  const rows = (top) => rowsSeen({ top, height: 100, windowHeight: 250, rowCount: 50 });
  assert.deepEqual(rows(0), [0, 3]);
  assert.deepEqual(rows(-150), [1, 4]);
  assert.deepEqual(rows(200), [0, 1], "the grid begins far down");
  assert.deepEqual(rows(-4900), [49, 49], "at the end there are no more");
});

test("nothing is seen of a grid without tiles or before it was measured", () => {
  assert.deepEqual(rowsSeen({ top: 0, height: 100, windowHeight: 500, rowCount: 0 }), [0, -1]);
  assert.deepEqual(rowsSeen({ top: 0, height: undefined, windowHeight: 500, rowCount: 9 }), [0, -1]);
});

test("a few rows around exist as well, but none beyond the ends", () => {
  assert.deepEqual(rowsAround([10, 14], 50), [8, 16]);
  assert.deepEqual(rowsAround([0, 3], 50), [0, 5]);
  assert.deepEqual(rowsAround([47, 49], 50), [45, 49]);
  assert.deepEqual(rowsAround([0, -1], 0), [0, -1]);
});

test("the places of those rows, whole rows at a time", () => {
  assert.deepEqual(placesAround([10, 14], 6), [48, 101]);
});

test("one scrolls only as far as needed", () => {
  const by = (top, isCentred = false) => scrollFor({ top, height: 100, below: 500, isCentred });
  assert.equal(by(200), 0);
  assert.equal(by(8), 0);
  assert.equal(by(-50), -58, "up until the gap above is seen too");
  assert.equal(by(450), 50, "down until it stands above the bar");
  assert.equal(by(700, true), 500, "into the middle");
});
