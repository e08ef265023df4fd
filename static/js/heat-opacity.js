// <heat-opacity>: one slider for the opacity of the heat maps inside.

class HeatOpacity extends HTMLElement {
  /** @type {AbortController | null} */
  #ended = null;

  connectedCallback() {
    this.#ended = new AbortController();
    const label = this.querySelector("[data-heat]");
    if (!label) return;
    label.hidden = false;
    const field = label.querySelector("input");
    const show = () => this.style.setProperty("--heat", String(Number(field.value) / 100));
    field.addEventListener("input", show, { signal: this.#ended.signal });
    show();
  }

  disconnectedCallback() {
    this.#ended?.abort();
  }
}

customElements.define("heat-opacity", HeatOpacity);
