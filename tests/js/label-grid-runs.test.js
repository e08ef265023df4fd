// Lists of samples as runs, the form in which they go over the line.
import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { eachOf, runsOf, sizeOf, spelled } from "rollcall/label-grid-runs";

const listed = (runs) => {
  const found = [];
  eachOf(runs, (number, revision) => found.push([number, revision]));
  return found;
};

test("nothing is nothing", () => {
  assert.deepEqual(runsOf([]), []);
  assert.equal(sizeOf([]), 0);
  assert.equal(spelled([]), "");
});

test("numbers that follow one another with one revision are one run", () => {
  assert.deepEqual(
    runsOf([
      [4, 1],
      [5, 1],
      [6, 1],
    ]),
    [[4, 6, 1]],
  );
});

test("a gap or another revision begins a new run", () => {
  const pairs = [
    [1, 1],
    [2, 1],
    [4, 1],
    [5, 2],
  ];
  assert.deepEqual(runsOf(pairs), [
    [1, 2, 1],
    [4, 4, 1],
    [5, 5, 2],
  ]);
});

test("numbers that go down keep their order", () => {
  const pairs = [
    [9, 1],
    [8, 1],
  ];
  assert.deepEqual(listed(runsOf(pairs)), pairs);
});

test("runs say the same as the pairs that they came from", () => {
  const pairs = Array.from({ length: 300 }, (_, n) => [n + (n % 7 === 0 ? 0 : Math.floor(n / 7)), (n >> 4) % 3]);
  assert.deepEqual(listed(runsOf(pairs)), pairs);
  assert.equal(sizeOf(runsOf(pairs)), pairs.length);
});

test("a map of numbers serves as pairs", () => {
  assert.deepEqual(
    runsOf(
      new Map([
        [1, 5],
        [2, 5],
      ]),
    ),
    [[1, 2, 5]],
  );
});

test("numbers in an address", () => {
  assert.equal(spelled([3, 4, 5, 6, 7, 9]), "3-7.9");
  assert.equal(spelled([12]), "12");
});
