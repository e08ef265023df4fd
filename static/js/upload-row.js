// <upload-row>: one file in the list, from the first byte to "12 people found".
import { say } from "rollcall/api";
import { carry } from "rollcall/carried-file";
import { bytes, timeLeft } from "rollcall/format";
import { Listening } from "rollcall/listening";
import { latestOf } from "rollcall/live-store";
import { uploads } from "rollcall/uploads";

/** @type {Record<string, string[]>} */
const ACTS = {
  queued: ["cancel"],
  asking: ["open", "anyway", "remove"],
  starting: ["cancel"],
  sending: ["pause", "cancel"],
  retrying: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  awaiting: ["choose", "cancel"],
  failed: ["retry", "cancel"],
  refused: ["photo", "remove"],
  done: ["open"],
  cancelled: [],
};

export class UploadRow extends Listening {
  /** @type {import("rollcall/upload").Upload | null} Set by whoever makes the row, before it is put in. */
  item = null;
  #planned = 0;

  connectedCallback() {
    this.listen(this.item, "change", () => this.#plan());
    this.listen(document, "live:job", ({ detail }) => detail.subject === this.item.video && this.#plan());
    this.listen(this, "click", (event) => this.#act(event.target.closest("[data-act]")?.dataset.act));
    this.querySelector("[data-name]").textContent = this.item.name;
    this.querySelector("[data-name]").title = this.item.name;
    for (const act of ["pause", "resume", "cancel"])
      this.querySelector(`[data-act="${act}"]`).ariaLabel = say(`upload.${act}`, { name: this.item.name });
    this.#show();
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    cancelAnimationFrame(this.#planned);
  }

  #plan() {
    this.#planned ||= requestAnimationFrame(() => {
      this.#planned = 0;
      if (this.isConnected) this.#show();
    });
  }

  #show() {
    const { item } = this;
    const latest = item.phase === "done" || item.phase === "awaiting" ? latestOf(item.video) : null;
    // Once all has been sent, a late word about the upload itself is old news.
    const job = item.phase === "done" && latest?.kind === "upload" ? null : latest;
    const percent = item.phase === "done" ? (job?.percent ?? null) : (job?.percent ?? item.percent);
    this.dataset.phase = job?.status === "failed" ? "failed" : item.phase;
    this.toggleAttribute("data-warns", item.phase === "awaiting" && Boolean(item.words));
    this.querySelector("[data-size]").textContent = bytes(item.size);
    this.querySelector("[data-words]").textContent = this.#words(item, job, percent);
    const bar = this.querySelector("progress");
    bar.hidden = ["asking", "failed", "cancelled"].includes(item.phase) || ["failed", "done"].includes(job?.status);
    bar.setAttribute("aria-label", item.name);
    if (item.phase === "starting" || (percent === null && job?.status === "running")) bar.removeAttribute("value");
    else bar.value = percent ?? 0;
    const acts = ACTS[item.phase === "failed" && item.isFinal ? "refused" : item.phase];
    for (const button of this.querySelectorAll("[data-act]")) button.hidden = !acts.includes(button.dataset.act);
    this.#lead(item);
    this.querySelector('[data-act="retry"]').hidden ||= !item.file;
  }

  /** Where the links lead, and whether there is one. @param {import("rollcall/upload").Upload} item */
  #lead(item) {
    const open = this.querySelector('a[data-act="open"]');
    open.href = item.same?.url ?? item.places.video.replace("00000000-0000-0000-0000-000000000000", item.video);
    const photo = this.querySelector('a[data-act="photo"]');
    if (photo) photo.hidden ||= !item.isPicture;
  }

  /** @param {import("rollcall/upload").Upload} item @param {JobState | null} job @param {number} percent */
  #words(item, job, percent) {
    if (job && item.phase === "awaiting" && job.kind !== "upload") return "";
    if (item.words && ["failed", "awaiting"].includes(item.phase)) return item.words;
    if (job && job.stage !== "upload_stopped") return [job.headline, job.detail].filter(Boolean).join(" · ");
    if (item.phase === "awaiting") return say("upload.again", { percent });
    if (item.phase === "asking") return say("upload.same", { title: item.same.title });
    if (item.phase === "sending") {
      const { size, sent, speed } = item;
      const done = say("upload.progress", { percent, done: bytes(sent), total: bytes(size) });
      if (!(speed > 0)) return done;
      return `${done} · ${say("upload.speed", { speed: bytes(speed), left: timeLeft((size - sent) / speed) })}`;
    }
    return say(`upload.${item.phase}`, { percent });
  }

  /** @param {string} act */
  #act(act) {
    if (act === "pause") this.item.pause();
    if (["resume", "retry", "anyway"].includes(act)) this.item.resume();
    if (act === "choose") {
      uploads.wanted = this.item;
      document.getElementById("files").click();
    }
    if (act === "photo") carry(this.item.file);
    if (act === "cancel" || act === "remove") this.#cancel();
  }

  async #cancel() {
    const { item } = this;
    await item.cancel();
    uploads.remove(item);
  }
}

customElements.define("upload-row", UploadRow);
