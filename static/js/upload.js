// One file on its way to the server, resumable (tus 1.0). Emits "change", "ended" and "wanted" (it would like to start).
import { answerOf, csrfToken, nothing, say } from "rollcall/api";
import { bytes } from "rollcall/format";
import { newKey } from "rollcall/idempotency-keys";

/**
 * Addresses of the server, and what it wants to know of an upload.
 * @typedef {{ create: string; chunk: number; precheck?: string; team?: string; video?: string; stop?: string }} Places
 *
 * A file that was just chosen, or what the server remembers of one that was begun earlier.
 * @typedef {{ file?: File; thoroughness?: string; url?: string; video?: string; name?: string; size?: number;
 *   offset?: number; fingerprint?: string }} Begun
 */

const PAUSES_MS = [0, 1000, 2000, 4000, 8000, 15000, ...Array(60).fill(30000)];
const SPEED_OVER_MS = 8000;
/** @type {Record<number, string>} */
const FINAL_ERRORS = {
  401: "signed_out",
  403: "forbidden",
  404: "gone",
  410: "gone",
  413: "too_large",
  507: "disk_full",
};
const RUNNING = ["queued", "starting", "sending", "retrying"];

/** Whether the server says why, not a proxy. @param {import("tus-js-client").HttpResponse} response */
const isOurs = (response) => Boolean(response.getHeader("Tus-Resumable") && response.getBody());

/** The same for the same file, when it is chosen again. @param {File} file */
export const fingerprintOf = (file) => `${file.size}-${file.lastModified}-${file.name}`.slice(0, 200);

export class Upload extends EventTarget {
  phase = "queued"; // queued asking starting sending retrying paused awaiting done failed cancelled
  isAllowed = false;
  /** Whether the file can never be uploaded. */
  isFinal = false;
  /** Whether it is a picture, in which people can be looked for. */
  isPicture = false;
  /** @type {{ title: string; url: string } | null} A video that is here already, of the same name and size. */
  same = null;
  words = "";
  name = "";
  type = "";
  fingerprint = "";
  size = 0;
  sent = 0;
  /** @type {File | null} */
  file = null;
  /** @type {import("tus-js-client").Upload | null} */
  #tus = null;
  /** @type {{ at: number; sent: number }[]} */
  #samples = [];
  /** A lost answer to the first request leaves one upload behind, not two. */
  #key = newKey();

  /**
   * Either {file, thoroughness}, or {url, video, name, size, offset, fingerprint} of one that was started earlier.
   * @param {import("rollcall/upload").Begun} begun
   * @param {import("rollcall/upload").Places} places
   */
  constructor(begun, places) {
    super();
    this.places = places;
    this.thoroughness = begun.thoroughness;
    Object.assign(this, { url: begun.url ?? "", video: begun.video ?? "", sent: begun.offset ?? 0 });
    if (begun.file) this.give(begun.file);
    else Object.assign(this, { name: begun.name, size: begun.size, fingerprint: begun.fingerprint, phase: "awaiting" });
  }

  get isRunning() {
    return RUNNING.includes(this.phase);
  }

  get percent() {
    return this.size ? Math.floor((100 * this.sent) / this.size) : 0;
  }

  /** Bytes a second over the last moments; NaN until known. */
  get speed() {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    return first && last.at - first.at > 1000 ? ((last.sent - first.sent) / (last.at - first.at)) * 1000 : NaN;
  }

  /** @param {File} file */
  awaits(file) {
    const isSame = fingerprintOf(file) === this.fingerprint;
    return isSame && (this.phase === "awaiting" || this.phase === "failed");
  }

  /** @param {File} file */
  give(file) {
    const { name, size, type } = file;
    Object.assign(this, { file, name, size, type, fingerprint: fingerprintOf(file) });
    Object.assign(this, { isAllowed: false, isFinal: false, isPicture: false, same: null, words: "" });
    this.#move("queued");
  }

  /**
   * Takes in the server's precheck: {ok, resume, offset, same} or {ok: false, reason, is_final, is_picture}.
   * @param {{ ok: boolean; reason?: string; is_final?: boolean; is_picture?: boolean; resume?: string;
   *   offset?: number; same?: { title: string; url: string } }} result
   */
  prechecked(result) {
    this.isPicture = result.is_picture ?? false;
    if (!result.ok) return this.fail(result.reason, result.is_final);
    this.same = result.same ?? null;
    Object.assign(this, { isAllowed: !this.same, url: result.resume ?? "", sent: result.offset ?? 0 });
    this.#move(this.same ? "asking" : "queued");
  }

  /** Nobody could be asked yet; it goes on by itself. */
  waitForServer() {
    this.#move("retrying");
  }

  async start() {
    this.#move("starting");
    await import("tus");
    if (this.phase !== "starting") return;
    this.#tus ??= new window.tus.Upload(this.file, this.#options());
    this.#samples = [];
    this.#tus.start();
  }

