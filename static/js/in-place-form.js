// <in-place-form>: sends its form without leaving the page; says what happened, with Undo, and refreshes the page.
import { answerOf, fieldsOf, post, say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { toast } from "rollcall/toasts";

class InPlaceForm extends Listening {
  connectedCallback() {
    this.listen(this, "submit", this.#onSubmit);
  }

  /** @param {SubmitEvent & { readonly target: HTMLFormElement }} event */
  #onSubmit = async (event) => {
    event.preventDefault();
    const result = await answerOf(post(event.target.action, fieldsOf(event.target, event.submitter)));
    toast(result?.toast ?? say("form.failed"), result?.undo);
    document.dispatchEvent(new CustomEvent("fragment:stale"));
  };
}

customElements.define("in-place-form", InPlaceForm);
