// Progress reaches the page in any order; what it shows must only ever become newer.
import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { latestOf, offer, remove, stateOf } from "rollcall/live-store";
import { heard } from "./page.js";

let id = "";
let serial = 0;
const state = (fields) => ({ id, subject: `of ${id}`, kind: "analysis", status: "running", created: 1, ...fields });

beforeEach(() => {
  serial += 1;
  id = `job ${serial}`;
});

test("the page is told of a state that is new", () => {
  const told = heard("live:job");
  const first = state({ sequence: 1 });
  offer(first);
  assert.deepEqual(told, [first]);
  assert.equal(stateOf(id), first);
});

test("a state that comes again says nothing", () => {
  offer(state({ sequence: 4 }));
  const told = heard("live:job");
  offer(state({ sequence: 4, status: "failed" }));
  assert.deepEqual(told, []);
  assert.equal(stateOf(id).status, "running");
});

test("a state that comes late does not take back a newer one", () => {
  offer(state({ sequence: 9, status: "done" }));
  const told = heard("live:job");
  offer(state({ sequence: 8, status: "running" }));
  assert.deepEqual(told, []);
  assert.equal(stateOf(id).status, "done");
});

test("gaps in the sequence do no harm", () => {
  for (const sequence of [1, 5, 100]) offer(state({ sequence }));
  assert.equal(stateOf(id).sequence, 100);
});

test("the sequences of two jobs have nothing to do with each other", () => {
  offer(state({ sequence: 50 }));
  offer(state({ id: `${id}b`, sequence: 2 }));
  assert.equal(stateOf(`${id}b`).sequence, 2);
});

test("an object that is gone takes its jobs with it, and those of others stay", () => {
  offer(state({ sequence: 1 }));
  offer(state({ id: `${id}b`, subject: "another", sequence: 1 }));
  const told = heard("live:gone");
  remove(`of ${id}`);
  assert.equal(stateOf(id), undefined);
  assert.ok(stateOf(`${id}b`));
  assert.deepEqual(told, [{ subject: `of ${id}` }]);
});

test("after that an older state of the same job counts again", () => {
  offer(state({ sequence: 7 }));
  remove(`of ${id}`);
  offer(state({ sequence: 2 }));
  assert.equal(stateOf(id).sequence, 2);
});

test("the latest job is the one that was made last, whatever came in last", () => {
  offer(state({ id: `${id} new`, sequence: 1, created: 20 }));
  offer(state({ id: `${id} old`, sequence: 9, created: 10 }));
  assert.equal(latestOf(`of ${id}`).id, `${id} new`);
});

test("work beside a video does not decide its state, but is found by its kind", () => {
  offer(state({ id: `${id} main`, sequence: 1, created: 1 }));
  for (const kind of ["web_copy", "recognise"]) offer(state({ id: `${id} ${kind}`, kind, sequence: 1, created: 2 }));
  assert.equal(latestOf(`of ${id}`).id, `${id} main`);
  assert.equal(latestOf(`of ${id}`, "web_copy").id, `${id} web_copy`);
});

test("nothing is known of a subject without jobs", () => {
  assert.equal(latestOf("nobody"), undefined);
});
