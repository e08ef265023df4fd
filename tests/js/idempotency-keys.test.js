// A form sent twice keeps its key; sent again with other values it gets a new one.
import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { newKey } from "rollcall/idempotency-keys";

/** What the script asks of a form; `FormData` reads `fields`. */
const formOf = (fields) => {
  const key = { value: "drawn", dataset: {} };
  return { fields, key, querySelector: () => key };
};

globalThis.FormData = class {
  constructor(form) {
    this.pairs = Object.entries({ ...form.fields, idempotency_key: form.key.value });
  }

  [Symbol.iterator]() {
    return this.pairs[Symbol.iterator]();
  }
};

const submit = (form) => {
  const event = new Event("submit");
  Object.defineProperty(event, "target", { value: form });
  document.dispatchEvent(event);
};

test("keys differ", () => {
  assert.match(newKey(), /^[0-9a-f]{32}$/);
  assert.notEqual(newKey(), newKey());
});

test("the same values keep the key that the page came with", () => {
  const form = formOf({ note: "a" });
  submit(form);
  submit(form);
  assert.equal(form.key.value, "drawn");
});

test("other values get a key of their own, and keep it", () => {
  const form = formOf({ note: "a" });
  submit(form);
  form.fields.note = "b";
  submit(form);
  const second = form.key.value;
  assert.notEqual(second, "drawn");
  submit(form);
  assert.equal(form.key.value, second);
});

test("a form without a key is left alone", () => {
  const form = { querySelector: () => null };
  submit(form);
});
