// <share-form>: the whole video has no times to enter.
import { Listening } from "rollcall/listening";

class ShareForm extends Listening {
  connectedCallback() {
    this.listen(this, "change", this.#follow);
    // A browser that comes back to the page keeps what was chosen.
    this.#follow();
  }

  #follow = () => {
    const isWhole = Boolean(this.querySelector("[name=part][value=whole]:checked"));
    for (const field of this.querySelectorAll(".shared-moment input")) field.disabled = isWhole;
  };
}

customElements.define("share-form", ShareForm);
