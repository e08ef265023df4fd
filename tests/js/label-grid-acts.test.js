// Acts on samples: seen at once, sent in their order, taken back when refused; and which act an undo is about.
import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Acts } from "rollcall/label-grid-acts";
import { serve, settled, slowServer } from "./page.js";

let samples = {};
let told = [];
let acts = null;
let server = null;

/** Places 0..5 hold the samples 10..15. */
beforeEach(() => {
  const numbers = [10, 11, 12, 13, 14, 15];
  samples = {
    numbers,
    revisions: numbers.map(() => 1),
    rows: new Map(numbers.map((number, place) => [place, { number, revision: 1, label: null }])),
    held: [],
    forgotten: [],
    placeOf: (number) => (numbers.includes(number) ? numbers.indexOf(number) : undefined),
    hold: (places) => samples.held.push(...places),
    release: (places) => {
      for (const place of places) samples.held.splice(samples.held.indexOf(place), 1);
    },
    take: (runs) => {
      for (const [first, last, revision] of runs)
        for (let number = first; number <= last; number += 1) samples.revisions[samples.placeOf(number)] = revision;
    },
    forget: (found) => samples.forgotten.push(...found),
    refresh: () => {},
  };
  told = [];
  acts = new Acts("/act/", samples, {
    painted: () => {},
    changed: () => {},
    answered: (_answer, n, kind) => told.push(["answered", kind, n]),
    undone: (_answer, number) => told.push(["undone", number]),
    failed: (words) => told.push(["failed", words]),
  });
  server = slowServer();
});

const give = (label, ...places) => acts.give("label", [[label, places]], () => ({ label }));
const labels = () => [...samples.rows.values()].map(({ label }) => label);
const sent = () => server.requests.map(({ url, body }) => [url, typeof body === "string" ? JSON.parse(body) : null]);
const answerOf = (runs, undo, refused = []) => ({ changed: runs, refused, undo: undo && { url: undo }, toast: "Done" });

test("an act is seen before the server has answered, and its samples are held", () => {
  give(7, 0, 1);
  assert.deepEqual(labels().slice(0, 3), [7, 7, null]);
  assert.deepEqual(samples.held, [0, 1]);
  assert.equal(samples.rows.get(0).revision, 2);
});

test("it names each sample with the revision that the person saw", () => {
  samples.revisions[1] = 4;
  give(7, 0, 1);
  assert.deepEqual(sent(), [
    [
      "/act/",
      {
        do: "label",
        groups: [
          [
            7,
            [
              [10, 10, 1],
              [11, 11, 4],
            ],
          ],
        ],
      },
    ],
  ]);
});

test("the answer lets go of the samples and makes the act undoable", async () => {
  give(7, 0);
  assert.equal(acts.undoCount, 0);
  await server.answer(answerOf([[10, 10, 2]], "/undo/1/"));
  assert.deepEqual(samples.held, []);
  assert.equal(acts.undoCount, 1);
  assert.deepEqual(told, [["answered", "label", 1]]);
});

test("acts are sent one after the other", async () => {
  give(7, 0);
  give(8, 1);
  assert.equal(server.requests.length, 1);
  await server.answer(answerOf([[10, 10, 2]], "/undo/1/"));
  assert.equal(server.requests.length, 2);
});

test("an act on the same sample that waits is told what our own act before it made of it", async () => {
  give(7, 0);
  give(8, 0);
  await server.answer(answerOf([[10, 10, 2]], "/undo/1/"));
  assert.deepEqual(sent()[1][1].groups, [[8, [[10, 10, 2]]]]);
});

test("what is refused is shown as before, forgotten, and not sent with acts that wait", async () => {
  give(7, 0, 1);
  give(8, 0, 1);
  await server.answer(answerOf([[11, 11, 2]], "/undo/1/", [10]));
  assert.deepEqual(samples.forgotten, [10]);
  assert.deepEqual(sent()[1][1].groups, [[8, [[11, 11, 2]]]]);
});

test("a refused act shows what stood there", async () => {
  samples.rows.set(0, { number: 10, revision: 1, label: 3 });
  give(7, 0);
  await server.answer(answerOf([], null, [10]));
  assert.equal(labels()[0], 3);
  assert.equal(acts.undoCount, 0);
});