  async pause() {
    this.#tus?.abort();
    this.#move("paused");
    this.#emit("ended");
    const arrived = await answerOf(this.sayStopped());
    if (!arrived || this.phase !== "paused") return;
    this.sent = arrived.offset;
    this.#move("paused");
  }

  /** Tells the server that nothing comes for now; also while the page is left. */
  sayStopped() {
    const { stop } = this.places;
    const id = (this.#tus?.url ?? this.url).split("/").at(-1);
    if (!stop || !id) return Promise.reject(new Error("nothing has been sent"));
    return fetch(stop.replace("00000000-0000-0000-0000-000000000000", id), {
      method: "POST",
      headers: { "X-CSRFToken": csrfToken() },
      keepalive: true,
    });
  }

  /** Another file than the one that it waits for. @param {File} file */
  refuse(file) {
    this.words = say("upload.other_file", { other: file.name, name: this.name, size: bytes(this.size) });
    this.#move(this.phase);
  }

  /** After a pause, a failure, or a question. */
  resume() {
    this.isAllowed = true;
    this.#move("queued");
    this.#emit("wanted");
  }

  async cancel() {
    await this.#forget().catch(nothing);
    this.#move("cancelled");
    this.#emit("ended");
  }

  /** Deletes what has arrived. */
  async #forget() {
    const headers = { "Tus-Resumable": "1.0.0", "X-CSRFToken": csrfToken() };
    if (this.#tus) await this.#tus.abort(true);
    else if (this.url) await fetch(this.url, { method: "DELETE", headers });
  }

  /** @param {string} words @param {boolean} [isFinal] */
  fail(words, isFinal = false) {
    Object.assign(this, { words, isFinal });
    this.#move("failed");
    this.#emit("ended");
  }

  /** @returns {import("tus-js-client").UploadOptions} */
  #options() {
    const { create, chunk, team } = this.places;
    return {
      endpoint: create,
      uploadUrl: this.url || null,
      chunkSize: chunk,
      retryDelays: PAUSES_MS,
      storeFingerprintForResuming: false,
      headers: { "Idempotency-Key": this.#key },
      metadata: {
        filename: this.name,
        filetype: this.type,
        team,
        thoroughness: this.thoroughness ?? "",
        fingerprint: this.fingerprint,
      },
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", csrfToken()),
      onAfterResponse: (_, response) => (this.video = response.getHeader("Rollcall-Video") || this.video),
      onProgress: (sent) => this.#progressed(sent),
      onShouldRetry: (error) => this.#mayRetry(error),
      onError: (error) => this.#failed(error),
      onSuccess: () => this.#finished(),
    };
  }

  /** @param {number} sent */
  #progressed(sent) {
    const now = performance.now();
    this.sent = sent;
    this.#samples.push({ at: now, sent });
    while (this.#samples.length > 2 && now - this.#samples[0].at > SPEED_OVER_MS) this.#samples.shift();
    if (["starting", "retrying", "sending"].includes(this.phase)) this.#move("sending");
  }

  /** @param {import("tus-js-client").DetailedError} error */
  #mayRetry(error) {
    const status = error.originalResponse?.getStatus() ?? 0;
    if (FINAL_ERRORS[status] || (status >= 400 && status < 500 && ![408, 409, 423, 425, 429, 460].includes(status)))
      return false;
    this.#samples = [];
    this.#move("retrying");
    return true;
  }

  /** @param {import("tus-js-client").DetailedError | Error} error */
  #failed(error) {
    if (this.phase === "cancelled" || this.phase === "paused") return;
    const response = "originalResponse" in error ? error.originalResponse : null;
    const status = response?.getStatus() ?? 0;
    // A new attempt asks for the offset again, or starts over where the server has forgotten it.
    this.url = this.#tus?.url ?? this.url;
    this.#tus = null;
    if (status === 404 || status === 410) this.#startOver();
    const cause = String(("causingError" in error && error.causingError) || error);
    if (!response && /read|NotFound|NotReadable/i.test(cause)) this.fail(say("upload.unreadable"));
    // Of what is not found the server knows the reason, as when somebody may no longer upload to the team.
    else if ([404, 413, 507].includes(status) && isOurs(response)) this.fail(response.getBody());
    else if (FINAL_ERRORS[status]) this.fail(say(`upload.${FINAL_ERRORS[status]}`));
    else if (status >= 400 && status < 500 && isOurs(response)) this.fail(response.getBody(), status === 415);
    else this.fail(say("upload.failed"));
  }

  #startOver() {
    Object.assign(this, { url: "", sent: 0 });
    this.#key = newKey();
  }

  #finished() {
    this.sent = this.size;
    // The video has the id of its upload.
    this.video ||= this.#tus.url.split("/").at(-1);
    this.#move("done");
    this.#emit("ended");
  }

  /** @param {string} phase */
  #move(phase) {
    this.phase = phase;
    this.#emit("change");
  }

  /** @param {string} name */
  #emit(name) {
    this.dispatchEvent(new Event(name));
  }
}
