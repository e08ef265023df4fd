// Times and sizes read as those that the server writes (tests/webapp/test_templates.py has the same tables).
import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, clock, clockLength, localTime, spoken, timeLeft } from "rollcall/format";

for (const [seconds, words] of [
  [undefined, "0:00"],
  [NaN, "0:00"],
  [-3, "0:00"],
  [0.9, "0:00"],
  [48, "0:48"],
  [760.2, "12:40"],
  [3734, "1:02:14"],
])
  test(`the position ${seconds} is ${words}`, () => assert.equal(clock(seconds), words));

for (const [count, words] of [
  [0, "0 B"],
  [1023, "1023 B"],
  [831_488, "812 KB"],
  [1_503_238_553, "1.4 GB"],
  [20 * 2 ** 30, "20 GB"],
  [5000 * 2 ** 40, "5000 TB"],
])
  test(`${count} bytes are ${words}`, () => assert.equal(bytes(count), words));

for (const [seconds, words] of [
  [0, "0 s"],
  [0.3, "under 1 s"],
  [4.899, "5 s"],
  [2.5, "3 s"],
  [59.6, "1 min"],
  [68, "1 min 8 s"],
  [3599.4, "59 min 59 s"],
  [3599.6, "1 h"],
  [22_325, "6 h 12 min"],
])
  test(`the length ${seconds} in words is ${words}`, () => assert.equal(spoken(seconds), words));

for (const [seconds, shown] of [
  [0, "0:00"],
  [0.2, "0:01"],
  [4.899, "0:05"],
  [759.6, "12:40"],
])
  test(`the length ${seconds} is ${shown}`, () => assert.equal(clockLength(seconds), shown));

test("how long the rest takes", () => {
  assert.equal(timeLeft(NaN), "");
  assert.equal(timeLeft(Infinity), "");
  assert.equal(timeLeft(20), "a few seconds");
  assert.equal(timeLeft(300), "5 min");
  assert.equal(timeLeft(7200), "2 h");
});

test("dates are in the browser's format and time zone", () => {
  process.env.TZ = "America/New_York";
  assert.equal(localTime("2026-11-30T02:43:00+00:00", false, "en-GB"), "29 Nov 2026, 21:43");
  assert.equal(localTime("2026-11-30T02:43:00+00:00", true, "de"), "29.11.2026");
  assert.equal(localTime("2026-11-30", true, "en-US"), "Nov 30, 2026");
});
