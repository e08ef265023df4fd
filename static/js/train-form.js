// <train-form>: an empty setting shows the default of the chosen training method.
import { say } from "rollcall/api";
import { Listening } from "rollcall/listening";

class TrainForm extends Listening {
  connectedCallback() {
    this.listen(this, "change", this.#onChange);
    // A browser that comes back to the page keeps its choice.
    this.#show();
  }

  /** @param {Event & { readonly target: HTMLInputElement }} options */
  #onChange = ({ target }) => target.name === "recipe" && this.#show();

  #show() {
    const recipe = this.querySelector("[name=recipe]:checked")?.value;
    for (const setting of this.querySelectorAll(".setting[data-default]")) {
      const value = JSON.parse(setting.dataset.default)[recipe];
      if (value === undefined) continue;
      const choice = setting.querySelector("select");
      if (choice) choice.options[0].textContent = say("train.default", { value });
      else setting.querySelector("input").placeholder = value;
    }
  }
}

customElements.define("train-form", TrainForm);
