// <library-filters>: a choice among the filters applies at once, and the address keeps up; menus stay open, and fields keep what is typed.
import { morphElements } from "@hotwired/turbo";
import { fetchDocument, fieldsOf, isAborted } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { isInField, mayChange } from "rollcall/live-fragment";

const PAUSE_MS = 250;
/** @type {Record<string, string>} What the address need not say. */
const DEFAULTS = { sort: "newest", match: "all", labelled: "all" };
const PARTS = ["#library-actions", "#filters", "#found"];

class LibraryFilters extends Listening {
  connectedCallback() {
    this.listen(this, "input", (event) => event.target.matches("[name=q]") && this.#soon(event.target, PAUSE_MS));
    this.listen(
      this,
      "change",
      (event) => !event.target.matches("[name=who], [name=q]") && this.#soon(event.target, 0),
    );
    this.listen(this, "submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.#apply(event.target);
    });
  }

  /** @param {HTMLInputElement} field @param {number} pauseMs */
  #soon(field, pauseMs) {
    const { form } = field;
    if (form && !("submits" in field.dataset)) this.plan(pauseMs, () => this.#apply(form));
  }

  /** @param {HTMLFormElement} form */
  async #apply(form) {
    const query = fieldsOf(form);
    for (const [name, value] of [...query])
      if (!value || name === "who" || DEFAULTS[name] === value) query.delete(name);
    const words = query.toString();
    const address = words ? `?${words}` : location.pathname;
    try {
      const fresh = await fetchDocument(address, this.requestSignal());
      if (!fresh) return;
      // The state belongs to Turbo, which needs it for going back.
      history.replaceState(history.state, "", address);
      this.#show(fresh);
    } catch (error) {
      // Without a connection the page that says so is the browser's own.
      if (!isAborted(error)) location.assign(address);
    }
  }

  /** @param {Document} fresh */
  #show(fresh) {
    for (const part of PARTS) {
      const found = fresh.querySelector(part);
      if (found)
        morphElements(document.querySelector(part), found, {
          callbacks: { beforeNodeMorphed: mayChange },
          ignoreActiveValue: isInField(),
        });
    }
    this.dispatchEvent(new CustomEvent("fragment:refreshed", { bubbles: true }));
  }
}

customElements.define("library-filters", LibraryFilters);
