// <export-form>: who ticks people means them and not everyone; who chooses everyone means nobody in particular.
// What a choice of copies or of moments will make, and what it takes, is asked of the server.
import { morphChildren } from "@hotwired/turbo";
import { fetchDocument, nothing, queryOf } from "rollcall/api";
import { Listening } from "rollcall/listening";

const PAUSE_MS = 250;
const PLANNED = ["whom", "person", "copies", "together", "min_s", "padding_s"];

class ExportForm extends Listening {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.listen(this, "change", this.#onChange);
    // A browser that comes back to the page keeps its ticks; the plan has to match them.
    if (this.form.querySelector("[name=whom]:checked, [name=min_s]")) this.plan(PAUSE_MS, () => this.#ask());
  }

  /** @param {Event & { target: HTMLInputElement }} event */
  #onChange = ({ target }) => {
    const everybody = this.querySelector("[name=whom][value=everybody]");
    if (everybody?.checked) {
      if (target === everybody) for (const box of this.querySelectorAll("[name=person]:checked")) box.checked = false;
      else if (target.name === "person" && target.checked)
        this.querySelector("[name=whom][value=chosen]").checked = true;
    }
    if (PLANNED.includes(target.name)) this.plan(PAUSE_MS, () => this.#ask());
  };

  async #ask() {
    const fresh = await fetchDocument(`${location.pathname}?${queryOf(this.form)}`, this.requestSignal()).catch(
      nothing,
    );
    const plan = fresh?.querySelector("#export-plan");
    if (plan && this.isConnected) morphChildren(this.querySelector("#export-plan"), plan);
  }
}

customElements.define("export-form", ExportForm);
