// <answer-keys>: the key of a button presses it, U undoes the last answer.
import { isTyping } from "rollcall/api";
import { Listening } from "rollcall/listening";

export class AnswerKeys extends Listening {
  connectedCallback() {
    this.listen(document, "keydown", this.#key);
  }

  /** @param {KeyboardEvent & { readonly target: HTMLElement }} event */
  #key = (event) => {
    if (isTyping(event) || event.repeat) return;
    const key = event.key.toLowerCase();
    if (key === "u") document.querySelector(".toast-note .undo")?.click();
    else this.querySelector(`[data-key="${CSS.escape(key)}"]`)?.click();
  };
}

customElements.define("answer-keys", AnswerKeys);
