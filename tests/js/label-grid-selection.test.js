// What is selected in the grid, by tap, click, shift and control.
import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Selection } from "rollcall/label-grid-selection";

let changes = 0;
let selection = new Selection(0, () => {});

beforeEach(() => {
  changes = 0;
  selection = new Selection(10, () => {
    changes += 1;
  });
});

const chosen = () => selection.places();

test("nothing is selected at first", () => {
  assert.deepEqual(chosen(), []);
  assert.equal(selection.count, 0);
  assert.equal(selection.single, -1);
});

test("one place replaces all others and becomes the anchor", () => {
  selection.all();
  selection.only(3);
  assert.deepEqual(chosen(), [3]);
  assert.equal(selection.count, 1);
  assert.equal(selection.single, 3);
  assert.equal(selection.anchor, 3);
});

test("a second toggle takes back the first", () => {
  selection.toggle(2);
  selection.toggle(5);
  assert.deepEqual(chosen(), [2, 5]);
  assert.equal(selection.single, -1);
  selection.toggle(2);
  assert.deepEqual(chosen(), [5]);
  assert.equal(selection.single, 5);
  assert.equal(selection.anchor, 2);
});

test("a range goes from the anchor in both directions and holds both ends", () => {
  selection.only(4);
  selection.range(6);
  assert.deepEqual(chosen(), [4, 5, 6]);
  selection.range(2);
  assert.deepEqual(chosen(), [2, 3, 4]);
  assert.equal(selection.anchor, 4, "the anchor stays, so that a range can be drawn anew");
});

test("a range to the anchor itself is one place", () => {
  selection.only(7);
  selection.range(7);
  assert.deepEqual(chosen(), [7]);
  assert.equal(selection.count, 1);
});

test("with control a range stands beside what is selected, and overlaps count once", () => {
  selection.only(0);
  selection.toggle(5);
  selection.range(7, true);
  assert.deepEqual(chosen(), [0, 5, 6, 7]);
  selection.range(6, true);
  assert.equal(selection.count, 4);
});

test("all and clear", () => {
  selection.all();
  assert.equal(selection.count, 10);
  selection.clear();
  assert.deepEqual(chosen(), []);
  assert.equal(selection.count, 0);
});

test("new places at the end are not selected, and the others stay so", () => {
  selection.only(9);
  selection.grow(12);
  assert.deepEqual(chosen(), [9]);
  assert.equal(selection.has(10), false);
  selection.toggle(11);
  assert.deepEqual(chosen(), [9, 11]);
});

test("each change is told once", () => {
  for (const change of [
    () => selection.only(1),
    () => selection.toggle(2),
    () => selection.range(4),
    () => selection.all(),
    () => selection.clear(),
  ])
    change();
  assert.equal(changes, 5);
});

test("the count is the number of places after any mixture of acts", () => {
  let seed = 7;
  const draw = (n) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  for (let n = 0; n < 500; n += 1) {
    const place = draw(10);
    [() => selection.only(place), () => selection.toggle(place), () => selection.range(place, draw(2) === 1)][
      draw(3)
    ]();
    assert.equal(selection.count, chosen().length);
    assert.deepEqual(
      chosen().filter((each) => selection.has(each)),
      chosen(),
    );
  }
});
