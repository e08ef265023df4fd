// <people-choice>: finds people to filter by while one types, and everybody, page by page. Who is ticked stays.
import { fetchDocument, nothing } from "rollcall/api";
import { Listening } from "rollcall/listening";

const PAUSE_MS = 150;

class PeopleChoice extends Listening {
  connectedCallback() {
    const field = this.querySelector("[name=who]");
    this.listen(field, "input", () => this.plan(PAUSE_MS, () => this.#find(1)));
    // The field finds people; the form is sent by a choice.
    this.listen(field, "keydown", (event) => event.key === "Enter" && event.preventDefault());
    this.listen(this, "click", (event) => {
      const more = event.target.closest("[data-number]");
      if (more) this.#find(Number(more.dataset.number));
    });
  }

  /** @param {number} number */
  async #find(number) {
    const who = this.querySelector("[name=who]").value;
    const query = new URLSearchParams({ who, number: String(number) });
    for (const label of this.#ticked()) query.append("person", label.querySelector("input").value);
    const found = await fetchDocument(`${this.dataset.src}?${query}`, this.requestSignal()).catch(nothing);
    const fresh = found?.body.firstElementChild;
    if (!fresh) return;
    const list = this.querySelector("[data-choices]");
    const fitting = [...document.adoptNode(fresh).children];
    if (number > 1) {
      this.querySelector("[data-number]").remove();
      list.append(...fitting);
      fitting[0]?.querySelector("input")?.focus();
    } else list.replaceChildren(...this.#ticked(), ...fitting);
  }

  #ticked = () => [...this.querySelectorAll("[data-choices] label")].filter((label) => label.querySelector(":checked"));
}

customElements.define("people-choice", PeopleChoice);
