// <theme-switch>: system, light, dark; remembered in this browser.
import { icon, say } from "rollcall/api";
import { Listening } from "rollcall/listening";

const KEY = "rollcall.theme";
/** @type {Record<string, string>} */
const NEXT = { auto: "light", light: "dark", dark: "auto" };

class ThemeSwitch extends Listening {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener("click", this.#onClick, { signal: this.signal });
    this.#show();
  }

  get #theme() {
    return document.documentElement.dataset.theme ?? "auto";
  }

  #onClick = () => {
    const next = NEXT[this.#theme];
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Storage is blocked: it holds for this page.
    }
    this.#show();
  };

  #show() {
    const button = this.querySelector("button");
    const words = document.createElement("span");
    words.textContent = say(`theme.${this.#theme}`);
    button.replaceChildren(icon(this.#theme), words);
  }
}

customElements.define("theme-switch", ThemeSwitch);
