// <label-bars>: labels on the timeline. A click on a bar seeks, the current stretch is highlighted, a slider hides uncertain ones.
import { say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { writeAddress } from "rollcall/panel-address";

const LEAST_BETWEEN_MS = 200;

class LabelBars extends Listening {
  /** @type {number | null} */
  #time = null;
  #shownAt = 0;

  connectedCallback() {
    this.listen(this, "click", (event) => this.#click(event));
    this.listen(this, "input", (event) => event.target.name === "score" && this.#least(Number(event.target.value)));
    this.listen(this, "submit", (event) => event.target.matches(".panel-foot") && event.preventDefault());
    this.listen(document, "player:time", ({ detail }) => this.#moment(detail));
    this.listen(document, "fragment:refreshed", (event) => event.target.contains(this) && this.#renewed());
    this.#hide(this.#chosen());
  }

  #chosen() {
    return Number(this.querySelector('[name="score"]').value);
  }

  #renewed() {
    this.#hide(this.#chosen());
    this.#mark();
  }

  /** @param {MouseEvent & { readonly target: HTMLElement }} event */
  #click(event) {
    const bar = event.target.closest("[data-label-bar]");
    if (!bar) return;
    const bounds = bar.querySelector("svg").getBoundingClientRect();
    const length = Number(this.closest("people-panel").dataset.duration);
    const time = ((event.clientX - bounds.left) / bounds.width) * length;
    document.getElementById("player")?.seek(time);
    writeAddress({ t: String(Math.round(time * 10) / 10) });
  }

  /** @param {Moment} options */
  #moment({ time, isPlaying }) {
    this.#time = time;
    if (isPlaying && performance.now() - this.#shownAt < LEAST_BETWEEN_MS) return;
    this.#shownAt = performance.now();
    this.#mark();
  }

  #mark() {
    /** @param {HTMLElement} part */
    const isNow = (part) =>
      this.#time !== null && Number(part.dataset.from) <= this.#time && this.#time < Number(part.dataset.to);
    for (const part of this.querySelectorAll("[data-from]"))
      part.classList.toggle("is-now", isNow(part) && !part.hasAttribute("hidden"));
    for (const row of this.querySelectorAll(".found-row"))
      row.classList.toggle("is-now", row.querySelector("rect.is-now") !== null);
  }

  /** @param {number} percent */
  #least(percent) {
    this.#hide(percent);
    this.#mark();
    writeAddress({ score: percent ? String(percent) : "" });
  }

  /** @param {number} percent */
  #hide(percent) {
    let hidden = 0;
    for (const part of this.querySelectorAll("[data-from]")) {
      const isLess = 100 * Number(part.dataset.score) < percent;
      part.toggleAttribute("hidden", isLess);
      hidden += Number(isLess && part.matches("rect"));
    }
    this.querySelector("output").textContent = say("labels.percent", { n: percent });
    const note = this.querySelector("[data-hidden]");
    note.hidden = !hidden;
    note.textContent = hidden === 1 ? say("labels.hidden_one") : say("labels.hidden_many", { n: hidden });
  }
}

customElements.define("label-bars", LabelBars);
