// <local-time>: shows a date in the browser's own format and time zone; the server's words inside stay for who has no scripts.
import { localTime } from "rollcall/format";

class LocalTime extends HTMLElement {
  static observedAttributes = ["at"];

  // In a shadow, so that a refresh in place, which puts the server's words back, changes nothing to be seen.
  #shown = this.attachShadow({ mode: "open" }).appendChild(document.createElement("time"));

  attributeChangedCallback() {
    const at = this.getAttribute("at");
    this.#shown.dateTime = at;
    this.#shown.textContent = localTime(at, "day" in this.dataset);
  }
}

customElements.define("local-time", LocalTime);
