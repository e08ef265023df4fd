// <heat-map>: asks for an explanation once it comes into view, and shows it when its job has ended. What the server put inside
// stays until then, and works without this.
import { fetchDocument, nothing, post } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { ENDED, stateOf } from "rollcall/live-store";

/** In case the socket is closed, or reported the end before the job was known. */
const ASK_ANYWAY_MS = 10_000;
const NEAR = "120px";

/** Not gone, which would be null: it is asked for again. @returns {undefined} */
const unknown = () => undefined;

class HeatMap extends Listening {
  #answer = "";

  connectedCallback() {
    this.listen(document, "live:job", this.#onJob);
    if (this.dataset.poll) return this.#await();
    if ("shown" in this.dataset) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        this.#ask();
      },
      { rootMargin: NEAR },
    );
    observer.observe(this);
    this.signal.addEventListener("abort", () => observer.disconnect());
  }

  async #ask() {
    const { ask, sample = "", average = "", label = "" } = this.dataset;
    const response = await post(ask, { sample, average, label }).catch(nothing);
    if (!response?.ok || this.signal.aborted) return;
    const { explanation, job } = await response.json();
    this.dataset.job = job;
    this.#answer = explanation;
    // An earlier explanation is done already, and no message will come for it.
    this.#show();
  }

  /** @param {OurEvents["live:job"]} event */
  #onJob = ({ detail: state }) => {
    if (this.#answer && state.id === this.dataset.job && ENDED.includes(state.status)) this.#show();
  };

  /** On the page of one explanation, which says that it waits. */
  #await() {
    if (!this.querySelector("[data-waiting]")) return;
    this.#answer = this.dataset.poll;
    if (ENDED.includes(stateOf(this.dataset.job)?.status)) this.#show();
    else this.#later();
  }

  #later() {
    this.plan(ASK_ANYWAY_MS, () => this.#show());
  }

  async #show() {
    if (!this.#answer) return;
    const found = await fetchDocument(this.#answer, this.signal).catch(unknown);
    if (this.signal.aborted || found === null || !this.#answer) return;
    const fresh = /** @type {HTMLElement | null} */ (found?.body.firstElementChild);
    if (!fresh || "waiting" in fresh.dataset) return this.#later();
    this.#answer = "";
    this.dataset.shown = "";
    this.replaceChildren(document.importNode(fresh, true));
  }
}

customElements.define("heat-map", HeatMap);
