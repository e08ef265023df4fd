// <choose-videos>: how many videos are chosen, and nothing to press while there is none.
import { say } from "rollcall/api";
import { Listening } from "rollcall/listening";

class ChooseVideos extends Listening {
  connectedCallback() {
    this.listen(document, "change", this.#count);
    this.listen(document, "live:gone", this.#count);
    this.#count();
  }

  #count = () => {
    // Those on other pages are hidden fields.
    const n = document.querySelectorAll('.card-choice [name="video"]:checked, #bulk [name="video"]').length;
    this.querySelector("[data-chosen]").textContent =
      n === 1 ? say("videos.chosen_one") : say("videos.chosen_many", { n });
    for (const button of this.querySelectorAll("button")) button.disabled = !n;
  };
}

customElements.define("choose-videos", ChooseVideos);
