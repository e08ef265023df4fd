// Sends many pictures to an import in numbered batches; one that is sent again replaces itself. Emits "change".
import { answerOf, nothing, post, say } from "rollcall/api";

/** @typedef {{ batchBytes: number; batchCount: number }} Limits */

const PAUSES_MS = [1000, 2000, 4000, 8000, 15000, 30000];

export class PictureBatches extends EventTarget {
  phase = "sending"; // sending retrying failed done cancelled
  words = "";
  arrived = 0;
  #next = 0;
  #ended = new AbortController();

  /** @param {File[]} files @param {Limits} limits */
  constructor(files, limits) {
    super();
    this.name = files.length === 1 ? files[0].name : say("import.pictures", { n: files.length });
    this.total = files.length;
    this.batches = batchesOf(files, limits);
  }

  get isRunning() {
    return this.phase === "sending" || this.phase === "retrying";
  }

  get percent() {
    return Math.floor((100 * this.arrived) / this.total);
  }

  /** Sends from the first batch that is not confirmed. @param {{ batch: string; start: string }} places */
  async send(places) {
    this.places = places;
    this.#move("sending");
    while (this.#next < this.batches.length) {
      const answer = await this.#sendBatch(this.#next);
      if (!answer) return;
      this.arrived = answer.arrived;
      this.#next += 1;
      this.#move("sending");
    }
    if (await this.#post(places.start, new FormData())) this.#move("done");
  }

  retry = () => this.send(this.places);

  cancel() {
    this.#ended.abort();
    this.#move("cancelled");
  }

  /** @param {number} number */
  #sendBatch(number) {
    const form = new FormData();
    for (const file of this.batches[number]) form.append("pictures", file, file.name);
    return this.#post(this.places.batch.replace(/0\/$/, `${number}/`), form);
  }

  /**
   * Returns the answer, or null once it is hopeless. Waits while the connection is down.
   * @param {string} url
   * @param {FormData} body
   */
  async #post(url, body) {
    for (let attempt = 0; ; attempt += 1) {
      if (this.#ended.signal.aborted) return null;
      const response = await post(url, body, { signal: this.#ended.signal }).catch(nothing);
      if (response?.ok && !response.redirected) return response.json();
      if (response && (response.redirected || response.status < 500 || response.status === 507)) {
        const isSignedOut = response.redirected || response.status === 403;
        const answer = isSignedOut ? null : await answerOf(Promise.resolve(response));
        this.words = answer?.error ?? say(isSignedOut ? "upload.signed_out" : "import.failed");
        this.#move("failed");
        return null;
      }
      if (this.#ended.signal.aborted) return null;
      this.#move("retrying");
      await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)]));
    }
  }

  /** @param {string} phase */
  #move(phase) {
    if (this.phase !== "cancelled") this.phase = phase;
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * Groups files into batches of limited bytes and count; a file that is too big has a batch of its own.
 * @param {File[]} files
 * @param {Limits} more
 */
export function batchesOf(files, { batchBytes, batchCount }) {
  /** @type {File[][]} */
  const batches = [];
  let bytes = Infinity;
  for (const file of files) {
    if (bytes + file.size > batchBytes || batches.at(-1).length >= batchCount) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1).push(file);
    bytes += file.size;
  }
  return batches;
}
