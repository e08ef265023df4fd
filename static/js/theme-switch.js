// <theme-switch>: system, light, dark; remembered in this browser, and with the account.
import { icon, newElement, nothing, post, say } from "rollcall/api";
import { Listening } from "rollcall/listening";

const KEY = "rollcall.theme";
/** @type {Record<string, string>} */
const NEXT = { auto: "light", light: "dark", dark: "auto" };

class ThemeSwitch extends Listening {
  connectedCallback() {
    this.hidden = false;
    this.listen(this, "click", this.#onClick);
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
    if (document.documentElement.dataset.accountTheme !== undefined) {
      document.documentElement.dataset.accountTheme = next;
      post(this.dataset.url, { theme: next }).catch(nothing);
    }
    this.#show();
  };

  #show() {
    const words = newElement("span", {}, say(`theme.${this.#theme}`));
    this.querySelector("button").replaceChildren(icon(this.#theme), words);
  }
}

customElements.define("theme-switch", ThemeSwitch);
