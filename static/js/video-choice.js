// <video-choice>: finds videos by title while one types; each is a link that filters the page.
import { fetchDocument, nothing } from "rollcall/api";
import { Listening } from "rollcall/listening";

const PAUSE_MS = 150;

class VideoChoice extends Listening {
  connectedCallback() {
    this.listen(this, "input", () => this.plan(PAUSE_MS, () => this.#find()));
    const menu = this.closest("details");
    this.listen(menu, "toggle", () => menu.open && this.plan(0, () => this.#find()));
  }

  async #find() {
    const words = this.querySelector("input").value;
    const url = `${this.dataset.src}?${new URLSearchParams({ words })}`;
    // Whoever chooses one leaves the page, perhaps before the answer is complete.
    const found = (await fetchDocument(url, this.signal).catch(nothing))?.body.firstElementChild;
    if (!found || words !== this.querySelector("input").value) return;
    for (const link of found.querySelectorAll("a[data-video]")) {
      const query = new URLSearchParams(location.search);
      query.delete("at");
      query.set("video", link.dataset.video);
      link.search = query.toString();
    }
    this.querySelector("[data-choices]").replaceChildren(...document.adoptNode(found).childNodes);
  }
}

customElements.define("video-choice", VideoChoice);
