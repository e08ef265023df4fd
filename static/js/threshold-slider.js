// <threshold-slider>: shows at once what another threshold would change. Works as a plain form too.
import { fetchDocument, fieldsOf, nothing } from "rollcall/api";
import { Listening } from "rollcall/listening";

const WAIT_MS = 120;

class ThresholdSlider extends Listening {
  connectedCallback() {
    this.form = this.querySelector("form");
    const back = this.querySelector("[data-default]");
    this.querySelector("[data-show]").hidden = true;
    back.hidden = false;
    this.listen(back, "click", () => this.#set(back.dataset.default));
    this.listen(this.form, "input", () => this.#changed());
    this.listen(this.form, "submit", (event) => event.preventDefault());
  }

  /** @param {string} value */
  #set(value) {
    this.form.elements.at.value = value;
    this.#changed();
  }

  #changed() {
    this.querySelector("output").value = `${this.form.elements.at.value} %`;
    this.plan(WAIT_MS, () => this.#show());
  }

  async #show() {
    const signal = this.requestSignal();
    const query = fieldsOf(this.form);
    const found = await fetchDocument(`${this.dataset.src}?${query}`, signal).catch(nothing);
    const fresh = found?.body.firstElementChild;
    if (!fresh || signal.aborted) return;
    this.querySelector("[data-changes]").replaceChildren(document.importNode(fresh, true));
    history.replaceState(history.state, "", `?${query}${location.hash}`);
  }
}

customElements.define("threshold-slider", ThresholdSlider);
