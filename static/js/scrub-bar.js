// <scrub-bar>: the seek slider, how much is loaded, and a small picture of the moment under the pointer.
import { say } from "rollcall/api";
import { clock, clockLength } from "rollcall/format";
import { Listening } from "rollcall/listening";

class ScrubBar extends Listening {
  /** @type {HTMLImageElement | null} */
  #sheet = null;

  connectedCallback() {
    this.player = this.closest("video-player");
    this.slider = this.querySelector("input");
    this.preview = this.querySelector(".scrub-preview");
    this.listen(this.slider, "input", () => this.player.seek(Number(this.slider.value)));
    this.listen(this, "pointermove", (event) => this.#peek(event));
    this.listen(this, "pointerleave", () => (this.preview.hidden = true));
    this.listen(this.player, "player:time", ({ detail }) => this.#show(detail));
    this.listen(this.player.querySelector("video"), "progress", () => this.#loaded());
  }

  /** @param {{ time: number; length: number }} options */
  #show({ time, length }) {
    this.slider.max = String(length);
    this.slider.value = String(time);
    this.slider.setAttribute(
      "aria-valuetext",
      say("player.position", { now: clock(time), length: clockLength(length) }),
    );
    this.slider.style.setProperty("--played", `${(100 * time) / (length || 1)}%`);
    this.#loaded();
  }

  #loaded() {
    const { buffered, duration } = this.player.querySelector("video");
    const end = buffered.length ? buffered.end(buffered.length - 1) : 0;
    this.slider.style.setProperty("--loaded", `${(100 * end) / (duration || 1)}%`);
  }

  /** @param {PointerEvent & { readonly target: HTMLElement }} event */
  #peek(event) {
    if (event.pointerType === "touch" && event.buttons === 0) return;
    const bounds = this.slider.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - bounds.left) / bounds.width));
    const time = share * Number(this.slider.max);
    this.preview.querySelector("time").textContent = clock(time);
    this.preview.hidden = false;
    this.#draw(time);
    const room = bounds.width - this.preview.offsetWidth;
    this.preview.style.left = `${Math.min(room, Math.max(0, share * bounds.width - this.preview.offsetWidth / 2))}px`;
  }

  /** @param {number} time */
  #draw(time) {
    const canvas = this.querySelector("canvas");
    canvas.hidden = !this.dataset.sprites;
    if (canvas.hidden) return;
    const parts = ["columns", "rows", "tileWidth", "tileHeight", "interval"];
    const [columns, rows, width, height, interval] = parts.map((name) => Number(this.dataset[name]));
    if (!this.#sheet) {
      this.#sheet = new Image();
      this.#sheet.src = this.dataset.sprites;
      Object.assign(canvas, { width, height });
    }
    const tile = Math.min(columns * rows - 1, Math.floor(time / interval));
    if (!this.#sheet.complete) return;
    const [x, y] = [(tile % columns) * width, Math.floor(tile / columns) * height];
    canvas.getContext("2d").drawImage(this.#sheet, x, y, width, height, 0, 0, width, height);
  }
}

customElements.define("scrub-bar", ScrubBar);
