// The samples of the grid: all numbers that matched the filters when the page loaded, and details of those seen.
// The list never changes while one labels, so that nothing moves under the fingers; newer samples are appended
// when one asks for them. A place is an index into it.
import { fetchJson, isAborted } from "rollcall/api";
import { eachOf, sizeOf, spelled } from "rollcall/label-grid-runs";

const BLOCK = 60;
const MOST_AT_ONCE = 240;
const PAUSE_MS = 40;
const AGAIN_MS = 3_000;

export class Samples extends EventTarget {
  numbers = new Uint32Array(0);
  revisions = new Uint32Array(0);
  /** @type {Map<number, SampleRow>} */
  rows = new Map();
  /** The highest number when the list was loaded; samples beyond it are new. */
  last = 0;
  /** @type {Map<number, number>} */
  #places = new Map();
  /** @type {Map<number, number>} */
  #held = new Map();
  /** @type {Set<number>} */
  #wanted = new Set();
  /** @type {Set<number>} */
  #stale = new Set();
  #timer = 0;
  #isAsking = false;

  /** @param {{ numbers: string; rows: string }} options @param {AbortSignal} signal */
  constructor({ numbers, rows }, signal) {
    super();
    this.urls = { numbers, rows };
    this.signal = signal;
  }

  get length() {
    return this.numbers.length;
  }

  async load() {
    this.#append(await fetchJson(`${this.urls.numbers}${location.search}`, this.signal));
  }

  /** Appends what came since; returns the place of the first. */
  async loadNew() {
    const before = this.length;
    const query = new URLSearchParams(location.search);
    query.set("since", String(this.last));
    this.#append(await fetchJson(`${this.urls.numbers}?${query}`, this.signal));
    return before;
  }

  /** @param {{ runs: Run[]; last: number }} options */
  #append({ runs, last }) {
    const before = this.length;
    const [numbers, revisions] = [new Uint32Array(before + sizeOf(runs)), new Uint32Array(before + sizeOf(runs))];
    numbers.set(this.numbers);
    revisions.set(this.revisions);
    let place = before;
    eachOf(runs, (number, revision) => {
      numbers[place] = number;
      revisions[place] = revision;
      this.#places.set(number, place);
      place += 1;
      this.last = Math.max(this.last, number);
    });
    [this.numbers, this.revisions, this.last] = [numbers, revisions, Math.max(this.last, last)];
  }

  /** Returns the place of a number; undefined when it is not in the list. @param {number} number */
  placeOf = (number) => this.#places.get(number);

  /**
   * Asks for details around places that are about to be seen, in whole blocks.
   * @param {number} first
   * @param {number} last
   */
  want(first, last) {
    const end = Math.min(this.length, (Math.floor(last / BLOCK) + 1) * BLOCK);
    this.#wanted.clear();
    for (let place = Math.floor(first / BLOCK) * BLOCK; place < end; place += 1)
      if (!this.rows.has(place)) this.#wanted.add(place);
    this.#plan(PAUSE_MS);
  }

  /**
   * Asks again for samples that have changed. With `visible` for all of those, and forgets the others.
   * @param {number[]} numbers
   * @param {number[] | null} [visible]
   */
  refresh(numbers, visible = null) {
    if (visible)
      for (const place of this.rows.keys()) if (place < visible[0] || place > visible[1]) this.rows.delete(place);
    const places = visible ? [...this.rows.keys()] : numbers.map(this.placeOf).filter((place) => this.rows.has(place));
    for (const place of places) this.#stale.add(place);
    this.#plan(PAUSE_MS);
  }

  /** Forgets samples that someone else has changed. @param {number[]} numbers */
  forget(numbers) {
    for (const place of numbers.map(this.placeOf)) if (place !== undefined) this.revisions[place] = 0;
    this.refresh(numbers);
  }

  /** Takes over what the server says an act made of samples. @param {Run[]} runs */
  take(runs) {
    eachOf(runs, (number, revision) => {
      const place = this.placeOf(number);
      if (place !== undefined) this.revisions[place] = Math.max(revision, this.revisions[place]);
    });
  }

  /**
   * While an act on them is under way, details that come in are older than what is shown.
   * @param {Iterable<number>} places
   */
  hold(places) {
    for (const place of places) this.#held.set(place, (this.#held.get(place) ?? 0) + 1);
  }

  /** @param {Iterable<number>} places */
  release(places) {
    for (const place of places) {
      const left = this.#held.get(place) - 1;
      if (left) this.#held.set(place, left);
      else this.#held.delete(place);
    }
  }

  /** @param {number} pause */
  #plan(pause) {
    clearTimeout(this.#timer);
    if (this.#wanted.size || this.#stale.size) this.#timer = setTimeout(() => this.#ask(), pause);
  }

  async #ask() {
    if (this.#isAsking || this.signal.aborted) return;
    const places = [...new Set([...this.#stale, ...this.#wanted])].slice(0, MOST_AT_ONCE);
    for (const place of places) for (const set of [this.#stale, this.#wanted]) set.delete(place);
    this.#isAsking = true;
    let pause = 0;
    try {
      const numbers = places.map((place) => this.numbers[place]).sort((a, b) => a - b);
      const { rows } = await fetchJson(`${this.urls.rows}?numbers=${spelled(numbers)}`, this.signal);
      this.#store(places, rows);
    } catch (error) {
      if (isAborted(error)) return;
      // The connection is down: the tiles stay grey and are requested again.
      for (const place of places) this.#stale.add(place);
      pause = AGAIN_MS;
    } finally {
      this.#isAsking = false;
    }
    this.#plan(pause);
  }

  /** @param {number[]} places @param {SampleRow[]} rows */
  #store(places, rows) {
    const came = new Map(rows.map((row) => [this.placeOf(row.number), row]));
    const stored = places.filter((place) => !this.#held.has(place));
    for (const place of stored) {
      /** @type {SampleRow} */
      const row = came.get(place) ?? { number: this.numbers[place], revision: 0, isGone: true };
      // An answer to an act may have overtaken this one.
      if (!row.isGone && row.revision < this.revisions[place]) this.#stale.add(place);
      else {
        this.rows.set(place, row);
        if (!row.isGone) this.revisions[place] = row.revision;
      }
    }
    this.dispatchEvent(new CustomEvent("stored", { detail: stored }));
  }
}
