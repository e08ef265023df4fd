// Completes names while one is typed: a combobox of a text field and a list. Without this it is a plain field.
import { nothing, say } from "rollcall/api";

/**
 * @typedef {{ input: HTMLInputElement; list: HTMLElement; announcer: HTMLElement; data: DOMStringMap;
 *   taken: (name: string) => void; signal: AbortSignal }} Parts
 * @typedef {{ id: string; label: string; portrait: string | null }} Known
 */

const WAIT_MS = 120;
/** @type {Record<string, number>} */
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const NO_FACE = "00000000-0000-0000-0000-000000000000";

export class NameChoices {
  #timer = 0;
  #asked = 0;
  /** @type {HTMLInputElement} */
  #input;
  /** @type {HTMLElement} */
  #list;
  /** @type {HTMLElement} */
  #announcer;
  /** @type {DOMStringMap} */
  #data;
  /** @type {(name: string) => void} */
  #taken;

  /**
   * `data` holds the URLs `suggest` and `picture`, and the `person` to leave out; a choice calls `taken(name)`.
   * @param {Parts} options
   */
  constructor({ input, list, announcer, data, taken, signal }) {
    [this.#input, this.#list, this.#announcer, this.#data, this.#taken] = [input, list, announcer, data, taken];
    input.addEventListener("input", () => this.#typed(), { signal });
    input.addEventListener("keydown", (event) => this.#key(event), { signal });
    input.addEventListener("blur", () => this.close(), { signal });
    list.addEventListener(
      "pointerdown",
      (event) => {
        event.preventDefault();
        this.#take(event.target.closest("li"));
      },
      { signal },
    );
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  close() {
    this.#asked += 1;
    clearTimeout(this.#timer);
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#suggest(), WAIT_MS);
  }

  async #suggest() {
    const typed = this.#input.value.trim();
    const asked = ++this.#asked;
    if (!typed) return this.close();
    const response = await fetch(`${this.#data.suggest}?q=${encodeURIComponent(typed)}`).catch(nothing);
    // Without suggestions a name can still be typed.
    if (!response?.ok || asked !== this.#asked) return;
    /** @type {Known[]} */
    const people = (await response.json()).filter((/** @type {Known} */ person) => person.id !== this.#data.person);
    if (asked !== this.#asked) return;
    this.#list.replaceChildren(
      ...people.map((person, n) => option(person, `${this.#list.id}-${n}`, this.#data.picture)),
    );
    this.#list.hidden = !people.length;
    this.#input.setAttribute("aria-expanded", String(people.length > 0));
    this.#input.removeAttribute("aria-activedescendant");
    this.#announcer.textContent = people.length
      ? say("name.suggestions_some", { n: people.length })
      : say("name.suggestions_none");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      return this.close();
    }
    if (event.key === "Enter" && this.isOpen) {
      const chosen = this.#list.querySelector('[aria-selected="true"]');
      if (chosen) {
        event.preventDefault();
        return this.#take(chosen);
      }
    }
    const step = STEPS[event.key];
    if (!step || !this.isOpen) return;
    event.preventDefault();
    const options = [...this.#list.children];
    const now = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
    const next = options.at((now + step + options.length + Number(now < 0 && step < 0)) % options.length);
    for (const each of options) each.setAttribute("aria-selected", String(each === next));
    next.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", next.id);
  }

  /** @param {HTMLElement} chosen */
  #take(chosen) {
    if (!chosen) return;
    this.#input.value = chosen.textContent;
    this.close();
    this.#taken(this.#input.value);
  }
}

/**
 * @param {Known} person
 * @param {string} id
 * @param {string} picture
 */
function option(person, id, picture) {
  const entry = document.createElement("li");
  Object.assign(entry, { id });
  entry.setAttribute("role", "option");
  entry.setAttribute("aria-selected", "false");
  if (person.portrait) {
    const face = document.createElement("img");
    Object.assign(face, { className: "face", alt: "", src: picture.replace(NO_FACE, person.portrait) });
    entry.append(face);
  }
  entry.append(person.label);
  return entry;
}
