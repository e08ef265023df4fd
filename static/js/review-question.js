// <review-question>: answers by key, as <answer-keys> does; a swipe right means same, left different.
import { AnswerKeys } from "rollcall/answer-keys";

const FAR_ENOUGH_PX = 80;

class ReviewQuestion extends AnswerKeys {
  /** @type {Touch | null} */
  #from = null;

  /** @override */
  connectedCallback() {
    super.connectedCallback();
    if (!this.querySelector(".review-pair")) return;
    this.listen(this, "touchstart", (event) => (this.#from = event.changedTouches[0]), { passive: true });
    this.listen(this, "touchmove", (event) => this.#follow(event.changedTouches[0]), { passive: true });
    this.listen(this, "touchend", (event) => this.#swiped(event.changedTouches[0]), { passive: true });
    this.listen(this, "touchcancel", () => this.#lean(0), { passive: true });
  }

  /** Returns how many pixels the finger moved sideways; 0 while it scrolls. @param {Touch} to */
  #across(to) {
    const across = to.clientX - (this.#from?.clientX ?? to.clientX);
    const down = Math.abs(to.clientY - (this.#from?.clientY ?? to.clientY));
    return Math.abs(across) > 2 * down ? across : 0;
  }

  /** @param {Touch} to */
  #follow(to) {
    const across = this.#across(to);
    this.#lean(across);
    const meant = Math.abs(across) > FAR_ENOUGH_PX && (across > 0 ? "yes" : "no");
    for (const button of this.querySelectorAll('[name="answer"]'))
      button.classList.toggle("is-meant", button.value === meant);
  }

  /** Moves the pair with the finger, to show that a swipe is an answer. @param {number} across */
  #lean(across) {
    const pair = this.querySelector(".review-pair");
    pair.style.transform =
      across && !matchMedia("(prefers-reduced-motion: reduce)").matches ? `translateX(${across / 3}px)` : "";
  }

  /** @param {Touch} to */
  #swiped(to) {
    const across = this.#across(to);
    this.#from = null;
    this.#lean(0);
    if (Math.abs(across) > FAR_ENOUGH_PX)
      this.querySelector(`[name="answer"][value="${across > 0 ? "yes" : "no"}"]`)?.click();
  }
}

customElements.define("review-question", ReviewQuestion);
