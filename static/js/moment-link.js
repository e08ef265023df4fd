// <moment-link>: a link that takes along the moment at which the player stands, and the person who is selected;
// with `data-exact` the very frame, and nobody.
import { Listening } from "rollcall/listening";
import { readAddress } from "rollcall/panel-address";

const LEAST_S = 0.5;

class MomentLink extends Listening {
  connectedCallback() {
    this.listen(this, "click", () => this.#renew());
    this.listen(this, "auxclick", () => this.#renew());
  }

  #renew() {
    const link = this.querySelector("a");
    const address = new URL(link.href);
    const { time = 0 } = document.getElementById("player") ?? {};
    const isExact = "exact" in this.dataset;
    const from = isExact ? time.toFixed(3) : time.toFixed(1);
    for (const [name, value] of [
      ["t", isExact || time >= LEAST_S ? from : ""],
      ["person", (!isExact && readAddress().person) || ""],
    ])
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    link.href = address.href;
  }
}

customElements.define("moment-link", MomentLink);
