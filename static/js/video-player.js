// <video-player>: own controls and keys around a plain <video>. Tells others the moment by "player:time".
import { isTyping, say } from "rollcall/api";
import { clock } from "rollcall/format";
import { Listening } from "rollcall/listening";
import { readAddress, writeAddress } from "rollcall/panel-address";

const IDLE_MS = 2500;
/** Browsers refuse an address that changes too often, as while somebody drags along the bar. */
const ADDRESS_MS = 300;
const SPEEDS = [1, 1.25, 1.5, 2, 0.5, 0.75];
/** @type {Record<string, (player: VideoPlayer) => void>} */
const KEYS = {
  " ": (player) => player.toggle(),
  k: (player) => player.toggle(),
  ArrowLeft: (player) => player.skip(-5),
  ArrowRight: (player) => player.skip(5),
  j: (player) => player.skip(-10),
  l: (player) => player.skip(10),
  ",": (player) => player.step(-1),
  ".": (player) => player.step(1),
  m: (player) => player.act("mute"),
  f: (player) => player.act("full"),
  b: (player) => player.act("boxes"),
  "?": () => document.getElementById("keys").togglePopover(),
};

export class VideoPlayer extends Listening {
  /** @type {number | null} */
  #sought = null;
  #addressing = 0;

  connectedCallback() {
    this.video = this.querySelector("video");
    this.frame = this.querySelector(".player");
    this.video.controls = false;
    this.querySelector(".controls").hidden = false;
    /** @param {string} name @param {(event: any) => void} act */
    const on = (name, act) => this.listen(this.video, name, act);
    for (const name of ["play", "pause", "volumechange", "loadedmetadata", "ended"]) on(name, () => this.#show());
    for (const name of ["timeupdate", "seeking", "seeked"]) on(name, () => this.#tell());
    for (const name of ["pause", "seeked"]) on(name, () => this.#keepMoment());
    on("error", () => this.#fail());
    on("pointerup", (event) => this.#tapped(event));
    this.listen(this, "click", (event) => this.act(event.target.closest("[data-act]")?.dataset.act));
    this.listen(this, "pointermove", () => this.#wake());
    this.listen(this, "focusin", () => this.#wake());
    const volume = this.querySelector("input.volume");
    this.listen(volume, "input", () => this.#volume(Number(volume.value)));
    this.listen(document, "keydown", (event) => this.#key(event));
    this.listen(document, "fullscreenchange", () => this.#show());
    this.signal.addEventListener("abort", () => this.#leave());
    if (this.dataset.start) this.seek(Number(this.dataset.start));
    this.#show();
  }

  #leave() {
    clearTimeout(this.#addressing);
    this.video.pause();
  }

  /** The address leads to where the player stands. Where it opened without one, it stays short. */
  #keepMoment() {
    clearTimeout(this.#addressing);
    this.#addressing = setTimeout(() => {
      const said = Number(readAddress().t ?? this.dataset.start ?? 0);
      if (Math.abs(this.time - said) < 0.1) return;
      writeAddress({ t: String(Math.round(this.time * 10) / 10) });
    }, ADDRESS_MS);
  }

  get length() {
    return Number.isFinite(this.video.duration) ? this.video.duration : Number(this.dataset.duration);
  }

  get time() {
    return this.#sought ?? this.video.currentTime;
  }

  /** @param {number} time */
  seek(time) {
    const target = Math.min(Math.max(0, time), Math.max(0, this.length - 0.01));
    if (this.video.readyState > 0) this.video.currentTime = target;
    else this.#waitFor(target);
    this.#tell(target);
  }

  /** The last moment that was asked for before the video knew its length. @param {number} target */
  #waitFor(target) {
    if (this.#sought === null) this.listen(this.video, "loadedmetadata", () => this.#arrive(), { once: true });
    this.#sought = target;
  }

  #arrive() {
    this.video.currentTime = this.#sought;
    this.#sought = null;
  }

  play() {
    this.video.play().catch(() => this.video.error && this.#fail());
  }

  pause() {
    this.video.pause();
  }

  /** @param {number} seconds */
  skip(seconds) {
    this.seek(this.video.currentTime + seconds);
  }

  /** @param {number} frames */
  step(frames) {
    this.video.pause();
    this.skip(frames / (Number(this.dataset.rate) || 25));
  }

  toggle() {
    if (this.video.paused) this.play();
    else this.pause();
  }

  /** @param {string} name */
  act(name) {
    if (name === "play") this.toggle();
    if (name === "mute") this.video.muted = !this.video.muted;
    if (name === "speed") this.#speed();
    if (name === "boxes") this.#boxes();
    if (name === "full") document.fullscreenElement ? document.exitFullscreen() : this.frame.requestFullscreen?.();
  }

  /** @param {number} level */
  #volume(level) {
    this.video.volume = level;
    this.video.muted = level === 0;
  }

  #speed() {
    const next = SPEEDS[(SPEEDS.indexOf(this.video.playbackRate) + 1) % SPEEDS.length];
    this.video.playbackRate = next;
    this.querySelector("[data-speed]").textContent = `${next}×`;
  }

  #boxes() {
    const button = this.querySelector('[data-act="boxes"]');
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    this.querySelector("face-boxes").hidden = !isOn;
  }

  // A finger first calls the controls; a mouse plays and pauses.
  /** @param {PointerEvent} event */
  #tapped(event) {
    const wasIdle = this.frame.classList.contains("is-idle");
    this.#wake();
    if (event.pointerType === "mouse" ? event.button === 0 : !wasIdle) this.toggle();
  }

  #wake() {
    this.frame.classList.remove("is-idle");
    this.plan(IDLE_MS, () => !this.video.paused && this.frame.classList.add("is-idle"));
  }

  /** @param {KeyboardEvent & { readonly target: HTMLElement }} event */
  #key(event) {
    const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    const isButton = event.key === " " && event.target.closest?.("button, a, summary");
    const isSlider = event.key.startsWith("Arrow") && event.target.closest?.('input, [role="tab"]');
    if (!act || isButton || isSlider || isTyping(event)) return;
    event.preventDefault();
    this.#wake();
    act(this);
  }

  #tell(time = this.time) {
    this.querySelector("[data-now]").textContent = clock(time);
    this.dispatchEvent(
      new CustomEvent("player:time", {
        bubbles: true,
        detail: { time, length: this.length, isPlaying: !this.video.paused },
      }),
    );
  }

  #show() {
    const { paused, muted, volume } = this.video;
    const isMuted = muted || volume === 0;
    /** @type {Record<string, boolean>} */
    const shown = { paused, playing: !paused, sound: !isMuted, muted: isMuted };
    for (const part of this.querySelectorAll("[data-when]")) part.hidden = !shown[part.dataset.when];
    /** @param {string} act @param {string} words */
    const label = (act, words) =>
      this.querySelector(`[data-act="${act}"]`).setAttribute("aria-label", say(`player.${words}`));
    label("play", paused ? "play" : "pause");
    label("mute", isMuted ? "unmute" : "mute");
    label("full", document.fullscreenElement ? "unfull" : "full");
    this.querySelector("input.volume").value = String(isMuted ? 0 : volume);
    this.#wake();
    this.#tell();
  }

  #fail() {
    const note = this.querySelector("[data-trouble]");
    note.textContent = say("player.failed");
    note.hidden = false;
  }
}

customElements.define("video-player", VideoPlayer);