test("samples without details are sent, but nothing is shown of them", () => {
  samples.rows.delete(2);
  give(7, 2);
  assert.equal(samples.rows.has(2), false);
  assert.deepEqual(sent()[0][1].groups, [[7, [[12, 12, 1]]]]);
});

test("undo takes back the last act, and after it the one before", async () => {
  for (const [n, place] of [0, 1].entries()) {
    give(7, place);
    await server.answer(answerOf([[10 + place, 10 + place, 2]], `/undo/${n}/`));
  }
  acts.undo();
  await server.answer(answerOf([[11, 11, 3]]));
  acts.undo();
  await server.answer(answerOf([[10, 10, 3]]));
  assert.deepEqual(
    sent()
      .slice(2)
      .map(([url]) => url),
    ["/undo/1/", "/undo/0/"],
  );
  assert.equal(acts.undoCount, 0);
  assert.deepEqual(told.slice(2), [
    ["undone", 11],
    ["undone", 10],
  ]);
});

test("an undo that is asked for before the answer is about the act that still waits for it", async () => {
  give(7, 0);
  await server.answer(answerOf([[10, 10, 2]], "/undo/first/"));
  give(8, 1);
  acts.undo();
  await server.answer(answerOf([[11, 11, 2]], "/undo/second/"));
  assert.equal(sent()[2][0], "/undo/second/");
});

test("two undos in a row take back two acts, however fast they come", async () => {
  give(7, 0);
  give(8, 1);
  acts.undo();
  acts.undo();
  await server.answer(answerOf([[10, 10, 2]], "/undo/first/"));
  await server.answer(answerOf([[11, 11, 2]], "/undo/second/"));
  await server.answer(answerOf([[11, 11, 3]]));
  await server.answer(answerOf([[10, 10, 3]]));
  assert.deepEqual(
    sent()
      .slice(2)
      .map(([url]) => url),
    ["/undo/second/", "/undo/first/"],
  );
});

test("an undo by its address leaves the others in their order", async () => {
  for (const n of [0, 1, 2]) {
    give(7, n);
    await server.answer(answerOf([[10 + n, 10 + n, 2]], `/undo/${n}/`));
  }
  acts.undo("/undo/1/");
  await server.answer(answerOf([[11, 11, 3]]));
  acts.undo();
  await server.answer(answerOf([[12, 12, 3]]));
  acts.undo();
  assert.deepEqual(
    sent()
      .slice(3)
      .map(([url]) => url),
    ["/undo/1/", "/undo/2/", "/undo/0/"],
  );
});

test("without anything to undo nothing is sent", async () => {
  acts.undo();
  await settled();
  assert.equal(server.requests.length, 0);
  give(7, 0);
  assert.equal(server.requests.length, 1, "and acts go on");
});

test("an act that cannot be undone does not take the place of one that can", async () => {
  give(7, 0);
  await server.answer(answerOf([[10, 10, 2]], "/undo/first/"));
  give(7, 0);
  await server.answer(answerOf([], null));
  acts.undo();
  assert.equal(sent()[2][0], "/undo/first/");
});

test("an undo that fails can be asked for again", async () => {
  give(7, 0);
  await server.answer(answerOf([[10, 10, 2]], "/undo/first/"));
  acts.undo();
  assert.equal(acts.undoCount, 0);
  await server.answer({ error: "busy" }, 503);
  assert.equal(acts.undoCount, 1);
  assert.deepEqual(told.at(-1), ["failed", "That could not be undone."]);
});

test("after a refusal as a whole nothing counts of it, nor of what stood on it", async () => {
  give(7, 0, 1);
  give(8, 0);
  give(9, 2);
  await server.answer({ error: "no" }, 400);
  assert.deepEqual(labels(), [null, null, null, null, null, null]);
  assert.deepEqual(samples.held, []);
  assert.equal(server.requests.length, 1);
  assert.deepEqual(told, [["failed", "That could not be done."]]);
});

test("the next act after a lost connection is sent", async () => {
  serve(() => {
    throw new TypeError("away");
  });
  give(7, 0);
  await settled();
  assert.equal(labels()[0], null);
  server = slowServer();
  give(7, 0);
  assert.equal(server.requests.length, 1);
});
