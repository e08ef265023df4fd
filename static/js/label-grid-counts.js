// How many samples there are, and how many have which label: updated at once, then corrected by the server.
import { fetchJson, say } from "rollcall/api";

const PAUSE_MS = 400;

export class GridCounts {
  #timer = 0;
  /** @type {any} */
  #known = null;
  #moves = 0;

  /**
   * `since()`: the highest number that the grid knows; `onFits(fits, arrived)`: how many fit, and how many of them came since.
   * @param {HTMLElement} element
   * @param {{ url: string; signal: AbortSignal; since: () => number; onFits: (fits: number, arrived: number) => void }} more
   */
  constructor(element, { url, signal, since, onFits }) {
    this.element = element;
    this.url = url;
    this.signal = signal;
    this.since = since;
    this.onFits = onFits;
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  /** A sample was `before` and is now `after`. @param {SampleRow} before @param {SampleRow} after */
  moved(before, after) {
    this.#add(before.label, -1);
    this.#add(after.label, 1);
    this.#moves += 1;
    this.#bars();
  }

  /** Soon, once for all that happens meanwhile. */
  ask() {
    this.#timer ||= setTimeout(() => this.#ask(), PAUSE_MS);
  }

  /** After the labels were drawn again. */
  show() {
    if (!this.#known) return;
    for (const row of this.#labelRows()) this.#write(row, this.#known.labels[row.dataset.label] ?? 0);
    this.#totals();
    this.#bars();
  }

  #totals() {
    for (const part of document.querySelectorAll("[data-count-of]"))
      part.textContent = this.#known[part.dataset.countOf];
    for (const part of document.querySelectorAll("[data-samples-of]"))
      part.textContent = samplesIn(this.#known[part.dataset.samplesOf]);
  }

  #labelRows = () => [...this.element.querySelectorAll(".label-row")];

  /** @param {HTMLElement} row @param {number} count */
  #write(row, count) {
    row.querySelector("[data-count]").textContent = String(Math.max(0, count));
  }

  /** @param {number | null} label @param {number} step */
  #add(label, step) {
    const row = label && this.element.querySelector(`.label-row[data-label="${label}"]`);
    if (row) this.#write(row, Number(row.querySelector("[data-count]").textContent) + step);
  }

  #bars() {
    /** @type {[HTMLElement, number][]} */
    const rows = this.#labelRows().map((row) => [row, Number(row.querySelector("[data-count]").textContent)]);
    const most = Math.max(1, ...rows.map(([, count]) => count));
    for (const [row, count] of rows) row.querySelector("progress").value = (100 * count) / most;
  }

  async #ask() {
    this.#timer = 0;
    const moves = this.#moves;
    const query = new URLSearchParams(location.search);
    query.set("since", String(this.since()));
    try {
      this.#known = await fetchJson(`${this.url}?${query}`, this.signal);
    } catch {
      return; // The next act or message brings them.
    }
    // Another act may have begun; its answer asks again. An import that goes on asks again too, but must not keep us waiting.
    if (moves === this.#moves) this.show();
    else this.#totals();
    this.onFits(this.#known.fits, this.#known.arrived);
  }
}

/** @param {number} n */
export const samplesIn = (n) => say(n === 1 ? "grid.samples_one" : "grid.samples", { n });
