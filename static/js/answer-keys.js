// <answer-keys>: the key of a label gives it, S skips, U takes the last answer back.
import { isTyping } from "rollcall/api";

class AnswerKeys extends HTMLElement {
  connectedCallback() {
    document.addEventListener("keydown", this.#key);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#key);
  }

  #key = (event) => {
    if (isTyping(event) || event.repeat) return;
    const key = event.key.toLowerCase();
    if (key === "u") document.querySelector(".toast-note .undo")?.click();
    else this.querySelector(`[data-key="${CSS.escape(key)}"]`)?.click();
  };
}

customElements.define("answer-keys", AnswerKeys);
