// Playing only one person: which stretches, when to jump, when it is over; previous and next appearance.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inside, neighbour, placeAt, stepAt, stretches } from "rollcall/play-order";

const SPANS = [
  [5, 8],
  [20, 21],
  [21.4, 24],
  [58, 60],
];

test("stretches are padded within the video, and those that touch are one", () => {
  const near = (parts) => parts.map((part) => part.map((time) => Math.round(10 * time) / 10));
  assert.deepEqual(near(stretches(SPANS, 60)), [
    [4.7, 8.3],
    [19.7, 24.3],
    [57.7, 60],
  ]);
  assert.deepEqual(near(stretches([[0.1, 1]], 60)), [[0, 1.3]]);
  assert.deepEqual(stretches([], 60), []);
});

test("a moment belongs to the appearance that has begun, or that is led up to", () => {
  const spans = [
    [5, 8],
    [10, 12],
    [20, 24],
  ];
  assert.deepEqual(
    [0, 4, 6, 9, 9.7, 11, 19.68, 24.2, 60].map((time) => placeAt(spans, time)),
    [1, 1, 1, 1, 2, 2, 3, 3, 3],
  );
});

test("it goes from one stretch to the next and ends behind the last", () => {
  const parts = stretches(SPANS, 100);
  assert.deepEqual(stepAt(parts, 0), { place: 1, jump: parts[0][0], isOver: false });
  assert.deepEqual(stepAt(parts, 6), { place: 1, jump: null, isOver: false });
  assert.deepEqual(stepAt(parts, 8.3), { place: 2, jump: parts[1][0], isOver: false });
  assert.deepEqual(
    stepAt(parts, parts[1][0] - 0.02),
    { place: 2, jump: null, isOver: false },
    "a frame early is there",
  );
  assert.deepEqual(stepAt(parts, 30), { place: 3, jump: parts[2][0], isOver: false });
  assert.deepEqual(stepAt(parts, 61), { place: 3, jump: null, isOver: true });
});

test("played from the start every stretch comes once, in order", () => {
  const parts = stretches(SPANS, 100);
  const played = [];
  for (let time = 0, turns = 0; turns < 10_000; turns += 1) {
    const { jump, isOver } = stepAt(parts, time);
    if (isOver) break;
    if (jump !== null) played.push(jump);
    time = (jump ?? time) + 0.04;
  }
  assert.deepEqual(
    played,
    parts.map(([start]) => start),
  );
});

test("nobody's appearances are over at once", () => assert.ok(stepAt([], 0).isOver));

test("previous and next go round the ends", () => {
  assert.deepEqual(neighbour(SPANS, 0, 1), [5, 8]);
  assert.deepEqual(neighbour(SPANS, 58, 1), [5, 8]);
  assert.deepEqual(neighbour(SPANS, 58.5, -1), [21.4, 24]);
  assert.deepEqual(neighbour(SPANS, 59.5, -1), [58, 60], "a second in, it goes back to the start of this one");
  assert.deepEqual(neighbour(SPANS, 1, -1), [58, 60]);
  assert.equal(neighbour([], 1, 1), undefined);
});

test("one goes to where the box already is", () => {
  assert.equal(inside([5, 8]), 5.1);
  assert.equal(inside([5, 5.04]), 5.02);
});
