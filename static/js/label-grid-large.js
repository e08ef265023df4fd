// The large view of one sample: its picture or playing clip, where it is from, the labels as buttons.
import { icon, newElement, say } from "rollcall/api";
import { clock, clockLength } from "rollcall/format";
import { actOf } from "rollcall/label-grid-keys";
import { guessWords, spokenFacts } from "rollcall/label-grid-tile";
import { listenUntil } from "rollcall/listening";

const PLAYING = { controls: true, loop: true, muted: true, autoplay: true, playsInline: true };
/** @type {Record<string, string>} */
const STEPS = { ArrowLeft: "before", ArrowRight: "after" };
const NOBODY = "00000000-0000-0000-0000-000000000000";

export class Large {
  #place = -1;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {import("rollcall/label-grid").LabelGrid} grid
   * @param {AbortSignal} signal
   */
  constructor(dialog, grid, signal) {
    this.dialog = dialog;
    this.grid = grid;
    const listen = listenUntil(signal);
    listen(dialog, "click", (event) => this.#click(event));
    listen(dialog, "keydown", (event) => this.#key(event));
    listen(dialog, "close", () => this.#closed());
  }

  get isOpen() {
    return this.dialog.open;
  }

  /** @param {number} place */
  show(place) {
    const { grid } = this;
    grid.view.go(place, { focus: false });
    if (!this.dialog.open) this.dialog.showModal();
    const isNew = this.#place !== place;
    this.#place = place;
    grid.samples.want(Math.max(0, place - 1), Math.min(grid.samples.length - 1, place + 1));
    if (isNew) this.#picture(grid.samples.numbers[place]);
    this.#paint();
    if (isNew) this.#part("large-spoken").textContent = this.#spoken;
  }

  /** @param {number[]} [places] */
  repaint(places) {
    if (this.isOpen && (!places || places.includes(this.#place))) this.#paint();
  }

  /** @param {string} name */
  #part = (name) => this.dialog.querySelector(`[data-${name}]`);

  get #spoken() {
    const row = this.grid.samples.rows.get(this.#place);
    return spokenFacts(row, this.grid.samples.numbers[this.#place], this.grid.labels.get(row?.label)?.name);
  }

  /** @param {number} number */
  #picture(number) {
    const isClip = this.grid.dataset.kind === "clips";
    const picture = isClip
      ? newElement("video", PLAYING)
      : newElement("img", { alt: say("grid.sample", { n: number }) });
    picture.src = this.grid.fileOf("file", number);
    this.#part("picture").replaceChildren(picture);
  }

  #paint() {
    const { samples, labels } = this.grid;
    const row = samples.rows.get(this.#place);
    this.#part("title").textContent = say("grid.sample", { n: samples.numbers[this.#place] });
    this.#part("place").textContent = say("panel.place", { n: this.#place + 1, count: samples.length });
    this.#part("facts").textContent = this.#facts(row, labels);
    this.#link(row);
    const out = this.#part("out-words");
    if (out) out.textContent = say(row?.out ? "grid.take_in" : "grid.leave_out");
    this.dialog.querySelector('button[data-act="before"]').disabled = this.#place === 0;
    this.dialog.querySelector('button[data-act="after"]').disabled = this.#place === samples.length - 1;
    this.#labels(row, labels);
  }

  /** @param {SampleRow | undefined} row @param {Map<number, Label>} labels */
  #facts(row, labels) {
    if (!row || row.isGone) return row ? say("grid.gone") : say("grid.waiting");
    const label = labels.get(row.label);
    const suggestion = !label && labels.get(row.suggested);
    const facts = [
      [row.title || row.name, row.time !== null && row.title && clock(row.time)].filter(Boolean).join(" · "),
    ];
    if (row.width) facts.push(`${row.width} × ${row.height}`);
    if (row.boxes) facts.push(row.boxes);
    if (row.duration) facts.push(clockLength(row.duration));
    if (row.out) facts.push(say("grid.out"));
    if (suggestion) facts.push(guessWords(suggestion, row).join(" "));
    return facts.filter(Boolean).join("  ·  ");
  }

  /** @param {SampleRow | undefined} row */
  #link(row) {
    const link = this.dialog.querySelector("a[data-video-link]");
    link.hidden = !row?.video;
    if (row?.video)
      link.href = `${this.grid.dataset.video.replace(NOBODY, row.video)}?t=${Math.round(10 * (row.time ?? 0)) / 10}`;
  }

  /** @param {SampleRow | undefined} row @param {Map<number, Label>} labels */
  #labels(row, labels) {
    const group = this.#part("labels");
    if (!group) return;
    const focused = group.querySelector("[data-label]:focus")?.dataset.label;
    const buttons = [...labels.values()].map(({ id, name, hue, key }) => {
      const isGiven = row?.label === id;
      const button = newElement("button", {
        type: "button",
        className: `chip hue-${hue}`,
        ariaPressed: String(isGiven),
      });
      Object.assign(button.dataset, { act: "give", label: id });
      button.append(newElement("span", { className: "label-dot" }), name);
      if (key) button.append(newElement("kbd", {}, key));
      if (isGiven) button.append(icon("check"));
      return button;
    });
    group.replaceChildren(...buttons);
    if (focused) group.querySelector(`[data-label="${focused}"]`)?.focus();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target === this.dialog) return this.dialog.close();
    const button = target.closest("[data-act]");
    if (button) this.#act(button.dataset.act, Number(button.dataset.label));
  }

  /** @param {string} name @param {number | null} [label] */
  #act(name, label) {
    const last = this.grid.samples.length - 1;
    if (name === "close") this.dialog.close();
    else if (name === "before") this.show(Math.max(0, this.#place - 1));
    else if (name === "after") this.show(Math.min(last, this.#place + 1));
    else if (name === "give" && this.grid.samples.rows.get(this.#place)?.label === label) this.grid.act("unlabel");
    else this.grid.act(name, label);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key.toLowerCase() !== "z" || event.altKey) return;
      event.preventDefault();
      return this.grid.act("undo");
    }
    const step = STEPS[event.key];
    if (/** @type {HTMLElement} */ (event.target).closest("video") && step) return;
    /** @type {[name: string, label?: number] | null | false} */
    const act = step ? [step] : this.grid.mayEdit && actOf(event, this.grid.labels);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    if (act[0] === "give") this.grid.act(...act);
    else this.#act(...act);
  }

  #closed() {
    const place = this.#place;
    this.#place = -1;
    this.#part("picture").replaceChildren();
    this.grid.go(place);
  }
}
