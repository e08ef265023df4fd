// <label-grid>: tiles, selection, keys, acts and the panel of labels, brought together.
import { visit } from "@hotwired/turbo";
import { isAborted, say } from "rollcall/api";
import { Acts } from "rollcall/label-grid-acts";
import { areAllOut, COMMANDS, suggestionOf } from "rollcall/label-grid-commands";
import { GridCounts, samplesIn } from "rollcall/label-grid-counts";
import { press } from "rollcall/label-grid-keys";
import { Large } from "rollcall/label-grid-large";
import { followPanel, readLabels, showPicked, standOnRail } from "rollcall/label-grid-panel";
import { followPointer } from "rollcall/label-grid-pointer";
import { Samples } from "rollcall/label-grid-samples";
import { Selection } from "rollcall/label-grid-selection";
import { paintTile } from "rollcall/label-grid-tile";
import { TileView } from "rollcall/label-grid-view";
import { Listening } from "rollcall/listening";
import { readAddress, writeAddress } from "rollcall/panel-address";
import { toast } from "rollcall/toasts";

/** @typedef {import("rollcall/label-grid-geometry").TileSize} TileSize */

const SIZE_KEY = "rollcall.tile-size";
const ADDRESS_PAUSE_MS = 600;

export class LabelGrid extends Listening {
  #isRange = false;
  /** After a label the next tile is selected by itself; a tap then begins a selection of its own. */
  #hasMovedOn = false;

