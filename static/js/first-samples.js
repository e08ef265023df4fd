// <first-samples>: shows the first samples of an empty dataset as soon as they arrive; nothing could move yet.
import { visit } from "@hotwired/turbo";
import { Listening } from "rollcall/listening";

class FirstSamples extends Listening {
  connectedCallback() {
    this.listen(document, "live:samples", this.#onSamples);
  }

  /**
   * The greeting of a new connection names no dataset: nothing has arrived.
   * @param {OurEvents["live:samples"]} event
   */
  #onSamples = ({ detail }) => {
    if (!detail.subject) return;
    this.disconnectedCallback();
    visit(location.href, { action: "replace" });
  };
}

customElements.define("first-samples", FirstSamples);
