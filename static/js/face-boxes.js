// <face-boxes>: boxes over the playing picture, placed for the very frame that the browser shows.
import { BoxWindows, boxAt } from "rollcall/box-windows";
import { Listening } from "rollcall/listening";

const LABEL_PX = 26;

class FaceBoxes extends Listening {
  #boxes = new Map();
  #time = 0;
  #callback = 0;
  #selected = "";
  #isStarted = false;
  /** @type {string | null} */
  #told = null;

  connectedCallback() {
    const player = this.closest("video-player");
    this.video = player.querySelector("video");
    this.windows = new BoxWindows(player.dataset.boxes, () => this.#draw());
    this.resized = new ResizeObserver(() => this.#draw());
    this.resized.observe(this.video);
    // Until then the poster is shown, which is another moment.
    for (const name of ["play", "seeking"]) this.listen(this.video, name, () => (this.#isStarted = true));
    for (const name of ["loadeddata", "seeked", "resize"])
      this.listen(this.video, name, () => this.#at(this.video.currentTime));
    this.listen(this, "click", (event) => this.#chosen(event));
    this.listen(document, "people:changed", () => this.#reload());
    this.listen(document, "people:selected", ({ detail }) => this.#select(detail.person));
    this.#selected = document.querySelector("people-panel")?.dataset.person ?? "";
    this.#next();
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    this.resized.disconnect();
    this.video.cancelVideoFrameCallback?.(this.#callback);
    cancelAnimationFrame(this.#callback);
  }

  // The frame callback carries the time of the frame on screen; currentTime may be a frame off.
  #next() {
    if (this.video.requestVideoFrameCallback) {
      this.#callback = this.video.requestVideoFrameCallback((_, frame) => {
        this.#at(frame.mediaTime);
        this.#next();
      });
      return;
    }
    this.#callback = requestAnimationFrame(() => {
      if (!this.video.paused) this.#at(this.video.currentTime);
      this.#next();
    });
  }

  /** @param {number} time */
  #at(time) {
    this.#time = time;
    this.#draw();
  }

  #reload() {
    this.windows.forget();
    this.windows.at(this.#time);
  }

  /** @param {string} person */
  #select(person) {
    this.#selected = person;
    this.#draw();
  }

  /** @param {MouseEvent & { readonly target: HTMLElement }} event */
  #chosen(event) {
    const { person, appearance } = event.target.closest(".face-box")?.dataset ?? {};
    if (person) document.dispatchEvent(new CustomEvent("people:choose", { detail: { person } }));
    else if (appearance) document.dispatchEvent(new CustomEvent("people:unclear", { detail: { appearance } }));
  }

  /** Where the picture lies inside of the element: letterboxed. @param {{ width: number; height: number }} options */
  #picture({ width, height }) {
    const [w, h] = [this.video.clientWidth, this.video.clientHeight];
    const ratio = this.video.videoWidth ? this.video.videoWidth / this.video.videoHeight : width / height;
    const [pw, ph] = w / h > ratio ? [h * ratio, h] : [w, w / ratio];
    return { left: (w - pw) / 2, top: (h - ph) / 2, x: pw / width, y: ph / height, right: (w + pw) / 2 };
  }

  #draw() {
    const data = this.windows.at(this.#time);
    const isPoster = Boolean(this.video.poster) && !this.#isStarted;
    const tracks = isPoster ? [] : (data?.tracks ?? []);
    if (data || isPoster) this.#tell(tracks.filter((/** @type {Track} */ track) => boxAt(track, this.#time)));
    if (!data?.sources.width || this.hidden || isPoster) return;
    const picture = this.#picture(data.sources);
    const unused = new Set(this.#boxes.keys());
    for (const track of tracks) {
      const box = boxAt(track, this.#time);
      if (!box) continue;
      unused.delete(track.id);
      this.#place(this.#element(track), box, picture);
    }
    for (const id of unused) {
      this.#boxes.get(id).remove();
      this.#boxes.delete(id);
    }
    this.classList.toggle("is-choosing", Boolean(this.#selected));
  }

  /** Whoever shows people lights those who are in this very picture. @param {Track[]} tracks */
  #tell(tracks) {
    const people = [...new Set(tracks.map(({ person }) => person))];
    const words = people.join(" ");
    if (words === this.#told) return;
    this.#told = words;
    document.dispatchEvent(new CustomEvent("people:in-picture", { detail: { people } }));
  }

  /** @param {Track} track */
  #element(track) {
    let element = this.#boxes.get(track.id);
    if (!element) {
      element = document.createElement("div");
      element.append(document.createElement("span"));
      this.#boxes.set(track.id, element);
      this.append(element);
    }
    if (element.firstChild.textContent !== track.label) element.firstChild.textContent = track.label;
    element.dataset.person = track.person;
    element.dataset.appearance = track.appearance;
    const isSelected = track.person && track.person === this.#selected;
    const kind = track.person ? `hue-${track.hue % 12}` : "is-unclear";
    element.className = `face-box ${kind}${isSelected ? " is-selected" : ""}`;
    return element;
  }

  /**
   * @param {HTMLElement} element
   * @param {number[]} values
   * @param {{ left: number; top: number; x: number; y: number; right: number }} rest
   */
  #place(element, [x1, y1, x2, y2], { left, top, x, y, right }) {
    const [px, py] = [left + x1 * x, top + y1 * y];
    element.style.transform = `translate(${px.toFixed(1)}px, ${py.toFixed(1)}px)`;
    element.style.width = `${((x2 - x1) * x).toFixed(1)}px`;
    element.style.height = `${((y2 - y1) * y).toFixed(1)}px`;
    element.classList.toggle("label-below", py < LABEL_PX);
    element.classList.toggle("label-left", px + 120 > right);
  }
}

customElements.define("face-boxes", FaceBoxes);
