// <first-samples>: an empty dataset whose first samples come shows them at once; there is nothing yet that could move.
import { visit } from "@hotwired/turbo";

class FirstSamples extends HTMLElement {
  connectedCallback() {
    document.addEventListener("live:samples", this.#onSamples);
  }

  disconnectedCallback() {
    document.removeEventListener("live:samples", this.#onSamples);
  }

  /** The greeting of a new connection names no dataset: nothing has come. */
  #onSamples = ({ detail }) => {
    if (!detail.subject) return;
    document.removeEventListener("live:samples", this.#onSamples);
    visit(location.href, { action: "replace" });
  };
}

customElements.define("first-samples", FirstSamples);
