// <in-place-form>: sends its form without leaving the page; says what happened, with Undo, and refreshes the page.
// A question back is a page of its own.
import { answerOf, fieldsOf, nothing, post, say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { toast } from "rollcall/toasts";

class InPlaceForm extends Listening {
  #isLeaving = false;

  connectedCallback() {
    this.listen(this, "submit", this.#onSubmit);
  }

  /** @param {SubmitEvent & { readonly target: HTMLFormElement }} event */
  #onSubmit = async (event) => {
    if (this.#isLeaving) return;
    event.preventDefault();
    const { target, submitter } = event;
    const response = await post(target.action, fieldsOf(target, submitter)).catch(nothing);
    if (response?.headers.get("Content-Type")?.startsWith("text/html")) {
      this.#isLeaving = true;
      return target.requestSubmit(submitter);
    }
    const result = response && (await answerOf(Promise.resolve(response)));
    toast(result?.toast ?? say("form.failed"), result?.undo);
    document.dispatchEvent(new CustomEvent("fragment:stale"));
  };
}

customElements.define("in-place-form", InPlaceForm);
