// The time axis: marks that people can read, and a zoom that keeps the moment where it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { following, marks, mostZoom, within, zoomed } from "rollcall/axis-scale";

test("marks are round moments with room between them", () => {
  assert.deepEqual(marks(0, 3734, 900), [0, 600, 1200, 1800, 2400, 3000]);
  assert.deepEqual(marks(0, 4.4, 900), [0, 1, 2, 3, 4]);
  assert.deepEqual(marks(61, 75, 300), [65, 70], "the words at the very end would be cut off");
  for (const width of [240, 900, 1500])
    for (const length of [3, 59, 600, 7200, 200_000])
      assert.ok(marks(0, length, width).length <= width / 84 + 1, `${length} s on ${width} px`);
});

test("the visible part stays within the video", () => {
  assert.equal(within(-1, 4), 0);
  assert.equal(within(0.9, 4), 0.75);
  assert.equal(within(0.3, 1), 0);
  assert.equal(mostZoom(3), 1);
  assert.equal(mostZoom(40), 10);
  assert.equal(mostZoom(7200), 64);
});

test("zooming leaves the moment where it is on the screen", () => {
  const view = zoomed({ zoom: 1, from: 0 }, 4, 0.5);
  assert.equal((0.5 - view.from) * view.zoom, 0.5);
  assert.deepEqual(zoomed(view, 1, 0.5), { zoom: 1, from: 0 });
  const away = zoomed({ zoom: 4, from: 0 }, 8, 0.9);
  assert.ok(away.from <= 0.9 && 0.9 <= away.from + 1 / 8);
});

test("the view follows the moment only out of sight", () => {
  const view = { zoom: 4, from: 0.25 };
  assert.equal(following(view, 0.4), view);
  const next = following(view, 0.6);
  assert.ok(next.from <= 0.6 && 0.6 <= next.from + 1 / 4);
  assert.equal(following(view, 1).from, 0.75);
});
