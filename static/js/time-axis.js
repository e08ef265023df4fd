// <time-axis>: pictures and moments over all lanes; zooms, and what is in sight follows the playing moment.
import { isTyping, newElement } from "rollcall/api";
import { following, marks, mostZoom, within, zoomed } from "rollcall/axis-scale";
import { clock } from "rollcall/format";
import { Listening } from "rollcall/listening";

const FACTOR = 2;
/** @type {Record<string, string>} */
const KEYS = { "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", 0: "zoom-fit" };

class TimeAxis extends Listening {
  #view = { zoom: 1, from: 0 };
  #now = 0;
  /** @type {HTMLImageElement | null} */
  #sheet = null;

  connectedCallback() {
    this.canvas = this.querySelector("canvas");
    this.pan = this.querySelector("input");
    const panel = this.closest("people-panel");
    this.listen(panel, "click", (event) => this.#act(event.target.closest("[data-act]")?.dataset.act));
    this.listen(panel, "wheel", (event) => this.#wheel(event), { passive: false });
    this.listen(this.pan, "input", () => this.#to(Number(this.pan.value)));
    this.listen(this.querySelector(".axis-view"), "click", (event) => this.#seek(event));
    this.listen(document, "keydown", (event) => !isTyping(event) && this.#act(KEYS[event.key]));
    this.listen(document, "player:time", ({ detail }) => this.#follow(detail));
    this.listen(document, "fragment:refreshed", (event) => event.target.contains(this) && this.#draw());
    this.resized = new ResizeObserver(() => this.#draw());
    this.resized.observe(this);
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    this.resized.disconnect();
  }

  get length() {
    return Number(this.dataset.duration);
  }

  /** @param {string | undefined} act */
  #act(act) {
    const { zoom } = this.#view;
    if (act === "zoom-in") this.#zoom(zoom * FACTOR);
    if (act === "zoom-out") this.#zoom(zoom / FACTOR);
    if (act === "zoom-fit") this.#zoom(1);
  }

  /** @param {number} zoom */
  #zoom(zoom) {
    const fitting = Math.min(mostZoom(this.length), Math.max(1, zoom));
    this.#view = zoomed(this.#view, fitting, this.#now / this.length);
    this.#draw();
  }

  /** @param {number} from */
  #to(from) {
    this.#view = { ...this.#view, from: within(from, this.#view.zoom) };
    this.#draw();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    const across = event.shiftKey ? event.deltaY : event.deltaX;
    const isAcross = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (this.#view.zoom === 1 || !across || !isAcross) return;
    event.preventDefault();
    this.#to(this.#view.from + across / (this.canvas.parentElement.clientWidth * this.#view.zoom));
  }

  /** @param {MouseEvent & { readonly target: HTMLElement }} event */
  #seek(event) {
    if (event.target === this.pan) return;
    const bounds = this.canvas.parentElement.getBoundingClientRect();
    const share = this.#view.from + (event.clientX - bounds.left) / bounds.width / this.#view.zoom;
    document.getElementById("player")?.seek(share * this.length);
  }

  /** @param {Moment} moment */
  #follow({ time, isPlaying }) {
    this.#now = time;
    const view = isPlaying && this.#view.zoom > 1 ? following(this.#view, time / this.length) : this.#view;
    if (view === this.#view) return;
    this.#view = view;
    this.#draw();
  }

  #draw() {
    const { zoom, from } = this.#view;
    const lanes = /** @type {HTMLElement} */ (this.closest(".watch"));
    lanes.style.setProperty("--zoom", String(zoom));
    lanes.style.setProperty("--from", String(from));
    for (const part of this.closest("people-panel").querySelectorAll("[data-zoom]")) part.hidden = this.length < 8;
    this.pan.hidden = zoom === 1;
    this.pan.max = String(1 - 1 / zoom);
    this.pan.value = String(from);
    this.#drawMarks();
    this.#drawFrames();
  }

  #drawMarks() {
    const place = this.querySelector(".axis-marks");
    const { zoom, from } = this.#view;
    const [start, end] = [from * this.length, (from + 1 / zoom) * this.length];
    const times = marks(start, end, place.clientWidth);
    place.classList.add("is-placed");
    place.replaceChildren(
      ...times.map((time) => {
        const mark = newElement("span", {}, clock(time));
        mark.style.left = `${(100 * (time - start)) / (end - start || 1)}%`;
        return mark;
      }),
    );
  }

  /** The frames that are in sight, side by side, from the sheet that the player previews with. */
  #drawFrames() {
    const { canvas } = this;
    canvas.hidden = !this.dataset.sprites;
    const width = canvas.parentElement.clientWidth;
    if (canvas.hidden || !width) return;
    if (this.#sheet?.dataset.of !== this.dataset.sprites) {
      this.#sheet = new Image();
      this.#sheet.dataset.of = this.dataset.sprites;
      this.#sheet.onload = () => this.#drawFrames();
      this.#sheet.src = this.dataset.sprites;
    }
    if (!this.#sheet.complete) return;
    const sharp = globalThis.devicePixelRatio || 1;
    canvas.width = width * sharp;
    canvas.height = canvas.clientHeight * sharp;
    const names = ["columns", "rows", "tileWidth", "tileHeight", "interval"];
    const [columns, rows, tileWidth, tileHeight, interval] = names.map((name) => Number(this.dataset[name]));
    const wide = (canvas.clientHeight * tileWidth) / tileHeight;
    const count = Math.max(1, Math.round(width / wide));
    const context = canvas.getContext("2d");
    for (let n = 0; n < count; n += 1) {
      const time = (this.#view.from + (n + 0.5) / count / this.#view.zoom) * this.length;
      const tile = Math.min(columns * rows - 1, Math.floor(time / interval));
      const [x, y] = [(tile % columns) * tileWidth, Math.floor(tile / columns) * tileHeight];
      const [left, right] = [(n * canvas.width) / count, ((n + 1) * canvas.width) / count];
      const gap = n < count - 1 ? 2 * sharp : 0;
      context.drawImage(this.#sheet, x, y, tileWidth, tileHeight, left, 0, right - left - gap, canvas.height);
    }
  }
}

customElements.define("time-axis", TimeAxis);
