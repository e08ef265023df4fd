// What the scripts ask of a page, for tests that have none: words, a token, events, answers of a server.
import { mock } from "node:test";

const WORDS = {
  "grid.failed": "That could not be done.",
  "undo.failed": "That could not be undone.",
  "import.pictures": "{n} pictures",
  "import.failed": "The import failed.",
  "time.moment": "under 1 s",
  "time.seconds": "{s} s",
  "time.minutes": "{m} min",
  "time.minutes_seconds": "{m} min {s} s",
  "time.hours": "{h} h",
  "time.hours_minutes": "{h} h {m} min",
  "upload.failed": "The upload failed.",
  "upload.other_file": "{other} is not {name} ({size}).",
  "upload.signed_out": "You were signed out.",
  "upload.left.seconds": "a few seconds",
  "upload.left.minutes": "{n} min",
  "upload.left.hours": "{n} h",
};

class Page extends EventTarget {
  getElementById = (id) => (id === "strings" ? { textContent: JSON.stringify(WORDS) } : null);

  querySelector = (selector) => (selector === 'meta[name="csrf-token"]' ? { content: "token" } : null);
}

globalThis.document = new Page();
globalThis.addEventListener = () => {};
globalThis.HTMLElement = class {};
globalThis.customElements = { define: () => {} };
globalThis.location = { search: "", pathname: "/page/" };

/** Lets everything go on that only waits for answers. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Puts `answer(url, options)` in the place of the server; every request is in the list that this returns. */
export function serve(answer) {
  const requests = [];
  globalThis.fetch = mock.fn(async (url, options = {}) => {
    requests.push({ url: String(url), ...options });
    return answer(String(url), options);
  });
  return requests;
}

export const json = (content, status = 200) => new Response(JSON.stringify(content), { status });

/** A server that answers when told to: {requests, answer(content, status)} in the order of the requests. */
export function slowServer() {
  const waiting = [];
  const requests = serve(() => new Promise((resolve) => waiting.push(resolve)));
  const answer = async (content, status = 200) => {
    waiting.shift()(json(content, status));
    await settled();
    await settled();
  };
  return { requests, answer };
}

/** Everything that is told to the page under a name from now on. */
export function heard(name) {
  const found = [];
  document.addEventListener(name, ({ detail }) => found.push(detail));
  return found;
}
