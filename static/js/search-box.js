// <search-box>: the one search of every page. "/" or its button opens a field that shows results while one types; the
// arrow keys choose among them, Enter opens the chosen one or the page of all results. Without this it is a link there.
import { fetchDocument, isAborted, isTyping, say } from "rollcall/api";
import { Listening } from "rollcall/listening";

const WAIT_MS = 150;
/** @type {Record<string, number>} */
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

class SearchBox extends Listening {
  connectedCallback() {
    this.opener = this.querySelector("a");
    this.dialog = this.querySelector("dialog");
    this.input = this.querySelector("input");
    this.list = this.querySelector('[role="listbox"]');
    this.announcer = this.querySelector("[data-announce]");
    this.listen(this.opener, "click", (event) => this.#clicked(event));
    this.listen(document, "keydown", (event) => this.#pageKey(event));
    this.listen(this.input, "input", () => this.plan(WAIT_MS, () => this.#find()));
    this.listen(this.input, "keydown", (event) => this.#key(event));
    this.listen(this.dialog, "click", (event) => event.target === this.dialog && this.dialog.close());
    this.listen(this.querySelector("[data-close]"), "click", () => this.dialog.close());
    this.listen(this.list, "click", () => this.dialog.close());
    this.listen(this.querySelector("form"), "submit", () => this.dialog.close());
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#open();
  }

  /** @param {KeyboardEvent & { readonly target: HTMLElement }} event */
  #pageKey(event) {
    if (event.key !== "/" || isTyping(event)) return;
    event.preventDefault();
    this.#open();
  }

  #open() {
    const field = /** @type {HTMLInputElement} */ (document.querySelector("[data-search-field]"));
    if (!field) this.dialog.showModal();
    (field ?? this.input).focus();
    (field ?? this.input).select();
  }

  async #find() {
    const typed = this.input.value.trim();
    const signal = this.requestSignal();
    if (!typed) return this.#show(null);
    try {
      const found = await fetchDocument(`${this.dataset.options}?q=${encodeURIComponent(typed)}`, signal);
      this.#show(found?.querySelector(".search-found"));
    } catch (error) {
      // Enter still leads to the page of results.
      if (!isAborted(error)) this.#show(null);
    }
  }

  /** @param {HTMLElement | null} found */
  #show(found) {
    const n = Number(found?.dataset.count ?? 0);
    this.list.replaceChildren(...(found?.children ?? []));
    for (const [place, option] of this.#options().entries()) {
      option.id = `search-option-${place}`;
      option.tabIndex = -1;
      option.setAttribute("aria-selected", "false");
    }
    this.list.hidden = !n;
    this.input.setAttribute("aria-expanded", String(n > 0));
    this.input.removeAttribute("aria-activedescendant");
    this.announcer.textContent = found ? say(n ? "search.some" : "search.none", { n }) : "";
  }

  /** @returns {HTMLElement[]} */
  #options = () => [...this.list.querySelectorAll('[role="option"]')];

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") {
      // A search field would only be emptied.
      event.preventDefault();
      this.dialog.close();
      return this.input.blur(); // else a "/" right behind is taken for typed into the field that is gone
    }
    const options = this.#options();
    const now = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "Enter" && now >= 0 && !event.isComposing) {
      event.preventDefault();
      return options[now].click();
    }
    const step = STEPS[event.key];
    if (!step || !options.length || event.isComposing) return;
    event.preventDefault();
    const next = options.at((now + step + options.length + Number(now < 0 && step < 0)) % options.length);
    for (const each of options) each.setAttribute("aria-selected", String(each === next));
    next.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", next.id);
  }
}

customElements.define("search-box", SearchBox);
