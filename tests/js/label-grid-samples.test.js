// The list of samples: what is asked for, and what an answer may overwrite.
import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Samples } from "rollcall/label-grid-samples";
import { json, serve, settled } from "./page.js";

let samples = null;
let server = {};
let requests = [];

/** 200 samples, numbers 1..200, revision 1. */
beforeEach(async () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  server = { numbers: { runs: [[1, 200, 1]], last: 205 }, rows: [] };
  requests = serve((url) => json(url.includes("numbers=") ? { rows: server.rows } : server.numbers));
  samples = new Samples({ numbers: "/numbers/", rows: "/rows/" }, new AbortController().signal);
  await samples.load();
  requests.length = 0;
});

async function later(ms = 50) {
  mock.timers.tick(ms);
  for (let n = 0; n < 5; n += 1) await settled();
}

const row = (number, fields = {}) => ({ number, revision: 1, label: null, ...fields });

test("places and numbers belong together", () => {
  assert.equal(samples.length, 200);
  assert.equal(samples.placeOf(1), 0);
  assert.equal(samples.placeOf(200), 199);
  assert.equal(samples.placeOf(201), undefined);
  assert.equal(samples.numbers[41], 42);
  assert.equal(samples.last, 205, "the highest number that there was, fitting or not");
});

test("what came since stands behind the list, and nothing moves", async () => {
  server.numbers = { runs: [[206, 208, 3]], last: 210 };
  assert.equal(await samples.loadNew(), 200);
  assert.match(requests[0].url, /since=205/);
  assert.equal(samples.length, 203);
  assert.equal(samples.placeOf(206), 200);
  assert.equal(samples.placeOf(1), 0);
  assert.equal(samples.revisions[200], 3);
  assert.equal(samples.last, 210);
});

test("details are asked for in whole blocks", async () => {
  samples.want(65, 70);
  await later();
  assert.equal(requests.length, 1);
  assert.match(requests[0].url, /numbers=61-120$/);
});

test("details that are known are not asked for again", async () => {
  for (let place = 0; place < 60; place += 1) samples.rows.set(place, row(place + 1));
  samples.want(0, 10);
  await later();
  assert.equal(requests.length, 0);
});

test("only the last look counts while one scrolls", async () => {
  samples.want(0, 10);
  samples.want(130, 140);
  await later();
  assert.deepEqual(
    requests.map(({ url }) => url.split("=")[1]),
    ["121-180"],
  );
});

test("a sample that the server does not know any more is gone", async () => {
  server.rows = [row(1)];
  samples.want(0, 0);
  await later();
  assert.equal(samples.rows.get(0).isGone, undefined);
  assert.equal(samples.rows.get(1).isGone, true);
});

test("details do not overwrite what an act shows, as long as it is under way", async () => {
  samples.rows.set(0, row(1, { label: 7, revision: 2 }));
  samples.hold([0]);
  server.rows = [row(1, { label: null })];
  samples.refresh([1]);
  await later();
  assert.equal(samples.rows.get(0).label, 7);
  samples.release([0]);
  server.rows = [row(1, { label: 8, revision: 3 })];
  samples.refresh([1]);
  await later();
  assert.equal(samples.rows.get(0).label, 8);
  assert.equal(samples.revisions[0], 3);
});

test("two acts on one sample hold it until both are answered", async () => {
  samples.rows.set(0, row(1, { label: 7 }));
  samples.hold([0]);
  samples.hold([0]);
  samples.release([0]);
  server.rows = [row(1)];
  samples.refresh([1]);
  await later();
  assert.equal(samples.rows.get(0).label, 7);
});

test("details older than the answer to an act are asked for again", async () => {
  samples.rows.set(0, row(1, { label: 7, revision: 5 }));
  samples.take([[1, 1, 5]]);
  server.rows = [row(1, { revision: 4 })];
  samples.refresh([1]);
  await later();
  assert.equal(samples.rows.get(0).label, 7);
  server.rows = [row(1, { label: 9, revision: 5 })];
  await later();
  assert.equal(samples.rows.get(0).label, 9);
});

test("revisions never go back", () => {
  samples.take([[1, 3, 5]]);
  samples.take([[1, 2, 4]]);
  assert.deepEqual([...samples.revisions.slice(0, 4)], [5, 5, 5, 1]);
});

test("what somebody else has changed is not acted on before it is known again", () => {
  samples.rows.set(4, row(5));
  samples.forget([5, 999]);
  assert.equal(samples.revisions[4], 0);
});

test("after a lost connection all that is seen is asked for, and the rest forgotten", async () => {
  for (const place of [0, 100, 101, 199]) samples.rows.set(place, row(place + 1));
  samples.refresh([], [90, 110]);
  await later();
  assert.deepEqual([...samples.rows.keys()].sort(), [100, 101]);
  assert.match(requests[0].url, /numbers=101-102$/);
});

test("when the connection is away the same is asked for later", async () => {
  requests = serve(() => {
    throw new TypeError("away");
  });
  samples.want(0, 0);
  await later();
  assert.equal(requests.length, 1);
  requests = serve(() => json({ rows: [row(1)] }));
  await later(2_900);
  assert.equal(requests.length, 0, "not at once");
  await later(200);
  assert.match(requests[0].url, /numbers=1-60$/);
});
