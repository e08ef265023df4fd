// <face-boxes>: boxes over the playing picture, placed for the very frame that the browser shows.
import { BoxWindows, boxAt } from "rollcall/box-windows";
import { placeLabels } from "rollcall/label-places";
import { Listening } from "rollcall/listening";

/** @typedef {import("rollcall/label-places").Rect} Rect */

class FaceBoxes extends Listening {
  #boxes = new Map();
  #time = 0;
  /** Of the picture that the browser showed last. */
  #shownTime = 0;
  #callback = 0;
  #selected = "";
  /** @type {Map<string, import("rollcall/label-places").Place | null>} */
  #places = new Map();
  /** Sizes of labels by their words: to measure them in every frame would cost a layout. @type {Map<string, import("rollcall/label-places").Size>} */
  #sizes = new Map();
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
    for (const name of ["loadeddata", "seeked", "resize"]) this.listen(this.video, name, () => this.#at(this.#now()));
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
        this.#shownTime = frame.mediaTime;
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

  /** Where pictures begin late, the first one is shown before its time; it comes only once. */
  #now() {
    return Math.max(this.video.currentTime, this.#shownTime);
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
    return { left: (w - pw) / 2, top: (h - ph) / 2, x: pw / width, y: ph / height, width: pw, height: ph };
  }

  #draw() {
    const data = this.windows.at(this.#time);
    const isPoster = Boolean(this.video.poster) && !this.#isStarted;
    const tracks = isPoster ? [] : (data?.tracks ?? []);
    if (data || isPoster) this.#tell(tracks.filter((/** @type {Track} */ track) => boxAt(track, this.#time)));
    if (!data?.sources.width || this.hidden || isPoster) return;
    const picture = this.#picture(data.sources);
    const unused = new Set(this.#boxes.keys());
    const shown = [];
    for (const track of tracks) {
      const box = boxAt(track, this.#time);
      if (!box) continue;
      unused.delete(track.id);
      shown.push(this.#place(track, this.#element(track), box, picture));
    }
    for (const id of unused) {
      this.#boxes.get(id).remove();
      this.#boxes.delete(id);
    }
    this.#label(shown, { x: picture.left, y: picture.top, width: picture.width, height: picture.height });
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
   * @param {Track} track
   * @param {HTMLElement} element
   * @param {number[]} values
   * @param {{ left: number; top: number; x: number; y: number }} rest
   */
  #place(track, element, [x1, y1, x2, y2], { left, top, x, y }) {
    const box = { x: left + x1 * x, y: top + y1 * y, width: (x2 - x1) * x, height: (y2 - y1) * y };
    element.style.transform = `translate(${box.x.toFixed(1)}px, ${box.y.toFixed(1)}px)`;
    element.style.width = `${box.width.toFixed(1)}px`;
    element.style.height = `${box.height.toFixed(1)}px`;
    return { id: track.id, box, label: this.#sizeOf(element), isFirst: element.classList.contains("is-selected") };
  }

  /** @param {HTMLElement} element */
  #sizeOf(element) {
    const label = /** @type {HTMLElement} */ (element.firstChild);
    const known = this.#sizes.get(label.textContent);
    if (known) return known;
    const size = { width: label.offsetWidth, height: label.offsetHeight };
    // Nothing has a size while the page is not shown.
    if (size.width) this.#sizes.set(label.textContent, size);
    return size;
  }

  /** @param {import("rollcall/label-places").Labelled[]} shown @param {Rect} area */
  #label(shown, area) {
    this.#places = placeLabels(shown, area, this.#places);
    for (const { id, box } of shown) {
      const label = this.#boxes.get(id).firstChild;
      const place = this.#places.get(id);
      label.classList.toggle("is-without-place", !place);
      if (place)
        label.style.transform = `translate(${(place.x - box.x).toFixed(1)}px, ${(place.y - box.y).toFixed(1)}px)`;
    }
  }
}

customElements.define("face-boxes", FaceBoxes);
