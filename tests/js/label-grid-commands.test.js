// What keys mean in the grid, and what the commands make of chosen samples.
import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { areAllOut, COMMANDS, suggestionOf } from "rollcall/label-grid-commands";
import { actOf } from "rollcall/label-grid-keys";

const labels = new Map([
  [1, { id: 1, key: "1" }],
  [2, { id: 2, key: "s" }],
  [3, { id: 3, key: "" }],
]);

const key = (name, fields = {}) => ({ key: name, shiftKey: false, ...fields });

test("a label's own key comes before the key of a command", () => {
  assert.deepEqual(actOf(key("1"), labels), ["give", 1]);
  assert.deepEqual(actOf(key("S"), labels), ["give", 2]);
  assert.deepEqual(actOf(key("s"), new Map()), ["accept"]);
});

test("keys of commands", () => {
  for (const [name, act] of [
    ["x", "out"],
    ["t", "sequence"],
    ["u", "undo"],
    ["0", "unlabel"],
    ["Delete", "unlabel"],
  ])
    assert.deepEqual(actOf(key(name), labels), [act]);
});

test("other keys mean nothing, nor does shift with backspace", () => {
  assert.equal(actOf(key("q"), labels), null);
  assert.equal(actOf(key("Backspace", { shiftKey: true }), labels), null);
  assert.deepEqual(actOf(key("Backspace"), labels), ["unlabel"]);
});

/** A grid with these rows, and what its acts were asked for. */
function gridOf(...rows) {
  const asked = [];
  const samples = { rows: new Map(rows.map((row, place) => [place, row])) };
  const acts = {
    give: (kind, groups, change = () => null) => asked.push({ kind, groups, change }),
  };
  return { asked, samples, acts, labels };
}

test("a suggestion is shown where there is no label, and only of labels that still exist", () => {
  const grid = gridOf({ suggested: 1 }, { suggested: 1, label: 2 }, { suggested: 99 }, undefined);
  assert.deepEqual(
    [0, 1, 2, 3].map((place) => suggestionOf(grid, place)),
    [1, null, null, null],
  );
});

test("accepting groups places by what was suggested, and leaves out those without", () => {
  const grid = gridOf({ suggested: 1 }, { suggested: 2 }, { suggested: 1 }, {});
  assert.equal(COMMANDS.accept(grid, [0, 1, 2, 3]), true);
  assert.equal(grid.asked[0].kind, "accept");
  assert.deepEqual(grid.asked[0].groups, [
    [1, [0, 2]],
    [2, [1]],
  ]);
  assert.deepEqual(grid.asked[0].change({}, 2), { label: 2 });
});

test("leaving out takes in again when all are out already", () => {
  const mixed = gridOf({ out: true }, { out: false });
  assert.equal(areAllOut(mixed, [0, 1]), false);
  COMMANDS.out(mixed, [0, 1]);
  assert.equal(mixed.asked[0].kind, "leave_out");
  assert.deepEqual(mixed.asked[0].change({ out: false }), { out: true });
  assert.equal(mixed.asked[0].change({ out: true }), null, "what is out already does not change");
  const out = gridOf({ out: true });
  COMMANDS.out(out, [0]);
  assert.equal(out.asked[0].kind, "take_in");
  assert.equal(areAllOut(out, []), false, "nothing chosen");
});

test("a label that a sample has already changes nothing", () => {
  const grid = gridOf({ label: 1 });
  COMMANDS.give(grid, [0], 1);
  assert.equal(grid.asked[0].change({ label: 1 }), null);
  assert.deepEqual(grid.asked[0].change({ label: 2 }), { label: 1 });
  COMMANDS.unlabel(grid, [0]);
  assert.deepEqual(grid.asked[1].groups, [[null, [0]]]);
});

test("a whole track is about chosen samples that have a label and belong to one", () => {
  const grid = gridOf({ label: 1, sequence: 5 }, { label: 1 }, { sequence: 5 }, undefined);
  COMMANDS.sequence(grid, [0, 1, 2, 3]);
  assert.deepEqual(grid.asked[0].groups, [[null, [0]]]);
});
