// Face boxes of a video: which windows are fetched, and where a box is between two samples.
import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { BoxWindows, boxAt } from "rollcall/box-windows";
import { json, serve, settled } from "./page.js";

let requests = [];
let loaded = 0;
let windows = null;

beforeEach(() => {
  mock.timers.reset();
  loaded = 0;
  requests = serve((url) => json({ from: Number(new URL(url, "http://page").searchParams.get("from")) }));
  windows = new BoxWindows("/boxes/", () => {
    loaded += 1;
  });
});

const fetched = () => requests.map(({ url }) => url.replace("/boxes/?", ""));
const waited = async () => {
  for (let n = 0; n < 4; n += 1) await settled();
};

test("a window is there once it has come, and the page is told", async () => {
  assert.equal(windows.at(5), null);
  await waited();
  assert.deepEqual(windows.at(5), { from: 0 });
  assert.equal(loaded, 1);
  assert.deepEqual(fetched(), ["from=0&to=60"]);
});

test("a window is fetched once, however often one looks", async () => {
  for (const time of [60, 61, 62]) windows.at(time);
  await waited();
  windows.at(63);
  assert.deepEqual(fetched(), ["from=60&to=120"]);
});

test("the next window is fetched ahead in the last twenty seconds", () => {
  windows.at(40);
  assert.equal(requests.length, 1);
  windows.at(40.1);
  assert.deepEqual(fetched(), ["from=0&to=60", "from=60&to=120"]);
});

test("a moment before the beginning belongs to the first window", () => {
  windows.at(-0.04);
  assert.deepEqual(fetched(), ["from=0&to=60"]);
});

test("six windows are kept, the oldest goes first", async () => {
  for (let n = 0; n < 7; n += 1) windows.at(n * 60);
  await waited();
  assert.equal(windows.at(0), null, "it is fetched again");
  assert.equal(requests.length, 8);
  assert.ok(windows.at(360));
});

test("after new results everything is fetched again", async () => {
  windows.at(0);
  await waited();
  windows.forget();
  assert.equal(windows.at(0), null);
  assert.equal(requests.length, 2);
});

test("a window that failed is asked for again after a while", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  requests = serve(() => json({}, 500));
  let told = 0;
  windows = new BoxWindows("/boxes/", () => {
    told += 1;
  });
  windows.at(0);
  await waited();
  windows.at(1);
  assert.equal(requests.length, 1, "not with every picture");
  mock.timers.tick(5000);
  windows.at(2);
  assert.equal(requests.length, 2);
  assert.equal(told, 0);
});

const track = {
  times_s: [1, 2, 6],
  boxes: [
    [0, 0, 10, 10],
    [10, 20, 10, 10],
    [90, 90, 10, 10],
  ],
  max_gap_s: 1.5,
};

test("a box at a sample, between two, in a gap, before and after", () => {
  assert.deepEqual(boxAt(track, 1), [0, 0, 10, 10]);
  assert.deepEqual(boxAt(track, 1.5), [5, 10, 10, 10]);
  assert.deepEqual(boxAt(track, 6), [90, 90, 10, 10]);
  assert.equal(boxAt(track, 4), null);
  assert.equal(boxAt(track, 0.9), null);
  assert.equal(boxAt(track, 6.1), null);
});

test("times that were rounded to milliseconds still meet the ends", () => {
  assert.deepEqual(boxAt(track, 0.999), [0, 0, 10, 10]);
  assert.deepEqual(boxAt(track, 6.001), [90, 90, 10, 10]);
});

test("a track of one sample, and one of none", () => {
  const one = { times_s: [3], boxes: [[1, 2, 3, 4]], max_gap_s: 1 };
  assert.deepEqual(boxAt(one, 3), [1, 2, 3, 4]);
  assert.equal(boxAt(one, 3.5), null);
  assert.equal(boxAt({ times_s: [], boxes: [], max_gap_s: 1 }, 0), null);
});

test("the search finds the right pair in long tracks", () => {
  const times = Array.from({ length: 1001 }, (_, n) => n / 10);
  const long = { times_s: times, boxes: times.map((time) => [time, 0, 1, 1]), max_gap_s: 1 };
  for (const time of [0, 0.05, 12.34, 50, 99.99, 100])
    assert.ok(Math.abs(boxAt(long, time)[0] - time) < 1e-9, String(time));
});
