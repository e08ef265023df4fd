// <video-uploader>: the drop zone (the whole page is one) and the rows of this tab's uploads.
import { newElement, say } from "rollcall/api";
import { filesOf, takeFiles } from "rollcall/dropped-files";
import { Listening } from "rollcall/listening";
import { latestOf } from "rollcall/live-store";
import "rollcall/upload-row"; // rows that are made here are complete at once
import { uploads } from "rollcall/uploads";

/** So soon the server has heard that the page before this one was left, and stopped sending. */
const HEARD_AFTER_MS = 1500;

class VideoUploader extends Listening {
  #depth = 0;

  connectedCallback() {
    const { create, precheck, video, stop, team, chunk } = this.dataset;
    this.places = { create, precheck, video, stop, team, chunk: Number(chunk) };
    const field = this.querySelector("input[type=file]");
    this.listen(field, "change", () => this.#add(takeFiles(field), true));
    this.listen(field, "cancel", () => (uploads.wanted = null));
    this.listen(document, "dragenter", (event) => this.#over(event, 1));
    this.listen(document, "dragleave", (event) => this.#over(event, -1));
    this.listen(document, "dragover", (event) => hasFiles(event) && event.preventDefault());
    this.listen(document, "drop", (event) => this.#dropped(event));
    this.listen(uploads, "change", () => this.#rows());
    this.listen(document, "live:job", () => this.#rows());
    this.listen(this.querySelector('[data-act="remove-all"]'), "click", () => this.#removeAll());
    uploads.forgetEnded();
    this.#remember();
    this.#rows();
  }

  #remember() {
    const begunOnes = [...this.querySelectorAll("li[data-url]")];
    // Their cards were drawn while the server still took them for going on.
    if (begunOnes.some((begun) => !("stopped" in begun.dataset)))
      this.plan(HEARD_AFTER_MS, () => document.dispatchEvent(new CustomEvent("fragment:stale")));
    for (const begun of begunOnes) {
      const { url, video, name, size, offset, fingerprint } = begun.dataset;
      uploads.remember({ url, video, name, size: Number(size), offset: Number(offset), fingerprint }, this.places);
      begun.remove();
    }
  }

  /** @param {DragEvent} event @param {number} step */
  #over(event, step) {
    if (!hasFiles(event)) return;
    this.#depth = Math.max(0, this.#depth + step);
    this.#veil(this.#depth > 0);
  }

  /** @param {DragEvent} event */
  async #dropped(event) {
    if (!hasFiles(event)) return;
    event.preventDefault();
    this.#depth = 0;
    this.#veil(false);
    this.#add(await filesOf(event.dataTransfer));
  }

  /** @param {boolean} isShown */
  #veil(isShown) {
    this.classList.toggle("is-over", isShown);
    this.querySelector(".drop-veil").hidden = !isShown;
  }

  /** @param {File[]} files @param {boolean} [isChosen] By the field, which an upload may wait for. */
  #add(files, isChosen = false) {
    if (!files.length) return;
    const thoroughness = document.querySelector('.advanced [name="thoroughness"]:checked')?.value ?? "balanced";
    if (isChosen) uploads.chosen(files, this.places, thoroughness);
    else uploads.add(files, this.places, thoroughness);
  }

  /** One row for each upload; what has failed lies in a tray of its own. */
  #rows() {
    const list = this.querySelector(".upload-rows");
    const tray = this.querySelector(".upload-tray");
    const lain = tray.querySelector(".upload-rows");
    const children = [...list.children, ...lain.children];
    const rows = new Map(children.map((child) => [child.querySelector("upload-row")?.item, child]));
    for (const item of uploads.items) {
      // In the library a card takes over; the upload page shows the whole way.
      if (item.phase === "done" && !("keepsDone" in this.dataset)) continue;
      const place = hasFailed(item) ? lain : list;
      const row = rows.get(item) ?? this.#newRow(item);
      rows.delete(item);
      if (row.parentElement !== place) place.append(row);
    }
    for (const gone of rows.values()) gone.remove();
    const n = lain.children.length;
    tray.hidden = n === 0;
    tray.querySelector("[data-count]").textContent = say("upload.tray", { n });
  }

  /** @param {import("rollcall/upload").Upload} item */
  #newRow(item) {
    const row = document.importNode(this.querySelector("template").content.querySelector("upload-row"), true);
    row.item = item;
    return newElement("li", {}, row);
  }

  /** What has arrived of them goes as well, as when they are removed one by one. */
  async #removeAll() {
    const failed = uploads.items.filter(hasFailed);
    await Promise.all(failed.filter((item) => item.phase === "failed").map((item) => item.cancel()));
    uploads.remove(...failed);
    this.querySelector("input[type=file]").focus();
  }
}

/** Here or, once it had arrived, in its check. @param {import("rollcall/upload").Upload} item */
const hasFailed = (item) =>
  item.phase === "failed" || (item.phase === "done" && latestOf(item.video)?.status === "failed");

/** @param {DragEvent} event */
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

customElements.define("video-uploader", VideoUploader);
