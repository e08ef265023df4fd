// <choose-faces>: counts the selected appearances, enables what can be done with that many, and completes names.
import { say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { NameChoices } from "rollcall/name-choices";

/** @param {number} n */
function words(n) {
  if (!n) return say("faces.chosen_none");
  return n === 1 ? say("faces.chosen_one") : say("faces.chosen_many", { n });
}

class ChooseFaces extends Listening {
  /** @type {HTMLElement | null} */
  #named = null;

  connectedCallback() {
    this.listen(this, "change", this.#onChange);
    this.listen(document, "fragment:refreshed", () => this.#count());
    this.#count();
  }

  /** A track that shows somebody again after a gap is moved as one. @param {Event & { target: HTMLInputElement }} event */
  #onChange = ({ target }) => {
    if (target.name === "track")
      for (const box of this.#boxes()) if (box.value === target.value) box.checked = target.checked;
    this.#count();
  };

  /** @returns {HTMLInputElement[]} */
  #boxes() {
    return [...this.querySelectorAll('[name="track"]')];
  }

  #count() {
    const bar = this.querySelector("[data-bar]");
    if (!bar) return;
    this.#suggest(bar.querySelector(".name-field"));
    const chosen = this.#boxes().filter((box) => box.checked);
    const n = new Set(chosen.map((box) => box.value)).size;
    bar.classList.toggle("is-idle", !n);
    bar.querySelector("[data-chosen]").textContent = words(n);
    for (const button of bar.querySelectorAll("button")) button.disabled = !n || ("forOne" in button.dataset && n > 1);
    // Nobody can be recognised in these; where somebody can, say who it is.
    bar.querySelector("[data-for-unclear]").hidden = !n || !chosen.every((each) => each.closest("[data-unclear]"));
  }

  /** Once for each field: a refreshed fragment may have replaced the bar. @param {HTMLElement} field */
  #suggest(field) {
    if (!field || field === this.#named) return;
    this.#named = field;
    const input = field.querySelector("input");
    // A choice only fills in the name: the buttons decide what to do with the selected appearances.
    new NameChoices(field, { input, taken: () => input.focus(), signal: this.signal });
  }
}

customElements.define("choose-faces", ChooseFaces);
