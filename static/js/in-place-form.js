// <in-place-form>: sends its form without leaving the page; says what happened, with Undo, and refreshes the page.
import { csrfToken, say } from "rollcall/api";
import { toast } from "rollcall/toasts";

class InPlaceForm extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", this.#onSubmit);
  }

  disconnectedCallback() {
    this.removeEventListener("submit", this.#onSubmit);
  }

  #onSubmit = async (event) => {
    event.preventDefault();
    const form = event.target;
    const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const result = await fetch(form.action, { method: "POST", headers, body })
      .then((response) => response.json())
      .catch(() => null);
    toast(result?.toast ?? say("form.failed"), result?.undo);
    document.dispatchEvent(new CustomEvent("fragment:stale"));
  };
}

customElements.define("in-place-form", InPlaceForm);
