// Acts on samples: shown at once, sent one after the other, confirmed or undone by the server's answer; and undo.
import { post, postJson, say } from "rollcall/api";
import { eachOf, runsOf, sizeOf } from "rollcall/label-grid-runs";

/**
 * @typedef {[label: number | null, places: number[]]} Group
 *
 * What waits to be sent: for each label the numbers of its samples with the revisions that were seen.
 * @typedef {{ kind?: string; isUndo?: boolean; undo?: string; groups: [number | null, Map<number, number>][];
 *   before: Map<number, SampleRow> }} Order
 *
 * What the server says of an act.
 * @typedef {{ changed: Run[]; refused: number[]; undo?: { url: string } | null; toast?: string }} Answer
 *
 * Whom an act is told.
 * @typedef {{
 *   painted: (places: number[]) => void;
 *   changed: (before: SampleRow, after: SampleRow) => void;
 *   answered: (answer: Answer, n: number, kind: string) => void;
 *   undone: (answer: Answer, number?: number) => void;
 *   failed: (words: string) => void;
 * }} Told
 */

export class Acts {
  /** @type {Order[]} */
  #queue = [];
  #isSending = false;
  /** @type {string[]} */
  #undoable = [];

  /** @param {string} url @param {import("rollcall/label-grid-samples").Samples} samples @param {Told} on */
  constructor(url, samples, on) {
    this.url = url;
    this.samples = samples;
    this.on = on;
  }

  get undoCount() {
    return this.#undoable.length;
  }

  /**
   * `groups` are [label or null, places]; `change(row, label)` gives the new fields of a row, or null for none.
   * @param {string} kind
   * @param {Group[]} groups
   * @param {(row: SampleRow, label?: number | null) => Partial<SampleRow> | null} [change]
   */
  give(kind, groups, change = () => null) {
    /** @type {Order} */
    const order = { kind, groups: groups.map(([label, places]) => [label, this.#seen(places)]), before: new Map() };
    for (const [label, places] of groups)
      for (const place of places) this.#show(order, place, (row) => change(row, label));
    this.samples.hold(order.before.keys());
    this.on.painted([...order.before.keys()]);
    this.#queue.push(order);
    this.#send();
  }

  /** Takes back the act with this address, or the last one: that may be one that still waits for its answer. */
  undo(url = "") {
    this.#queue.push({ isUndo: true, undo: url, groups: [], before: new Map() });
    this.#send();
  }

  /**
   * Which act an undo is about is known when those before it are answered; false when there is none.
   * @param {Order} order
   */
  #choose(order) {
    order.undo ||= this.#undoable.at(-1);
    this.#undoable = this.#undoable.filter((url) => url !== order.undo);
    return Boolean(order.undo);
  }

  /** @param {number[]} places */
  #seen = (places) => new Map(places.map((place) => [this.samples.numbers[place], this.samples.revisions[place]]));

  /** @param {Order} order @param {number} place @param {(row: SampleRow) => Partial<SampleRow> | null} change */
  #show(order, place, change) {
    const row = this.samples.rows.get(place);
    const fields = row && !row.isGone ? change(row) : null;
    if (!fields) return;
    const revision = row.revision + 1;
    order.before.set(place, row);
    this.samples.rows.set(place, { ...row, ...fields, revision });
    this.samples.revisions[place] = revision;
    this.on.changed(row, this.samples.rows.get(place));
  }

  async #send() {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#queue.length) {
      const order = this.#queue.shift();
      if (order.isUndo && !this.#choose(order)) continue;
      try {
        const response = await (order.isUndo ? post(order.undo) : this.#post(order));
        const answer = await response.json();
        if (!response.ok) throw new Error(answer.error);
        this.#confirm(order, answer);
      } catch {
        // Refused as a whole, or the connection is down: nothing of it counts, nor of what was built on it.
        this.#giveUp(order);
      }
    }
    this.#isSending = false;
  }

  /** @param {Order} options */
  #post({ kind, groups }) {
    return postJson(this.url, { do: kind, groups: groups.map(([label, seen]) => [label, runsOf(seen)]) });
  }

  /** @param {Order} order @param {Answer} answer */
  #confirm(order, answer) {
    this.samples.release(order.before.keys());
    this.samples.take(answer.changed);
    this.#tellWaiting(answer);
    this.#restore(order, answer.refused);
    this.samples.forget(answer.refused);
    /** @type {number[]} */
    const unseen = [];
    eachOf(answer.changed, (number) => order.before.has(this.samples.placeOf(number)) || unseen.push(number));
    this.samples.refresh(unseen);
    const n = sizeOf(answer.changed);
    if (answer.undo) this.#undoable.push(answer.undo.url);
    if (order.isUndo) this.on.undone(answer, answer.changed[0]?.[0]);
    else this.on.answered(answer, n, order.kind);
  }

  /**
   * Acts that wait were asked for with what was known then; our own act before them is no reason to refuse them.
   * @param {Answer} options
   */
  #tellWaiting({ changed, refused }) {
    for (const [, seen] of this.#queue.flatMap(({ groups }) => groups)) {
      for (const number of refused) seen.delete(number);
      eachOf(changed, (number, revision) => seen.get(number) === revision - 1 && seen.set(number, revision));
    }
  }

  /** Shows again what was there before. @param {Order} order @param {number[]} numbers */
  #restore(order, numbers) {
    const places = numbers.map(this.samples.placeOf).filter((place) => order.before.has(place));
    for (const place of places) {
      const row = order.before.get(place);
      this.on.changed(this.samples.rows.get(place), row);
      this.samples.rows.set(place, row);
    }
    this.on.painted(places);
  }

  /** @param {Order} order */
  #giveUp(order) {
    const dropped = [order, ...this.#queue.splice(0)];
    for (const each of dropped.reverse()) {
      const numbers = [...each.before.keys()].map((place) => this.samples.numbers[place]);
      this.samples.release(each.before.keys());
      this.#restore(each, numbers);
      this.samples.forget(numbers);
    }
    if (order.isUndo) this.#undoable.push(order.undo);
    this.on.failed(say(order.isUndo ? "undo.failed" : "grid.failed"));
  }
}
