// <heat-map>: once it comes into view it asks where the model looked, waits for the answer and shows it. What the server put inside stays until then, and works without this.
import { fetchDocument, post } from "rollcall/api";

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 4_000;
const NEAR = "120px";

class HeatMap extends HTMLElement {
  #ended = null;
  #observer = null;
  #timer = 0;

  connectedCallback() {
    this.#ended = new AbortController();
    if (this.dataset.poll) return this.querySelector("[data-waiting]") && this.#wait(this.dataset.poll, FIRST_WAIT_MS);
    if ("shown" in this.dataset) return;
    this.#observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.#ask(), { rootMargin: NEAR });
    this.#observer.observe(this);
  }

  disconnectedCallback() {
    this.#ended.abort();
    this.#observer?.disconnect();
    clearTimeout(this.#timer);
  }

  async #ask() {
    this.#observer.disconnect();
    const { ask, sample = "", average = "", label = "" } = this.dataset;
    const response = await post(ask, { sample, average, label }).catch(() => null);
    if (!response?.ok || this.#ended.signal.aborted) return;
    const { look } = await response.json();
    this.#show(look, FIRST_WAIT_MS);
  }

  #wait(url, pause) {
    this.#timer = setTimeout(() => this.#show(url, Math.min(pause * 1.5, LONGEST_WAIT_MS)), pause);
  }

  async #show(url, pause) {
    const found = await fetchDocument(url, this.#ended.signal).catch(() => undefined);
    if (this.#ended.signal.aborted || found === null) return;
    const fresh = found?.body.firstElementChild;
    if (!fresh || "waiting" in fresh.dataset) return this.#wait(url, pause);
    this.dataset.shown = "";
    this.replaceChildren(document.importNode(fresh, true));
  }
}

customElements.define("heat-map", HeatMap);
