// <video-choice>: finds videos by title while one types; each is a link that filters the page.
import { fetchDocument } from "rollcall/api";

const PAUSE_MS = 150;

class VideoChoice extends HTMLElement {
  #ended = null;
  #timer = 0;

  connectedCallback() {
    this.#ended = new AbortController();
    const { signal } = this.#ended;
    this.addEventListener("input", () => this.#plan(PAUSE_MS), { signal });
    this.closest("details").addEventListener("toggle", (event) => event.target.open && this.#plan(0), { signal });
  }

  disconnectedCallback() {
    this.#ended.abort();
    clearTimeout(this.#timer);
  }

  #plan(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#find(), pause);
  }

  async #find() {
    const words = this.querySelector("input").value;
    const url = `${this.dataset.src}?${new URLSearchParams({ words })}`;
    // Whoever chooses one leaves the page, perhaps before the answer is complete.
    const found = (await fetchDocument(url, this.#ended.signal).catch(() => null))?.body.firstElementChild;
    if (!found || words !== this.querySelector("input").value) return;
    for (const link of found.querySelectorAll("[data-video]")) {
      const query = new URLSearchParams(location.search);
      query.delete("at");
      query.set("video", link.dataset.video);
      link.search = query.toString();
    }
    this.querySelector("[data-choices]").replaceChildren(...document.adoptNode(found).childNodes);
  }
}

customElements.define("video-choice", VideoChoice);
