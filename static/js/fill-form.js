// <fill-form>: counts on the server what a choice will add, and searches more people and videos.
import { morphChildren } from "@hotwired/turbo";
import { fetchDocument, nothing, queryOf } from "rollcall/api";
import { Listening } from "rollcall/listening";

const PAUSE_MS = 250;
const PARTS = ["#expected", "#people-choices", "#video-choices", "#numbers"];

class FillForm extends Listening {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.listen(this, "input", () => this.#soon());
    // A browser that comes back to the page keeps its ticks; the count has to match them.
    if (this.form.querySelector(":checked")) this.#soon();
  }

  #soon() {
    this.plan(PAUSE_MS, () => this.#ask());
  }

  async #ask() {
    const address = `${location.pathname}?${queryOf(this.form)}`;
    const fresh = await fetchDocument(address, this.requestSignal()).catch(nothing);
    if (!fresh || !this.isConnected) return;
    // A reload keeps the choices.
    history.replaceState(history.state, "", address);
    // Another choice needs other fields: people appear or disappear.
    if (this.#shape(fresh) !== this.#shape(document)) this.#take("form", fresh);
    else for (const part of PARTS) this.#take(part, fresh);
  }

  /** @param {ParentNode} page */
  #shape = (page) =>
    [...page.querySelectorAll("fill-form fieldset, fill-form #numbers input")]
      .map((part) => part.name || part.querySelector("[name]")?.name)
      .join();

  /** @param {string} selector @param {Document} fresh */
  #take(selector, fresh) {
    const [here, there] = [this.querySelector(selector), fresh.querySelector(`fill-form ${selector}`)];
    if (here && there) morphChildren(here, there, { ignoreActiveValue: true });
  }
}

customElements.define("fill-form", FillForm);
