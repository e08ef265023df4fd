// <moment-link>: a link that takes along the moment at which the player stands, and the person who is selected.
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
    const { person } = readAddress();
    for (const [name, value] of [
      ["t", time >= LEAST_S ? time.toFixed(1) : ""],
      ["person", person ?? ""],
    ])
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    link.href = address.href;
  }
}

customElements.define("moment-link", MomentLink);
