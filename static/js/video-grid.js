// <video-grid>: cards of new videos come in by themselves, cards of deleted ones leave.
import { newElement } from "rollcall/api";
import { cardIn, fetchChanges } from "rollcall/library-changes";
import { Listening } from "rollcall/listening";
import { uploads } from "rollcall/uploads";

const OF_VIDEOS = ["upload", "check", "web_copy", "analysis"];

class VideoGrid extends Listening {
  #asked = new Set();

  connectedCallback() {
    this.listen(document, "live:job", this.#onJob);
    this.listen(document, "live:gone", this.#onGone);
  }

  /** @param {string} subject */
  #find = (subject) => this.querySelector(`li[data-subject="${CSS.escape(subject)}"]`);

  /** @param {OurEvents["live:gone"]} event */
  #onGone = ({ detail }) => {
    this.#asked.delete(detail.subject);
    this.#find(detail.subject)?.remove();
  };

  /** @param {OurEvents["live:job"]} event */
  #onJob = async ({ detail: state }) => {
    // The team's socket also tells of work on datasets.
    if (!OF_VIDEOS.includes(state.kind)) return;
    const isNew = "takesNew" in this.dataset && !this.#find(state.subject) && !this.#asked.has(state.subject);
    // Our own uploads have a row above; their card comes when they have arrived.
    // (The first state may come before the response that names the video.)
    /** @param {import("rollcall/upload").Upload} upload */
    const isOurs = (upload) => upload.video === state.subject || (upload.phase === "starting" && !upload.video);
    const hasRow = state.kind === "upload" && uploads.items.some(isOurs);
    // Ended work of a video that is not on this page is on a later one.
    if (!isNew || hasRow || !["queued", "running"].includes(state.status)) return;
    this.#asked.add(state.subject);
    const { changes } = this.dataset;
    const card = cardIn(await fetchChanges(changes, state.subject), state.subject);
    if (!card || this.#find(state.subject)) return;
    const fragment = document.createElement("live-fragment");
    Object.assign(fragment.dataset, { changes, card: state.subject });
    fragment.append(document.adoptNode(card));
    const item = newElement("li", { className: "arriving" }, fragment);
    item.dataset.subject = state.subject;
    this.querySelector("ul").prepend(item);
    document.querySelector("[data-empty]")?.remove();
  };
}

customElements.define("video-grid", VideoGrid);
