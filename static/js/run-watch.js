// <run-watch>: when the training is done, its page becomes the page of the result.
import { visit } from "@hotwired/turbo";

class RunWatch extends HTMLElement {
  connectedCallback() {
    document.addEventListener("live:job", this.#onJob);
  }

  disconnectedCallback() {
    document.removeEventListener("live:job", this.#onJob);
  }

  /** @param {OurEvents["live:job"]} event */
  #onJob = ({ detail }) => {
    if (detail.subject !== this.dataset.run || detail.kind !== "train" || detail.status !== "done") return;
    this.disconnectedCallback();
    visit(location.href, { action: "replace" });
  };
}

customElements.define("run-watch", RunWatch);
