// Labels of boxes: never on a face, never on one another, and steady from frame to frame.
import assert from "node:assert/strict";
import { test } from "node:test";
import { placeLabels } from "rollcall/label-places";

const AREA = { x: 0, y: 0, width: 640, height: 360 };
const LABEL = { width: 80, height: 20 };
const face = (id, x, y, width = 60, height = 80, isFirst = false) => ({
  id,
  box: { x, y, width, height },
  label: LABEL,
  isFirst,
});
const overlap = (one, other) =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;

test("a label stands above its box where that is free", () => {
  const place = placeLabels([face("a", 100, 100)], AREA).get("a");
  assert.deepEqual([place.x, place.y], [100, 77]);
});

test("at the upper edge of the picture it stands below, at the right edge it ends with its box", () => {
  assert.equal(placeLabels([face("a", 100, 5)], AREA).get("a").y, 88);
  assert.equal(placeLabels([face("a", 570, 100)], AREA).get("a").x, 550);
});

test("a face that fills the picture has its label inside at the lower edge", () => {
  const place = placeLabels([face("a", 0, 0, 640, 360)], AREA).get("a");
  assert.deepEqual([place.x, place.y], [280, 337]);
});

test("in a crowd no label covers a face or another label, and the chosen person keeps theirs", () => {
  const crowd = [];
  for (let n = 0; n < 40; n += 1) crowd.push(face(String(n), (n % 10) * 62 + 4, Math.floor(n / 10) * 84 + 10));
  const chosen = face("chosen", 300, 340, 18, 18, true);
  const items = [...crowd, chosen];
  const places = placeLabels(items, AREA);
  const rects = [...places.values()].filter(Boolean).map(({ x, y }) => ({ x, y, ...LABEL }));
  assert.equal(places.size, items.length);
  for (const rect of rects) for (const { box } of items) assert.ok(!overlap(rect, box));
  for (const [n, one] of rects.entries()) for (const other of rects.slice(n + 1)) assert.ok(!overlap(one, other));
  assert.ok(
    [...places.values()].some((place) => place === null),
    "there is not room for all of them",
  );
});

test("the larger face and the chosen person choose first", () => {
  const small = face("small", 200, 30, 40, 40);
  const large = face("large", 250, 30, 90, 90);
  const fits = (items) => placeLabels(items, { x: 190, y: 0, width: 150, height: 122 });
  assert.equal(fits([small, large]).get("small"), null);
  assert.equal(fits([{ ...small, isFirst: true }, large]).get("large"), null);
});

test("a label stays where it was while that place is free", () => {
  const before = placeLabels([face("a", 100, 20)], AREA);
  assert.equal(before.get("a").way, 2, "below: no room above");
  const after = placeLabels([face("a", 100, 26)], AREA, before);
  assert.equal(after.get("a").way, 2, "still below, although there is room above now");
  const moved = placeLabels([face("a", 100, 270)], AREA, after);
  assert.equal(moved.get("a").way, 0, "below is out of the picture");
});

test("without faces there is nothing to place", () => assert.equal(placeLabels([], AREA).size, 0));
