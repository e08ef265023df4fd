// The address of a page says what is shown, so that it can be sent and gone back to.
import "./page.js";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { readAddress, writeAddress } from "rollcall/panel-address";

beforeEach(() => {
  location.search = "?t=3.5&tab=labels";
  globalThis.history = {
    state: { turbo: 1 },
    replaceState: (state, _title, url) => {
      assert.deepEqual(state, { turbo: 1 }, "the state belongs to Turbo");
      location.search = url.startsWith("?") ? url : "";
    },
  };
});

test("it is read as it stands", () => {
  assert.deepEqual(readAddress(), { t: "3.5", tab: "labels" });
});

test("changes leave the rest alone", () => {
  writeAddress({ person: "7" });
  assert.deepEqual(readAddress(), { t: "3.5", tab: "labels", person: "7" });
});

test("empty values and defaults leave the address", () => {
  writeAddress({ t: "", tab: "people", person: null });
  assert.equal(location.search, "");
});
