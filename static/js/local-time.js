// <local-time>: puts a date into the browser's own format and time zone; the server's words stand there for who has no scripts.
import { localTime } from "rollcall/format";

/** The page's language where the browser speaks another one: else its own, with the habits of its country. */
const locale = () => {
  const { lang } = document.documentElement;
  return navigator.language.split("-")[0] === lang.split("-")[0] ? undefined : lang;
};

class LocalTime extends HTMLElement {
  // A refresh in place puts the server's words back.
  #observer = new MutationObserver(() => this.#show());

  connectedCallback() {
    this.#show();
    this.#observer.observe(this, {
      attributeFilter: ["datetime"],
      characterData: true,
      childList: true,
      subtree: true,
    });
  }

  disconnectedCallback() {
    this.#observer.disconnect();
  }

  #show() {
    const time = this.querySelector("time");
    const words = time && localTime(time.dateTime, "day" in this.dataset, locale());
    if (words && time.textContent !== words) time.textContent = words;
  }
}

customElements.define("local-time", LocalTime);