  async connectedCallback() {
    const { signal } = this;
    this.panel = this.querySelector("[data-panel]");
    this.host = this.querySelector("[data-tiles]");
    this.labels = readLabels(this.panel);
    this.counts = new GridCounts(this, {
      url: this.dataset.counts,
      signal,
      since: () => this.samples.last,
      onFits: (fits, arrived) => this.#offer(fits, arrived),
    });
    this.samples = new Samples({ numbers: this.dataset.numbers, rows: this.dataset.rows }, signal);
    this.selection = new Selection(0, () => {});
    followPanel(this.panel, this, signal);
    standOnRail(this.panel, signal);
    this.listen(document, "fragment:refreshed", (event) => this.panel.contains(event.target) && this.#labelsChanged());
    this.listen(document, "live:samples", ({ detail }) => this.#live(detail.numbers));
    if (this.host) await this.#begin(signal);
  }

  /** @param {AbortSignal} signal */
  async #begin(signal) {
    if ((await this.#loaded(this.samples.load())) === null) return;
    this.selection = new Selection(this.samples.length, () => this.#selected());
    this.view = new TileView(this.host, {
      samples: this.samples,
      paint: (tile, place) => this.#paint(tile, place),
      thumbnail: (number) => this.fileOf("thumbnail", number),
      signal,
    });
    this.view.covered = () =>
      (getComputedStyle(this.panel).position === "fixed" ? innerHeight - this.panel.getBoundingClientRect().top : 0) +
      8;
    this.acts = new Acts(this.dataset.acts, this.samples, {
      painted: (places) => this.#repaint(places),
      changed: (before, after) => this.counts.moved(before, after),
      answered: (answer, n, kind) => this.#answered(answer, n, kind),
      undone: (answer, number) => this.#undone(answer, number),
      failed: (words) => this.#failed(words),
    });
    this.large = new Large(this.querySelector("dialog[data-large]"), this, signal);
    this.listen(this.samples, "stored", (event) => this.#stored(/** @type {CustomEvent<number[]>} */ (event).detail));
    followPointer(this.host, this, signal);
    this.listen(document, "keydown", (event) => press(event, this) && event.preventDefault());
    this.listen(this, "click", (event) => this.#headClick(event));
    this.#resize(/** @type {TileSize | null} */ (localStorage.getItem(SIZE_KEY)) ?? "medium");
    this.host.setAttribute("aria-busy", "false");
    const at = this.samples.placeOf(Number(readAddress().at));
    if (at !== undefined) this.view.go(at, { focus: false, isCentred: true });
    this.#selected();
  }

  /**
   * What loading brings; null for a failure, which is told.
   * @template T
   * @param {Promise<T>} loading
   * @returns {Promise<T | null>}
   */
  async #loaded(loading) {
    try {
      return await loading;
    } catch (error) {
      if (!isAborted(error)) toast(say("grid.load_failed"));
      return null;
    }
  }

  // What keys, pointer, panel and large view ask for

  get mayEdit() {
    return "acts" in this.dataset;
  }

  get isRange() {
    return this.#isRange;
  }

  set isRange(isRange) {
    this.#isRange = isRange;
    this.#hasMovedOn = false;
    if (isRange) this.selection.clear();
    else this.#selected();
  }

  /** Places that an act is about: what is selected, else where the keyboard is. */
  get targets() {
    if (this.large?.isOpen) return [this.view.current];
    if (this.selection.count) return this.selection.places();
    return this.host?.contains(document.activeElement) ? [this.view.current] : [];
  }

  /** @param {string} name @param {number} number */
  fileOf = (name, number) => this.dataset[name].replace("/0/", `/${number}/`);

  /** @param {number} place @param {boolean} [isRange] */
  go(place, isRange = false) {
    if (!this.mayEdit) this.view.go(place);
    else if (isRange) return this.range(place);
    this.#hasMovedOn = false;
    this.view.go(place);
    if (this.mayEdit) this.selection.only(place);
  }

  /** @param {number} place @param {boolean} [isMore] */
  range(place, isMore = false) {
    if (this.#isRange && !this.selection.count) this.selection.only(place);
    else {
      this.selection.range(place, isMore);
      this.#isRange = false;
    }
    this.#hasMovedOn = false;
    this.view.go(place);
    this.#selected();
  }

  /** @param {number} place */
  toggle(place) {
    this.#hasMovedOn = false;
    this.view.go(place);
    this.selection.toggle(place);
  }

  /** @param {number} place */
  tap(place) {
    if (this.#hasMovedOn && !this.selection.has(place)) this.selection.clear();
    this.toggle(place);
  }

  selectAll() {
    if (this.mayEdit && this.samples.length) this.selection.all();
  }

  clear() {
    this.#isRange = false;
    this.selection.clear();
  }

  open() {
    this.openAt(this.selection.count ? this.selection.places()[0] : this.view.current);
  }

  /** @param {number} place */
  openAt(place) {
    if (place < this.samples.length) this.large.show(place);
  }

  /** give (with a label), unlabel, accept, sequence, out, undo. @param {string} name @param {number | null} [label] */
  act(name, label = null) {
    if (!this.mayEdit || !this.acts) return;
    if (name === "undo") return this.acts.undo();
    const places = this.targets;
    if (!places.length) return this.say(say("grid.none_selected"));
    const isDone = COMMANDS[/** @type {keyof typeof COMMANDS} */ (name)](this, places, label) !== false;
    if (isDone && ["give", "accept", "out"].includes(name)) this.#moveOn(places);
    this.#selected();
  }

  /** After one sample the next is chosen, so that a key for each is enough. @param {number[]} places */
  #moveOn(places) {
    if (places.length !== 1) return;
    const next = Math.min(this.samples.length - 1, places[0] + 1);
    if (this.large.isOpen) return this.large.show(next);
    const isAtKeyboard = this.host.contains(document.activeElement) || document.activeElement === document.body;
    this.view.go(next, { focus: isAtKeyboard });
    this.selection.only(next);
    this.#hasMovedOn = true;
  }

  // What comes back

  /**
   * A note for every single tile would be in the way: what changed is seen, and heard.
   * @param {import("rollcall/label-grid-acts").Answer} options
   * @param {number} n
   * @param {string} kind
   */
  #answered({ toast: words, undo, refused }, n, kind) {
    this.counts.ask();
    this.#selected();
    if (n > 1 || kind === "sequence" || refused.length)
      words && toast(words, undo && { run: () => this.acts.undo(undo.url) });
    else if (words) this.say(words);
  }

  /** @param {import("rollcall/label-grid-acts").Answer} options @param {number} number */
  #undone({ toast: words }, number) {
    this.counts.ask();
    toast(words);
    const place = number && this.samples.placeOf(number);
    if (place === undefined) return;
    if (this.large.isOpen) this.large.show(place);
    else this.go(place);
  }

  /** @param {string} words */
  #failed(words) {
    this.counts.ask();
    this.#selected();
    toast(words);
  }

  /** @param {number[]} numbers */
  #live(numbers) {
    this.counts.ask();
    if (this.view) this.samples.refresh(numbers, numbers.length ? null : this.view.visible);
  }

  /** @param {number[]} places */
  #stored(places) {
    const known = places.map((place) => this.samples.rows.get(place)).filter((row) => row && !row.isGone);
    // Somebody has just made a label: the bar is drawn again.
    if (known.some(({ label }) => label && !this.labels.has(label)))
      document.dispatchEvent(new CustomEvent("fragment:stale"));
    this.#repaint(places);
    if (this.selection.count) this.#selected();
  }

  #labelsChanged() {
    this.labels = readLabels(this.panel);
    this.counts.show();
    this.#repaint();
    this.#selected();
  }

