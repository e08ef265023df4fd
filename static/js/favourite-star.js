// <favourite-star>: changes at once, and back where the server does not follow. Without this it is a plain form.
import { fieldsOf, nothing, post, say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { toast } from "rollcall/toasts";

class FavouriteStar extends Listening {
  connectedCallback() {
    this.listen(this, "submit", this.#onSubmit);
  }

  /** @param {SubmitEvent & { readonly target: HTMLFormElement }} event */
  #onSubmit = async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const { target, submitter } = event;
    const fields = fieldsOf(target, submitter);
    this.#show(Boolean(fields.get("on")));
    const response = await post(target.action, fields).catch(nothing);
    if (response?.ok) return document.querySelector("library-filters") && this.#tell();
    this.#show(!fields.get("on"));
    toast(say("form.failed"));
  };

  /** The library counts favourites. */
  #tell() {
    document.dispatchEvent(new CustomEvent("fragment:stale"));
  }

  /** @param {boolean} isOn */
  #show(isOn) {
    const button = this.querySelector("button");
    button.ariaPressed = String(isOn);
    button.value = isOn ? "" : "1";
  }
}

customElements.define("favourite-star", FavouriteStar);
