// All uploads of this browser tab. They live here, not in a page, so that they continue while the visitor moves about.
import { nothing, postJson, say } from "rollcall/api";
import { contentOf } from "rollcall/file-content";
import { Upload } from "rollcall/upload";

const AT_ONCE = 3;
const PAUSES_MS = [1000, 2000, 5000, 10000, 30000];

/** Waits so long, or until the browser says that the line is back. @param {number} most */
const lineReturns = (most) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, most);
    addEventListener("online", () => resolve(clearTimeout(timer)), { once: true });
  });

class Uploads extends EventTarget {
  /** @type {import("rollcall/upload").Upload[]} */
  items = [];
  /** @type {import("rollcall/upload").Upload | null} For which a file is being chosen. */
  wanted = null;

  get running() {
    return this.items.filter((item) => item.isRunning);
  }

  /** 0..100 over everything that runs. */
  get percent() {
    const total = this.running.reduce((sum, item) => sum + item.size, 0);
    return total ? Math.floor((100 * this.running.reduce((sum, item) => sum + item.sent, 0)) / total) : 0;
  }

  /**
   * Asks the server first, so that nobody waits an hour for a refusal. `places`: {create, precheck, chunk, team}.
   * @param {File[]} files
   * @param {import("rollcall/upload").Places} places
   * @param {string} thoroughness
   */
  async add(files, places, thoroughness) {
    const items = [...files].map((file) => this.#takeOrMake(file, places, thoroughness));
    this.#changed();
    const fresh = items.filter((item) => item.phase === "queued");
    if (fresh.length) await this.#precheck(fresh, places);
    this.#startNext();
  }

  /**
   * The files that somebody chose. For an upload that waits for its own, another one is not taken for a new upload.
   * @param {File[]} files
   * @param {import("rollcall/upload").Places} places
   * @param {string} thoroughness
   */
  async chosen(files, places, thoroughness) {
    const { wanted } = this;
    this.wanted = null;
    if (wanted && !files.some((file) => wanted.awaits(file))) return wanted.refuse(files[0]);
    await this.add(files, places, thoroughness);
  }

  /**
   * An upload that was started earlier, as the server says: waits for its file.
   * @param {import("rollcall/upload").Begun} begun
   * @param {import("rollcall/upload").Places} places
   */
  remember(begun, places) {
    if (this.items.some((item) => item.video === begun.video)) return;
    this.#attach(new Upload(begun, places));
    this.#changed();
  }

  /** Ended ones have been seen on the page before. */
  forgetEnded() {
    this.items = this.items.filter((item) => !["done", "cancelled"].includes(item.phase));
  }

  /** @param {import("rollcall/upload").Upload[]} gone */
  remove(...gone) {
    this.items = this.items.filter((other) => !gone.includes(other));
    this.#changed();
    this.#startNext();
  }

  /** @param {File} file @param {import("rollcall/upload").Places} places @param {string} thoroughness */
  #takeOrMake(file, places, thoroughness) {
    const known = this.items.find((each) => each.awaits(file));
    if (known) {
      known.give(file);
      return known;
    }
    const item = new Upload({ file, thoroughness }, places);
    this.#attach(item);
    return item;
  }

  /** @param {import("rollcall/upload").Upload} item */
  #attach(item) {
    item.addEventListener("change", () => this.#changed());
    item.addEventListener("ended", () => this.#startNext());
    item.addEventListener("wanted", () => this.#startNext());
    this.items.push(item);
  }

  /** @param {import("rollcall/upload").Upload[]} items @param {import("rollcall/upload").Places} places */
  async #precheck(items, places) {
    const contents = await Promise.all(items.map((item) => contentOf(item.file)));
    const files = items.map(({ name, size, type, fingerprint }, index) => {
      return { name, size, type, fingerprint, content: contents[index] };
    });
    for (let attempt = 0; ; attempt++) {
      const checked = await this.#asked({ files, team: places.team }, places).catch(nothing);
      const waiting = items.filter((item) => item.isRunning);
      if (checked) {
        for (const item of waiting)
          item.prechecked(checked.files?.[items.indexOf(item)] ?? { ok: false, reason: checked.error });
        return;
      }
      if (!waiting.length) return;
      for (const item of waiting) item.waitForServer();
      await lineReturns(PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)]);
    }
  }

  /**
   * What the server says of the files; throws where nobody, or only a proxy, answers.
   * @param {object} asks
   * @param {import("rollcall/upload").Places} places
   */
  async #asked(asks, places) {
    const response = await postJson(places.precheck, asks);
    if (response.redirected || response.status === 403) return { error: say("upload.signed_out") };
    return response.json();
  }

  #startNext() {
    const free = AT_ONCE - this.items.filter((item) => ["starting", "sending", "retrying"].includes(item.phase)).length;
    const next = this.items.filter((item) => item.phase === "queued" && item.isAllowed);
    for (const item of next.slice(0, Math.max(0, free))) item.start();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

export const uploads = new Uploads();

// Only leaving the application ends uploads; visiting other pages of it does not.
addEventListener("beforeunload", (event) => uploads.running.length && event.preventDefault());

// What is cut off in the middle of a piece says nothing to the server.
addEventListener("pagehide", () => {
  for (const item of uploads.running) item.sayStopped().catch(nothing);
});