  // What is shown

  /** @param {HTMLElement} tile @param {number} place */
  #paint(tile, place) {
    paintTile(tile, {
      row: this.samples.rows.get(place),
      number: this.samples.numbers[place],
      labels: this.labels,
      isSelected: this.selection.has(place),
      isCurrent: place === this.view.current,
    });
  }

  /** @param {number[]} [places] */
  #repaint(places) {
    this.view?.repaint(places);
    this.large?.repaint(places);
  }

  #selected() {
    this.view?.repaint();
    const { count } = this.selection;
    const places = count && count < 1000 ? this.selection.places() : [];
    showPicked(this.panel, {
      count,
      isAllOut: areAllOut(this, places),
      hasSuggestion: count >= 1000 || places.some((place) => suggestionOf(this, place)),
      undoCount: this.acts?.undoCount ?? 0,
      isRange: this.#isRange,
    });
    if (count > 1) this.say(say("grid.selected", { n: count }));
    if (count === 1) this.#remember(this.selection.single);
  }

  /** The address leads back to the sample that one was at. @param {number} place */
  #remember(place) {
    this.plan(ADDRESS_PAUSE_MS, () => writeAddress({ at: String(this.samples.numbers[place]) }));
  }

  /**
   * New samples are put behind the others when one asks for them; what fits in another order comes with the page.
   * @param {number} fits
   * @param {number} arrived
   */
  #offer(fits, arrived) {
    const button = this.querySelector('[data-act="again"]');
    const isLoading = this.host && !this.view;
    const isBehind = Boolean(this.view) && arrived > 0;
    button.hidden = isLoading || (!isBehind && fits === this.samples.length);
    button.toggleAttribute("data-behind", isBehind);
    if (isBehind) button.textContent = say(arrived === 1 ? "grid.new_one" : "grid.new", { n: arrived });
    else button.textContent = say("grid.again", { n: fits });
  }

  /** @param {MouseEvent & { readonly target: HTMLElement }} event */
  #headClick(event) {
    const button = event.target.closest("[data-size], [data-act=again]");
    if (button?.dataset.size) this.#resize(/** @type {TileSize} */ (button.dataset.size));
    else if (button?.hasAttribute("data-behind")) this.#showNew();
    else if (button) visit(location.href, { action: "replace" });
  }

  async #showNew() {
    const first = await this.#loaded(this.samples.loadNew());
    if (first === null) return;
    this.selection.grow(this.samples.length);
    this.view.grow(first);
    this.large.repaint();
    this.querySelector("[data-shown]").textContent = samplesIn(this.samples.length);
    this.counts.ask();
    if (first >= this.samples.length) return;
    if (this.selection.count > 1) this.view.go(first);
    else this.go(first);
  }

  /** @param {TileSize} size */
  #resize(size) {
    localStorage.setItem(SIZE_KEY, size);
    for (const button of this.querySelectorAll("[data-size]"))
      button.setAttribute("aria-checked", String(button.dataset.size === size));
    this.view.size = size;
  }

  /** @param {string} words */
  say(words) {
    this.querySelector("[data-spoken]").textContent = words;
  }
}

customElements.define("label-grid", LabelGrid);
