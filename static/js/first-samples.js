// <first-samples>: shows the first samples of an empty dataset as soon as they arrive; nothing could move yet.
import { visit } from "@hotwired/turbo";

class FirstSamples extends HTMLElement {
  connectedCallback() {
    document.addEventListener("live:samples", this.#onSamples);
  }

  disconnectedCallback() {
    document.removeEventListener("live:samples", this.#onSamples);
  }

  /**
   * The greeting of a new connection names no dataset: nothing has arrived.
   * @param {OurEvents["live:samples"]} event
   */
  #onSamples = ({ detail }) => {
    if (!detail.subject) return;
    document.removeEventListener("live:samples", this.#onSamples);
    visit(location.href, { action: "replace" });
  };
}

customElements.define("first-samples", FirstSamples);
