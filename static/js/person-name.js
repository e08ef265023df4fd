// <person-name>: names a person in place and suggests the team's names. Without this it is a plain form.
import { fieldsOf, newElement, nothing, post, say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { NameChoices } from "rollcall/name-choices";
import { toast } from "rollcall/toasts";

class PersonName extends Listening {
  /** @type {import("rollcall/name-choices").NameChoices | null} */
  #choices = null;

  connectedCallback() {
    const form = this.querySelector("form");
    if (!form) return;
    const { signal } = this;
    this.details = this.querySelector("details");
    this.input = form.elements.name;
    this.listen(this.details, "toggle", () => this.#toggled());
    this.listen(this.details.querySelector("summary"), "click", (event) => this.#open(event));
    this.listen(form, "submit", (event) => this.#submit(event));
    this.listen(this, "keydown", (event) => this.#key(event));
    this.listen(
      this,
      "focusout",
      (event) => !this.contains(/** @type {Node | null} */ (event.relatedTarget)) && this.#leave(),
    );
    // Safari gives buttons no focus, so that pressing one would count as leaving.
    this.listen(this, "mousedown", (event) => event.target.closest(".name-people") && event.preventDefault());
    // The list is in the server's markup, because a refreshed panel would lose what is added here.
    this.#choices = new NameChoices(this, { input: this.input, taken: () => form.requestSubmit(), signal });
  }

  /** Focuses at once: "toggle" comes later, and what is typed until then would be lost. @param {Event} event */
  #open(event) {
    if (this.details.open) return;
    event.preventDefault();
    this.details.open = true;
    this.#enter();
  }

  #enter() {
    this.input.focus();
    this.input.select();
  }

  #toggled() {
    this.closest(".person-row")?.classList.toggle("is-naming", this.details.open);
    if (!this.details.open) return this.#choices.close();
    // Selecting again would let the next letter replace those typed already.
    if (document.activeElement !== this.input) this.#enter();
  }

  #leave() {
    this.#choices.close();
    if (this.input.value.trim() === this.input.defaultValue) this.details.open = false;
  }

  /** @param {KeyboardEvent & { readonly target: HTMLElement }} event */
  #key(event) {
    if (event.key !== "Escape" || !this.details.open) return;
    event.stopPropagation();
    this.input.value = this.input.defaultValue;
    this.#close();
  }

  /** The name takes the focus that its field had. */
  #close() {
    const hadFocus = this.contains(document.activeElement);
    this.details.open = false;
    if (hadFocus) this.details.querySelector("summary").focus();
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    this.#choices.close();
    const form = /** @type {HTMLFormElement} */ (event.target);
    this.#send(form.action, fieldsOf(form, event.submitter));
  }

  /** @param {string} url @param {URLSearchParams} fields */
  async #send(url, fields) {
    const response = await post(url, fields, { headers: { "X-Requested-With": "fetch" } }).catch(nothing);
    const isQuestion = response?.status === 409 && response.headers.get("Content-Type").startsWith("text/html");
    if (isQuestion) return this.#ask(await response.text());
    const answer = response?.headers.get("Content-Type")?.includes("json") ? await response.json() : null;
    if (!answer) return toast(say("name.failed"));
    // Closes on an edit conflict too, to show the name that somebody else gave.
    if (response.ok || response.status === 409) this.#close();
    toast(answer.toast, answer.undo, answer.link);
    document.dispatchEvent(new CustomEvent("fragment:stale"));
    document.dispatchEvent(new CustomEvent("people:changed"));
  }

  /** Shows the question "Are these the same person?", whose answers are buttons of its form. @param {string} html */
  #ask(html) {
    const question = new DOMParser().parseFromString(html, "text/html").body.childNodes;
    const dialog = newElement("dialog", { className: "dialog" }, ...question);
    document.body.append(dialog);
    dialog.addEventListener("close", () => dialog.remove());
    for (const close of dialog.querySelectorAll("[data-close]")) close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      const form = /** @type {HTMLFormElement} */ (event.target);
      this.#send(form.action, fieldsOf(form, event.submitter));
      dialog.close();
    });
    dialog.showModal();
  }
}

customElements.define("person-name", PersonName);
