// <review-pair>: Y, N and S answer, A says yes to the whole group below, U takes back; on a phone a swipe to the right means yes, to the left no.
import { isTyping } from "rollcall/api";

const FAR_ENOUGH_PX = 80;
const KEYS = { y: "yes", n: "no", s: "skip" };

class ReviewPair extends HTMLElement {
  #ended = null;
  #from = null;

  connectedCallback() {
    this.#ended = new AbortController();
    const { signal } = this.#ended;
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.addEventListener("touchstart", (event) => { this.#from = event.changedTouches[0]; }, { signal, passive: true });
    this.addEventListener("touchend", (event) => this.#swiped(event.changedTouches[0]), { signal, passive: true });
  }

  disconnectedCallback() {
    this.#ended.abort();
  }

  #key(event) {
    if (isTyping(event) || event.repeat) return;
    const key = event.key.toLowerCase();
    if (KEYS[key]) this.#answer(KEYS[key]);
    if (key === "a") document.querySelector(".review-also")?.requestSubmit();
    if (key === "u") document.querySelector(".toast-note .undo")?.click();
  }

  #swiped(to) {
    const across = to.clientX - (this.#from?.clientX ?? to.clientX);
    const down = Math.abs(to.clientY - (this.#from?.clientY ?? to.clientY));
    this.#from = null;
    if (Math.abs(across) > FAR_ENOUGH_PX && Math.abs(across) > 2 * down) this.#answer(across > 0 ? "yes" : "no");
  }

  #answer(value) {
    this.querySelector(`[name="answer"][value="${value}"]`)?.click();
  }
}

customElements.define("review-pair", ReviewPair);
