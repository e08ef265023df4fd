// Rows stay where they are while one names people: only a new load settles their order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { keptOrder } from "rollcall/row-order";

test("what is on the page keeps its place, whatever the server says", () => {
  assert.deepEqual(keptOrder(["a", "b", "c"], ["c", "a", "b"]), ["a", "b", "c"]);
});

test("whoever a person was merged into takes their place; others who are new come last", () => {
  assert.deepEqual(keptOrder(["a", "b", "c"], ["new", "c", "a", "newer"]), ["a", "new", "c", "newer"]);
  assert.deepEqual(keptOrder(["a", "b", "c"], ["c", "a"]), ["a", "c"]);
  assert.deepEqual(keptOrder(["a", "b"], ["one", "b", "two", "a", "three"]), ["a", "b", "one", "two", "three"]);
});

test("the first rows come as the server has them", () => {
  assert.deepEqual(keptOrder([], ["b", "a"]), ["b", "a"]);
  assert.deepEqual(keptOrder(["a"], []), []);
});
