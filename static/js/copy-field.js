// <copy-field>: a button that copies what the field beside it holds.
import { Listening } from "rollcall/listening";

class CopyField extends Listening {
  connectedCallback() {
    const button = this.querySelector("button");
    button.hidden = !navigator.clipboard;
    this.listen(button, "click", this.#copy);
  }

  #copy = async () => {
    const button = this.querySelector("button");
    const field = this.querySelector("input");
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done ?? "";
  };
}

customElements.define("copy-field", CopyField);
