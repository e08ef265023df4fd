// <job-progress>: keeps a server-rendered <progress> and its words up to date; announcements.js says the end.
import { Listening } from "rollcall/listening";
import { ENDED, latestOf, stateOf } from "rollcall/live-store";

class JobProgress extends Listening {
  connectedCallback() {
    this.listen(document, "live:job", this.#onJob);
    const { job, kind } = this.dataset;
    const latest = () => kind && latestOf(this.closest("[data-subject]")?.dataset.subject, kind);
    const known = (job && stateOf(job)) || latest();
    if (known) this.#show(known);
  }

  /** @param {OurEvents["live:job"]} event */
  #onJob = ({ detail }) => {
    // How it ended a card of the library says together with the counts above it.
    if (ENDED.includes(detail.status) && this.closest("[data-card]")) return;
    if (this.dataset.job ? detail.id === this.dataset.job : detail.kind === this.dataset.kind) this.#show(detail);
  };

  /** @param {JobState} state */
  #show(state) {
    const bar = this.querySelector("progress");
    // What waits stands still; only work of unknown length moves without a number.
    if (state.percent === null && state.status === "running") bar.removeAttribute("value");
    else bar.value = state.percent ?? 0;
    bar.setAttribute("aria-label", state.headline);
    this.#write("[data-headline]", state.headline);
    this.#write("[data-detail]", state.detail);
  }

  /** @param {string} selector @param {string} text */
  #write(selector, text) {
    const element = this.querySelector(selector);
    if (element && element.textContent !== text) element.textContent = text;
  }
}

customElements.define("job-progress", JobProgress);
