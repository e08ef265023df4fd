// <threshold-slider>: shows at once what another threshold would change. Works as a plain form too.
import { fetchDocument, fieldsOf, nothing } from "rollcall/api";
import { Listening } from "rollcall/listening";

const WAIT_MS = 120;

class ThresholdSlider extends Listening {
  /** @type {AbortController | null} */
  #request = null;
  #timer = 0;

  connectedCallback() {
    const { signal } = this;
    this.form = this.querySelector("form");
    const back = this.querySelector("[data-default]");
    this.querySelector("[data-show]").hidden = true;
    back.hidden = false;
    back.addEventListener("click", () => this.#set(back.dataset.default), { signal });
    this.form.addEventListener("input", () => this.#changed(), { signal });
    this.form.addEventListener("submit", (event) => event.preventDefault(), { signal });
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    this.#request?.abort();
    clearTimeout(this.#timer);
  }

  /** @param {string} value */
  #set(value) {
    this.form.elements.at.value = value;
    this.#changed();
  }

  #changed() {
    this.querySelector("output").value = `${this.form.elements.at.value} %`;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#show(), WAIT_MS);
  }

  async #show() {
    this.#request?.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    const query = fieldsOf(this.form);
    const found = await fetchDocument(`${this.dataset.src}?${query}`, signal).catch(nothing);
    const fresh = found?.body.firstElementChild;
    if (!fresh || signal.aborted) return;
    this.querySelector("[data-changes]").replaceChildren(document.importNode(fresh, true));
    history.replaceState(history.state, "", `?${query}${location.hash}`);
  }
}

customElements.define("threshold-slider", ThresholdSlider);
