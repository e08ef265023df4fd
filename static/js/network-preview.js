// <network-preview>: the sliders request new pictures; the address keeps the choice. Works as a plain form too.
import { fieldsOf } from "rollcall/api";
import { Listening } from "rollcall/listening";

const WAIT_MS = 150;

class NetworkPreview extends Listening {
  connectedCallback() {
    this.form = this.querySelector("form");
    const again = this.querySelector("[data-again]");
    again.hidden = false;
    this.listen(again, "click", () => this.#drawAgain());
    this.listen(this.form, "input", () => this.#changed());
    this.listen(this.form, "submit", (event) => event.preventDefault());
  }

  #drawAgain() {
    this.form.elements.seed.value = Number(this.form.elements.seed.value) + 10;
    this.#changed();
  }

  #changed() {
    for (const output of this.querySelectorAll("output"))
      output.value = `${Math.round(this.form.elements[output.htmlFor.value].value * 100)} %`;
    this.plan(WAIT_MS, () => this.#show());
  }

  #show() {
    const query = fieldsOf(this.form);
    history.replaceState(history.state, "", `?${query}`);
    for (const image of this.querySelectorAll("img[data-variants]")) image.src = `${image.src.split("?")[0]}?${query}`;
  }
}

customElements.define("network-preview", NetworkPreview);
