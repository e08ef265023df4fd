// Uploads before, after and without their bytes: what is judged, what waits for its file, what is sent in one go.
import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { contentOf } from "rollcall/file-content";
import { batchesOf } from "rollcall/picture-batches";
import { fingerprintOf, Upload } from "rollcall/upload";
import { uploads } from "rollcall/uploads";
import { json, serve } from "./page.js";

const places = { create: "/create/", precheck: "/precheck/", chunk: 1000, team: "ours" };
const file = (name, size = 10) => ({ name, size, type: "video/mp4", lastModified: 5 });

beforeEach(() => {
  uploads.items = [];
});

test("the same file chosen again has the same fingerprint, another one has not", () => {
  assert.equal(fingerprintOf(file("a.mp4")), fingerprintOf(file("a.mp4")));
  assert.notEqual(fingerprintOf(file("a.mp4")), fingerprintOf(file("a.mp4", 11)));
  assert.ok(fingerprintOf(file("x".repeat(500))).length <= 200);
});

test("an upload that was begun earlier waits for its file and goes on where it was", () => {
  const begun = { url: "/files/1/", video: "1", name: "a.mp4", size: 10, offset: 4, fingerprint: "10-5-a.mp4" };
  const item = new Upload(begun, places);
  assert.equal(item.phase, "awaiting");
  assert.equal(item.percent, 40);
  assert.equal(item.awaits(file("b.mp4")), false);
  assert.equal(item.awaits(file("a.mp4")), true);
  item.give(file("a.mp4"));
  assert.equal(item.phase, "queued");
  assert.equal(item.awaits(file("a.mp4")), false, "it has its file");
});

test("another file that is chosen for an upload is refused in words and starts no new one", async () => {
  const requests = serve(() => json({ files: [{ ok: true }] }));
  const begun = { url: "/files/1/", video: "1", name: "a.mp4", size: 10, offset: 4, fingerprint: "10-5-a.mp4" };
  uploads.remember(begun, places);
  const [item] = uploads.items;
  uploads.wanted = item;
  await uploads.chosen([file("b.mp4")], places);
  assert.deepEqual([item.phase, item.words], ["awaiting", "b.mp4 is not a.mp4 (10 B)."]);
  assert.deepEqual([uploads.items.length, requests.length], [1, 0]);
});

test("one that the server remembers is listed once", () => {
  const begun = { url: "/files/1/", video: "1", name: "a.mp4", size: 10, offset: 4, fingerprint: "f" };
  uploads.remember(begun, places);
  uploads.remember(begun, places);
  assert.equal(uploads.items.length, 1);
});

test("files that are chosen while only a proxy answers start by themselves once the server does", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const answers = [
    () => new Response("<html>Bad gateway</html>", { status: 502 }),
    () => Promise.reject(new TypeError("Failed to fetch")),
    () => json({ files: [{ ok: false, reason: "Too big." }] }),
  ];
  const requests = serve(() => answers.shift()());
  const added = uploads.add([file("a.mp4")], places);
  for (const count of [1, 2]) {
    while (requests.length < count || uploads.items[0].phase !== "retrying") await new Promise(setImmediate);
    await new Promise(setImmediate);
    context.mock.timers.tick(60_000);
    while (requests.length <= count) await new Promise(setImmediate);
  }
  await added;
  assert.deepEqual([requests.length, uploads.items[0].phase, uploads.items[0].words], [3, "failed", "Too big."]);
});

test("what the server refuses fails with its words, before anything is sent", async () => {
  const requests = serve(() => json({ files: [{ ok: false, reason: "Too big.", is_final: true }] }));
  await uploads.add([file("a.mp4")], places);
  assert.equal(uploads.items[0].isFinal, true);
  assert.equal(uploads.items[0].phase, "failed");
  assert.equal(uploads.items[0].words, "Too big.");
  assert.deepEqual(JSON.parse(requests[0].body), {
    files: [{ name: "a.mp4", size: 10, type: "video/mp4", fingerprint: "10-5-a.mp4", content: "" }],
    team: "ours",
  });
});

