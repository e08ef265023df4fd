// <choose-faces>: how many appearances are chosen, and what can be done with that many.
import { say } from "rollcall/api";

function words(n) {
  if (!n) return say("faces.chosen_none");
  return n === 1 ? say("faces.chosen_one") : say("faces.chosen_many", { n });
}

class ChooseFaces extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", this.#count);
    document.addEventListener("fragment:refreshed", this.#count);
    this.#count();
  }

  disconnectedCallback() {
    this.removeEventListener("change", this.#count);
    document.removeEventListener("fragment:refreshed", this.#count);
  }

  #count = () => {
    const bar = this.querySelector("[data-bar]");
    if (!bar) return;
    const n = this.querySelectorAll('[name="track"]:checked').length;
    bar.classList.toggle("is-idle", !n);
    bar.querySelector("[data-chosen]").textContent = words(n);
    for (const button of bar.querySelectorAll("button")) button.disabled = !n || (button.hasAttribute("formaction") && n > 1);
  };
}

customElements.define("choose-faces", ChooseFaces);
