// <in-place-form>: sends its form without leaving the page; says what happened, with Undo, and refreshes the page.
import { csrfToken, fieldsOf, nothing, say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { toast } from "rollcall/toasts";

class InPlaceForm extends Listening {
  connectedCallback() {
    this.addEventListener("submit", this.#onSubmit, { signal: this.signal });
  }

  /** @param {SubmitEvent & { readonly target: HTMLFormElement }} event */
  #onSubmit = async (event) => {
    event.preventDefault();
    const form = event.target;
    const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
    const body = fieldsOf(form, event.submitter);
    const result = await fetch(form.action, { method: "POST", headers, body })
      .then((response) => response.json())
      .catch(nothing);
    toast(result?.toast ?? say("form.failed"), result?.undo);
    document.dispatchEvent(new CustomEvent("fragment:stale"));
  };
}

customElements.define("in-place-form", InPlaceForm);
