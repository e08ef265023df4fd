// <import-sender>: sends files that are chosen or dropped for a dataset, with a row for each upload.
import { announceUpload } from "rollcall/announcements";
import { fieldsOf, nothing, post, say } from "rollcall/api";
import { filesOf, takeFiles } from "rollcall/dropped-files";
import { bytes } from "rollcall/format";
import { newKey } from "rollcall/idempotency-keys";
import { Listening } from "rollcall/listening";
import { PictureBatches } from "rollcall/picture-batches";
import { toast } from "rollcall/toasts";
import { fingerprintOf, Upload } from "rollcall/upload";
import { directoryOf, partsIn } from "rollcall/zip-directory";

// These belong to no page: they continue while the visitor uses other pages.
const senders = new Set();
/**
 * Files that were chosen together; the server takes only so many unfinished ones of a person.
 * @type {Upload[]}
 */
const waiting = [];
const AT_ONCE = 3;
addEventListener("beforeunload", (event) => [...senders].some((sender) => sender.isRunning) && event.preventDefault());

class ImportSender extends Listening {
  #rows = new Map();
  /** @type {File | null} A ZIP about whose sets is asked. */
  #asked = null;

  connectedCallback() {
    const field = this.querySelector("input[type=file]");
    this.listen(field, "change", () => this.#begin(takeFiles(field)));
    this.listen(this, "dragover", (event) => this.#over(event, true));
    this.listen(this, "dragleave", (event) => this.#over(event, false));
    this.listen(this, "drop", (event) => this.#dropped(event));
    this.listen(this, "submit", (event) => event.preventDefault());
    this.listen(this, "click", (event) => event.target.closest('[data-act="send"]') && this.#answered());
    for (const sender of senders) if (sender.phase !== "done") this.#follow(sender);
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    this.#rows.clear();
    this.querySelector(".upload-rows").replaceChildren();
  }

  /** @param {DragEvent} event @param {boolean} isOver */
  #over(event, isOver) {
    event.preventDefault();
    this.classList.toggle("is-over", isOver);
  }

  /** @param {DragEvent} event */
  async #dropped(event) {
    this.#over(event, false);
    this.#begin(await filesOf(event.dataTransfer));
  }

  /** Resumes uploads that began before a reload; the rest is new. @param {File[]} all */
  #begin(all) {
    const fresh = all.filter((file) => !this.#goesOn(file));
    if (!fresh.length) return;
    if (this.dataset.source === "archive") this.#lookInto(fresh[0]);
    else this.#beginNew(fresh);
  }

  /** What the ZIP's directory tells is said before it is sent; what cannot be read the server will say. @param {File} file */
  async #lookInto(file) {
    const { mostFiles, suffixes } = this.dataset;
    const directory = await directoryOf(file).catch(nothing);
    if (directory?.count > Number(mostFiles))
      return toast(say("import.too_many", { n: count(directory.count), most: count(Number(mostFiles)) }));
    const parts = directory && partsIn(directory.names, new Set(suffixes.split(",")));
    if (!parts) return this.#beginNew([file]);
    this.#asked = file;
    const question = this.#question(true);
    for (const [part, n] of Object.entries(parts)) {
      const place = question.querySelector(`[data-part="${part}"]`);
      place.hidden = !n;
      place.querySelector("b").textContent = count(n);
    }
    question.querySelector(":checked").focus();
    return null;
  }

  /** @param {boolean} isShown */
  #question(isShown) {
    const question = this.querySelector("fieldset");
    Object.assign(question, { hidden: !isShown, disabled: !isShown });
    return question;
  }

  async #answered() {
    const file = this.#asked;
    this.#asked = null;
    if (file) await this.#beginNew([file]);
    this.#question(false);
    this.querySelector("input[type=file]").focus();
  }

