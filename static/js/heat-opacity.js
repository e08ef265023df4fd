// <heat-opacity>: one slider for the opacity of the heat maps inside.
import { Listening } from "rollcall/listening";

class HeatOpacity extends Listening {
  connectedCallback() {
    const label = this.querySelector("[data-heat]");
    if (!label) return;
    label.hidden = false;
    const field = label.querySelector("input");
    const show = () => this.style.setProperty("--heat", String(Number(field.value) / 100));
    this.listen(field, "input", show);
    show();
  }
}

customElements.define("heat-opacity", HeatOpacity);
