// <answer-keys>: the key of a label chooses it, S skips, U undoes the last answer.
import { isTyping } from "rollcall/api";
import { Listening } from "rollcall/listening";

class AnswerKeys extends Listening {
  connectedCallback() {
    document.addEventListener("keydown", this.#key, { signal: this.signal });
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