  /** @param {File} file */
  #goesOn(file) {
    const begun = [...this.querySelectorAll("data.unfinished")].find((each) => each.value === fingerprintOf(file));
    if (!begun) return false;
    const { url, name, size, offset } = begun.dataset;
    const known = { url, name, size: Number(size), offset: Number(offset), fingerprint: begun.value };
    const sender = new Upload(known, { create: "", chunk: Number(this.dataset.chunk) });
    begun.remove();
    sender.give(file);
    this.#take(sender);
    sender.start();
    return true;
  }

  /** @param {File[]} all */
  async #beginNew(all) {
    const isPictures = this.dataset.source === "pictures";
    const most = Number(this.dataset.pictureBytes);
    const files = isPictures ? all.filter((file) => file.size <= most) : all;
    if (files.length < all.length && isPictures)
      toast(say("import.too_large", { n: all.length - files.length, most: bytes(most) }));
    if (!files.length) return;
    const form = this.querySelector("form");
    const fields = fieldsOf(form);
    fields.set("idempotency_key", newKey());
    fields.set("expected", String(files.length));
    if (files.length === 1) fields.set("title", files[0].name);
    const response = await post(form.action, fields).catch(nothing);
    const places = await response?.json().catch(nothing);
    if (response?.status !== 201) return toast(places?.error ?? say("import.failed"));
    if (isPictures) this.#sendPictures(files, places);
    else for (const file of files) this.#sendFile(file, places);
    return null;
  }

  /** @param {File[]} files @param {{ batch: string; start: string }} places */
  #sendPictures(files, places) {
    const { batchBytes, batchCount } = this.dataset;
    const sender = new PictureBatches(files, { batchBytes: Number(batchBytes), batchCount: Number(batchCount) });
    this.#take(sender);
    sender.send(places);
  }

  /** @param {File} file @param {{ create: string }} more */
  #sendFile(file, { create }) {
    const sender = new Upload({ file }, { create, chunk: Number(this.dataset.chunk) });
    this.#take(sender);
    sender.addEventListener("ended", startNext);
    waiting.push(sender);
    startNext();
  }

  /** @param {import("rollcall/upload").Upload | import("rollcall/picture-batches").PictureBatches} sender */
  #take(sender) {
    senders.add(sender);
    sender.addEventListener("change", () => announceUpload(sender));
    sender.addEventListener("change", () => ended(sender));
    this.#follow(sender);
  }

  /** @param {import("rollcall/upload").Upload | import("rollcall/picture-batches").PictureBatches} sender */
  #follow(sender) {
    const row = document.importNode(this.querySelector("template").content.querySelector(".upload-row"), true);
    this.#rows.set(sender, row);
    row.querySelector("[data-name]").textContent = sender.name;
    this.listen(row.querySelector('[data-act="cancel"]'), "click", () => sender.cancel());
    this.listen(row.querySelector('[data-act="retry"]'), "click", () => again(sender));
    this.listen(sender, "change", () => this.#show(sender));
    this.querySelector(".upload-rows").append(row);
    this.#show(sender);
  }

  /** @param {import("rollcall/upload").Upload | import("rollcall/picture-batches").PictureBatches} sender */
  #show(sender) {
    const row = this.#rows.get(sender);
    if (!row) return;
    if (sender.phase === "done" || sender.phase === "cancelled") {
      row.remove();
      this.#rows.delete(sender);
      return;
    }
    row.dataset.phase = sender.phase;
    const bar = row.querySelector("progress");
    Object.assign(bar, { value: sender.percent, ariaLabel: sender.name, hidden: sender.phase === "failed" });
    row.querySelector('[data-act="retry"]').hidden = sender.phase !== "failed";
    row.querySelector("[data-words]").textContent = wordsOf(sender);
  }
}

/** @param {number} n */
const count = (n) => n.toLocaleString(document.documentElement.lang);

function startNext() {
  /** @param {Upload} sender */
  const isSending = (sender) => ["starting", "sending", "retrying"].includes(sender.phase);
  const free = AT_ONCE - [...senders].filter((each) => each instanceof Upload && isSending(each)).length;
  const ready = waiting.splice(0).filter((each) => each.phase === "queued");
  for (const sender of ready.splice(0, Math.max(0, free))) sender.start();
  waiting.push(...ready);
}

/** @param {import("rollcall/upload").Upload | import("rollcall/picture-batches").PictureBatches} sender */
function wordsOf(sender) {
  const { percent } = sender;
  if (sender.phase === "failed") return sender.words;
  if (sender.phase === "retrying") return say("upload.retrying", { percent });
  if (sender instanceof PictureBatches) return say("import.arrived", { n: sender.arrived, all: sender.total });
  return sender.phase === "sending"
    ? say("upload.progress", { percent, done: bytes(sender.sent), total: bytes(sender.size) })
    : say("upload.starting");
}

/** @param {import("rollcall/upload").Upload | import("rollcall/picture-batches").PictureBatches} sender */
const again = (sender) => (sender instanceof PictureBatches ? sender.retry() : sender.start());

/**
 * Refreshes the list below, which shows the server's view.
 * @param {import("rollcall/upload").Upload | import("rollcall/picture-batches").PictureBatches} sender
 */
function ended(sender) {
  if (!["done", "cancelled"].includes(sender.phase)) return;
  senders.delete(sender);
  document.dispatchEvent(new CustomEvent("fragment:stale"));
}

customElements.define("import-sender", ImportSender);