test("a file that seems to be here already is asked about, and goes when it is wanted anyway", async () => {
  serve(() => json({ files: [{ ok: true, same: { title: "Holiday", url: "/videos/1/" } }] }));
  await uploads.add([file("a.mp4")], places);
  const [item] = uploads.items;
  assert.deepEqual([item.phase, item.same.url, item.isRunning], ["asking", "/videos/1/", false]);
  item.start = () => Object.assign(item, { phase: "starting" });
  item.resume();
  assert.equal(item.phase, "starting");
});

test("several are removed at once", () => {
  uploads.items = ["failed", "failed", "sending"].map((phase) => ({ phase }));
  uploads.remove(uploads.items[0], uploads.items[1]);
  assert.deepEqual(
    uploads.items.map(({ phase }) => phase),
    ["sending"],
  );
});

test("the first bytes tell what is no video, whatever the name says", async () => {
  const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16]);
  const heic = new Uint8Array([0, 0, 0, 24, ...Buffer.from("ftypheic")]);
  const mp4 = new Uint8Array([0, 0, 0, 24, ...Buffer.from("ftypisom")]);
  const told = (bytes, name = "a.mp4") => contentOf(new File([bytes], name));
  assert.deepEqual(await Promise.all([jpeg, heic, mp4].map((bytes) => told(bytes))), ["image/jpeg", "image/heic", ""]);
  assert.equal(await told("Dear diary,\nheute: Grüße"), "text/plain");
  assert.equal(await told("YUV4MPEG2 W640 H360", "a.y4m"), "");
  assert.equal(await told(jpeg, "a.mjpeg"), "", "one picture after the other");
  assert.equal(await told(""), "");
});

test("whoever was signed out is told so for every file", async () => {
  serve(() => json({}, 403));
  await uploads.add([file("a.mp4"), file("b.mp4")], places);
  assert.deepEqual(
    uploads.items.map(({ words }) => words),
    ["You were signed out.", "You were signed out."],
  );
});

test("a failed upload takes its file again instead of making a second row", async () => {
  serve(() => json({ files: [{ ok: false, reason: "Not now." }] }));
  await uploads.add([file("a.mp4")], places);
  await uploads.add([file("a.mp4")], places);
  assert.equal(uploads.items.length, 1);
});

test("the percentage is of all that runs, by bytes", () => {
  assert.equal(uploads.percent, 0);
  for (const [size, sent] of [
    [100, 100],
    [300, 0],
  ]) {
    const item = new Upload({ file: file("a", size) }, places);
    Object.assign(item, { sent, phase: "sending" });
    uploads.items.push(item);
  }
  assert.equal(uploads.percent, 25);
});

test("ended ones are forgotten, failed and waiting ones stay", () => {
  uploads.items = ["done", "cancelled", "failed", "awaiting"].map((phase) => ({ phase }));
  uploads.forgetEnded();
  assert.deepEqual(
    uploads.items.map(({ phase }) => phase),
    ["failed", "awaiting"],
  );
});

const sizes = (batches) => batches.map((batch) => batch.map(({ size }) => size));

test("pictures go in batches that are limited in bytes and in number", () => {
  const pictures = [4, 4, 4, 20, 1, 1, 1].map((size) => file("p", size));
  assert.deepEqual(sizes(batchesOf(pictures, { batchBytes: 10, batchCount: 2 })), [[4, 4], [4], [20], [1, 1], [1]]);
  assert.deepEqual(batchesOf([], { batchBytes: 10, batchCount: 2 }), []);
});

test("every picture is in one batch, in its order", () => {
  const pictures = Array.from({ length: 200 }, (_, n) => file(`p${n}`, (n * 37) % 11));
  const batches = batchesOf(pictures, { batchBytes: 25, batchCount: 7 });
  assert.deepEqual(batches.flat(), pictures);
  for (const batch of batches) assert.ok(batch.length <= 7 && batch.length > 0);
});
