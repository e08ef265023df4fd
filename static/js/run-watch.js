// <run-watch>: when the training is done, its page becomes the page of the result.
import { visit } from "@hotwired/turbo";
import { Listening } from "rollcall/listening";

class RunWatch extends Listening {
  connectedCallback() {
    this.listen(document, "live:job", this.#onJob);
  }

  /** @param {OurEvents["live:job"]} event */
  #onJob = ({ detail }) => {
    if (detail.subject !== this.dataset.run || detail.kind !== "train" || detail.status !== "done") return;
    this.disconnectedCallback();
    visit(location.href, { action: "replace" });
  };
}

customElements.define("run-watch", RunWatch);
