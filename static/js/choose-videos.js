// <choose-videos>: how many videos are chosen, and nothing to press while there is none. What is ticked by hand stays
// ticked while one pages, opens a video or reloads; another search, another choice of all, and sending begin anew.
import { newElement, say } from "rollcall/api";
import { Listening } from "rollcall/listening";

const KEY = "chosen videos";

/** The address, whatever the page. */
function searched() {
  const query = new URLSearchParams(location.search);
  query.delete("page");
  return `${location.pathname}?${query}`;
}

/** @returns {string[] | null} The videos that were chosen among those of this address. */
function kept() {
  const { address, videos } = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  return address === searched() ? videos : null;
}

class ChooseVideos extends Listening {
  connectedCallback() {
    const videos = kept();
    if (videos) this.#tick(new Set(videos));
    this.listen(document, "change", (event) => event.target.closest(".card-choice") && this.#changed());
    this.listen(document, "live:gone", this.#changed);
    this.listen(document, "fragment:refreshed", this.#changed);
    this.listen(this, "submit", () => sessionStorage.removeItem(KEY));
    this.#changed();
  }

  #boxes = () => /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('.card-choice [name="video"]')]);

  /** Ticks what this page shows, and keeps the others as hidden fields. @param {Set<string>} videos */
  #tick(videos) {
    for (const box of this.#boxes()) box.checked = videos.delete(box.value);
    for (const field of this.querySelectorAll('input[name="video"]')) field.remove();
    const fields = [...videos].map((value) => newElement("input", { type: "hidden", name: "video", value }));
    this.querySelector("form").append(...fields);
  }

  #changed = () => {
    const ticked = this.#boxes().filter((box) => box.checked);
    const videos = [
      ...ticked,
      .../** @type {NodeListOf<HTMLInputElement>} */ (this.querySelectorAll('input[name="video"]')),
    ];
    const n = videos.length;
    sessionStorage.setItem(KEY, JSON.stringify({ address: searched(), videos: videos.map(({ value }) => value) }));
    this.querySelector("[data-chosen]").textContent =
      n === 1 ? say("videos.chosen_one") : say("videos.chosen_many", { n });
    for (const button of this.querySelectorAll("button")) button.disabled = !n;
  };
}

// The library without boxes: the choice was given up.
document.addEventListener("turbo:load", () => {
  if (document.querySelector("video-grid") && !document.querySelector("choose-videos")) sessionStorage.removeItem(KEY);
});

customElements.define("choose-videos", ChooseVideos);
