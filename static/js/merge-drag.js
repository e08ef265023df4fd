// <merge-drag>: a tile that is dropped on another leads to the preview of their merge. *Merge* does it without a mouse.
import { visit } from "@hotwired/turbo";
import { Listening } from "rollcall/listening";

const NOBODY = "00000000-0000-0000-0000-000000000000";
const TILE = "#people-tiles .tile";

class MergeDrag extends Listening {
  /** @type {HTMLElement | null} */
  #dragged = null;

  connectedCallback() {
    this.hidden = !matchMedia("(hover: hover)").matches;
    this.listen(document, "dragstart", (event) => this.#start(event));
    this.listen(document, "dragover", (event) => this.#over(event));
    this.listen(document, "drop", (event) => this.#drop(event));
    this.listen(document, "dragend", () => this.#end());
  }

  /** @param {DragEvent & { readonly target: HTMLElement }} event */
  #start(event) {
    this.#dragged = event.target.closest?.(TILE) ?? null;
    if (this.#dragged) event.dataTransfer.effectAllowed = "move";
  }

  /** Whom this would merge the dragged one into. @param {DragEvent & { readonly target: HTMLElement }} event */
  #target(event) {
    const tile = this.#dragged && event.target.closest?.(TILE);
    return tile && tile !== this.#dragged ? tile : null;
  }

  /** @param {DragEvent & { readonly target: HTMLElement }} event */
  #over(event) {
    const tile = this.#target(event);
    this.#mark(tile);
    if (!tile) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
  }

  /** @param {DragEvent & { readonly target: HTMLElement }} event */
  #drop(event) {
    const tile = this.#target(event);
    if (!tile) return;
    event.preventDefault();
    const [source, target] = [this.#dragged, tile].map((each) => each.id.replace("tile-", ""));
    this.#end();
    visit(`${this.dataset.merge.replace(NOBODY, target)}?with=${source}`);
  }

  #end() {
    this.#dragged = null;
    this.#mark(null);
  }

  /** @param {HTMLElement | null} tile */
  #mark(tile) {
    for (const marked of document.querySelectorAll(`${TILE}.is-over`))
      marked.classList.toggle("is-over", marked === tile);
    tile?.classList.add("is-over");
  }
}

customElements.define("merge-drag", MergeDrag);
