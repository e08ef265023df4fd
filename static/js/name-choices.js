// Completes names while one is typed: a combobox of a text field and a list. Without this it is a plain field.
import { fetchJson, newElement, nothing, say } from "rollcall/api";
import { listenUntil } from "rollcall/listening";

/**
 * @typedef {{ input: HTMLInputElement; taken: (name: string) => void; signal: AbortSignal }} Parts
 * @typedef {{ id: string; label: string; portrait: string | null; note: string }} Known
 */

const WAIT_MS = 120;
/** @type {Record<string, number>} */
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const NO_FACE = "00000000-0000-0000-0000-000000000000";

export class NameChoices {
  #timer = 0;
  #asked = 0;
  #input;
  #list;
  #announcer;
  #data;
  #taken;

  /**
   * `host` holds the list and, as data, the URLs `suggest` and `picture` and the `person` to leave out; a choice calls
   * `taken(name)`.
   * @param {HTMLElement} host
   * @param {Parts} more
   */
  constructor(host, { input, taken, signal }) {
    this.#input = input;
    this.#list = host.querySelector(".suggestions");
    this.#announcer = host.querySelector("[data-announce]");
    this.#data = host.dataset;
    this.#taken = taken;
    const listen = listenUntil(signal);
    listen(input, "input", () => this.#typed());
    listen(input, "keydown", (event) => this.#key(event));
    listen(input, "blur", () => this.close());
    listen(this.#list, "pointerdown", (event) => {
      event.preventDefault();
      this.#take(event.target.closest("li"));
    });
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
    /** @type {Known[] | null} */
    const known = await fetchJson(`${this.#data.suggest}?q=${encodeURIComponent(typed)}`).catch(nothing);
    // Without suggestions a name can still be typed.
    if (!known || asked !== this.#asked) return;
    const people = known.filter((person) => person.id !== this.#data.person);
    this.#list.replaceChildren(
      ...people.map((person, n) => option(person, `${this.#list.id}-${n}`, this.#data.picture)),
    );
    this.#list.hidden = !people.length;
    this.#input.setAttribute("aria-expanded", String(people.length > 0));
    this.#input.removeAttribute("aria-activedescendant");
    const words = [say("name.suggestions_none"), say("name.suggestions_one")];
    this.#announcer.textContent = words[people.length] ?? say("name.suggestions_some", { n: people.length });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      return this.close();
    }
    const chosen = this.#list.querySelector('[aria-selected="true"]');
    if (event.key === "Enter" && this.isOpen && chosen) {
      event.preventDefault();
      return this.#take(chosen);
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
    this.#input.value = chosen.dataset.name;
    this.close();
    this.#taken(this.#input.value);
  }
}

/** @param {Known} person @param {string} id @param {string} picture */
function option({ portrait, label, note }, id, picture) {
  const face = portrait && newElement("img", { className: "face", alt: "", src: picture.replace(NO_FACE, portrait) });
  const small = note && newElement("small", { className: "muted", textContent: note });
  const made = newElement("li", { id, role: "option", ariaSelected: "false" }, face ?? "", label, small ?? "");
  made.dataset.name = label;
  return made;
}
