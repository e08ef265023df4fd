// <export-form>: who ticks people means them and not everyone; who chooses everyone means nobody in particular.
import { Listening } from "rollcall/listening";

class ExportForm extends Listening {
  connectedCallback() {
    this.listen(this, "change", this.#onChange);
  }

  /** @param {Event & { target: HTMLInputElement }} event */
  #onChange = ({ target }) => {
    const everybody = this.querySelector("[name=whom][value=everybody]");
    if (!everybody?.checked) return;
    if (target === everybody) for (const box of this.querySelectorAll("[name=person]:checked")) box.checked = false;
    else if (target.name === "person" && target.checked) this.querySelector("[name=whom][value=chosen]").checked = true;
  };
}

customElements.define("export-form", ExportForm);
