// <local-time>: puts a date into the browser's own format and time zone; the server's words stand there for who has no scripts.
import { localTime } from "rollcall/format";

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
    const words = time && localTime(time.dateTime, "day" in this.dataset);
    if (words && time.textContent !== words) time.textContent = words;
  }
}

customElements.define("local-time", LocalTime);
