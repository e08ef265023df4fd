// The window onto the tiles: only rows that are seen, and a few around them, exist; the page itself scrolls.
import { newElement } from "rollcall/api";
import * as geometry from "rollcall/label-grid-geometry";
import { makeTile, showPicture } from "rollcall/label-grid-tile";

/**
 * @typedef {{
 *   samples: import("rollcall/label-grid-samples").Samples;
 *   paint: (tile: HTMLElement, place: number) => void;
 *   thumbnail: (number: number) => string;
 *   signal: AbortSignal;
 * }} Parts
 */

const SETTLED_MS = 90;
const FAST_ROWS = 4;

/** @param {HTMLElement} row */
const tilesOf = (row) => /** @type {HTMLCollectionOf<HTMLElement>} */ (row.children);

export class TileView {
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();
  #frame = 0;
  #settled = 0;
  #shownFirst = 0;
  columns = 1;
  current = 0;

  /** @param {HTMLElement} host @param {Parts} more */
  constructor(host, { samples, paint, thumbnail, signal }) {
    this.host = host;
    this.samples = samples;
    this.paint = paint;
    this.thumbnail = thumbnail;
    addEventListener("scroll", () => this.#plan(), { signal, passive: true });
    this.resized = new ResizeObserver(() => this.layout());
    this.resized.observe(host);
    signal.addEventListener("abort", () => {
      this.resized.disconnect();
      cancelAnimationFrame(this.#frame);
      clearTimeout(this.#settled);
    });
  }

  /** @param {import("rollcall/label-grid-geometry").TileSize} size */
  set size(size) {
    this.sizeName = size;
    this.layout(true);
  }

  get rowCount() {
    return Math.ceil(this.samples.length / this.columns);
  }

  /** Rows that the window holds: what Page up and down go by. */
  get pageRows() {
    return Math.max(1, Math.floor((innerHeight - this.covered()) / this.height) - 1);
  }

  /** First and last place on screen or close to it. */
  get visible() {
    return geometry.placesAround(this.#span(), this.columns);
  }

  /** Measures anew; what was at the top stays there. */
  layout(isForced = false) {
    const width = this.host.clientWidth;
    if (!width || (!isForced && width === this.width)) return;
    const [top] = this.#span();
    const first = this.width && this.#top < 0 ? top * this.columns : 0;
    this.width = width;
    this.columns = geometry.columnsIn(width, this.sizeName);
    this.height = geometry.rowHeight(width, this.columns);
    this.host.style.setProperty("--columns", String(this.columns));
    this.#stretch();
    this.host.setAttribute("aria-colcount", String(this.columns));
    for (const [row, element] of this.#rows) this.#drop(row, element);
    if (first) scrollTo({ top: scrollY + this.#top + Math.floor(first / this.columns) * this.height });
    this.draw();
  }

  #stretch() {
    this.host.style.height = `${this.rowCount * this.height}px`;
    this.host.setAttribute("aria-rowcount", String(this.rowCount));
  }

  /**
   * The list has become longer: the row that was its last is filled up, everything stays where it is.
   * @param {number} before
   */
  grow(before) {
    this.#stretch();
    const row = Math.floor(before / this.columns);
    const element = this.#rows.get(row);
    if (element) this.#fill(element, row);
    this.draw();
  }

  get #top() {
    return this.host.getBoundingClientRect().top;
  }

  /** First and last row in the window. */
  #span() {
    const { height, rowCount } = this;
    return geometry.rowsSeen({ top: this.#top, height, windowHeight: innerHeight, rowCount });
  }

  #plan() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.draw();
    });
  }

  draw() {
    const span = this.#span();
    const [first] = span;
    const [from, to] = geometry.rowsAround(span, this.rowCount);
    const isFast = Math.abs(first - this.#shownFirst) > FAST_ROWS;
    this.#shownFirst = first;
    const focused = document.activeElement?.closest?.("[role=row]");
    for (const [row, element] of this.#rows)
      if ((row < from || row > to) && element !== focused) this.#drop(row, element);
    for (let row = from; row <= to; row += 1) if (!this.#rows.has(row)) this.#make(row);
    this.samples.want(from * this.columns, (to + 1) * this.columns - 1);
    clearTimeout(this.#settled);
    if (isFast) this.#settled = setTimeout(() => this.#pictures(), SETTLED_MS);
    else this.#pictures();
  }

  #pictures() {
    for (const element of this.#rows.values())
      for (const tile of tilesOf(element))
        showPicture(tile, this.thumbnail(this.samples.numbers[Number(tile.dataset.place)]));
  }

  /** @param {number} row */
  #make(row) {
    const made = newElement("div", { className: "tile-row", role: "row", ariaRowIndex: String(row + 1) });
    made.style.transform = `translateY(${row * this.height}px)`;
    this.#fill(made, row);
    // Rows stand in the order in which they are read.
    const next = [...this.#rows.keys()].filter((other) => other > row).sort((a, b) => a - b)[0];
    this.host.insertBefore(made, next === undefined ? null : this.#rows.get(next));
    this.#rows.set(row, made);
  }

  /** The tiles that a row lacks. @param {HTMLElement} element @param {number} row */
  #fill(element, row) {
    const end = Math.min(this.samples.length, (row + 1) * this.columns);
    for (let place = row * this.columns + element.childElementCount; place < end; place += 1) {
      const tile = makeTile(place, this.columns);
      this.paint(tile, place);
      element.append(tile);
    }
  }

  /** @param {number} row @param {HTMLElement} element */
  #drop(row, element) {
    this.#rows.delete(row);
    element.remove();
  }

  /** @param {number} place */
  tile = (place) => {
    const element = this.#rows.get(Math.floor(place / this.columns));
    return element && tilesOf(element)[place % this.columns];
  };

  /** Paints places again, or everything. @param {number[]} [places] */
  repaint(places) {
    const tiles = places ? places.map(this.tile) : [...this.#rows.values()].flatMap((row) => [...tilesOf(row)]);
    for (const tile of tiles) if (tile) this.paint(tile, Number(tile.dataset.place));
  }

  /**
   * Brings a place into the free part of the window, between what sticks above and below.
   * @param {number} place
   * @param {boolean} [isCentred]
   */
  reveal(place, isCentred = false) {
    const top = this.#top + Math.floor(place / this.columns) * this.height;
    const by = geometry.scrollFor({ top, height: this.height, below: innerHeight - this.covered(), isCentred });
    if (by) scrollBy({ top: by, behavior: "instant" });
    this.draw();
  }

  /** Pixels at the bottom of the window that bars lie over; set by the grid. */
  covered = () => geometry.GAP_PX;

  /**
   * Makes a place the one that the keyboard is at.
   * @param {number} place
   * @param {{ focus?: boolean; isCentred?: boolean }} [more]
   */
  go(place, { focus = true, isCentred = false } = {}) {
    const before = this.current;
    this.current = place;
    this.reveal(place, isCentred);
    this.repaint([before, place]);
    if (focus) this.tile(place)?.focus({ preventScroll: true });
  }
}
