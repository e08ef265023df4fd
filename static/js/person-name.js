// <person-name>: a name given in place, with the team's names to choose from. Works as a plain form without this.
import { csrfToken, say } from "rollcall/api";
import { toast } from "rollcall/toasts";

const WAIT_MS = 120;

class PersonName extends HTMLElement {
  #ended = null;
  #timer = 0;
  #asked = 0;

  connectedCallback() {
    const form = this.querySelector("form");
    if (!form) return;
    this.#ended = new AbortController();
    const { signal } = this.#ended;
    this.details = this.querySelector("details");
    this.input = form.elements.name;
    this.details.addEventListener("toggle", () => this.#toggled(), { signal });
    form.addEventListener("submit", (event) => this.#submit(event), { signal });
    this.input.addEventListener("input", () => this.#typed(), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.addEventListener("focusout", (event) => !this.contains(event.relatedTarget) && this.#leave(), { signal });
    // A refreshed panel brings these back as the server drew them, so they are part of its markup.
    this.list = this.querySelector(".suggestions");
    this.told = this.querySelector("[data-told]");
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.#take(event.target.closest("li"));
    }, { signal });
  }

  disconnectedCallback() {
    this.#ended?.abort();
    clearTimeout(this.#timer);
  }

  #toggled() {
    this.closest(".person-row")?.classList.toggle("is-naming", this.details.open);
    if (!this.details.open) return this.#close();
    this.input.focus();
    this.input.select();
  }

  #leave() {
    this.#close();
    if (this.input.value.trim() === this.input.defaultValue) this.details.open = false;
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#suggest(), WAIT_MS);
  }

  async #suggest() {
    const typed = this.input.value.trim();
    const asked = ++this.#asked;
    if (!typed) return this.#close();
    const response = await fetch(`${this.dataset.suggest}?q=${encodeURIComponent(typed)}`).catch(() => null);
    // Without suggestions a name can still be typed.
    if (!response?.ok || asked !== this.#asked || !this.details.open) return;
    const people = (await response.json()).filter((person) => person.id !== this.dataset.person);
    this.list.replaceChildren(...people.map((person, n) => option(person, `${this.list.id}-${n}`, this.dataset.picture)));
    this.list.hidden = !people.length;
    this.input.setAttribute("aria-expanded", String(people.length > 0));
    this.input.removeAttribute("aria-activedescendant");
    this.told.textContent = people.length ? say("name.suggestions_some", { n: people.length }) : say("name.suggestions_none");
  }

  #close() {
    this.#asked += 1;
    clearTimeout(this.#timer);
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }

  #key(event) {
    if (event.key === "Escape" && this.details.open) {
      event.stopPropagation();
      if (!this.list.hidden) return this.#close();
      this.input.value = this.input.defaultValue;
      this.details.open = false;
      this.details.querySelector("summary").focus();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target !== this.input || this.list.hidden) return;
    event.preventDefault();
    const options = [...this.list.children];
    const now = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
    const next = options.at((now + step + options.length + Number(now < 0 && step < 0)) % options.length);
    for (const each of options) each.setAttribute("aria-selected", String(each === next));
    next.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", next.id);
  }

  #take(chosen) {
    if (!chosen) return;
    this.input.value = chosen.textContent;
    this.querySelector("form").requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    const chosen = !this.list.hidden && this.list.querySelector('[aria-selected="true"]');
    if (chosen) this.input.value = chosen.textContent;
    this.#close();
    this.#send(event.target.action, new URLSearchParams(new FormData(event.target)));
  }

  async #send(url, fields) {
    const headers = { Accept: "application/json", "X-CSRFToken": csrfToken(), "X-Requested-With": "fetch" };
    const response = await fetch(url, { method: "POST", body: fields, headers }).catch(() => null);
    const isQuestion = response?.status === 409 && response.headers.get("Content-Type").startsWith("text/html");
    if (isQuestion) return this.#ask(await response.text());
    const answer = response?.headers.get("Content-Type")?.includes("json") ? await response.json() : null;
    if (!answer) return toast(say("name.failed"));
    if (response.ok) this.details.open = false;
    toast(answer.toast, answer.undo);
    document.dispatchEvent(new CustomEvent("fragment:stale"));
    document.dispatchEvent(new CustomEvent("people:changed"));
  }

  /** "Are these the same person?" with both faces; each answer is a button of its form. */
  #ask(html) {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    dialog.append(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    document.body.append(dialog);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => event.target.closest("[data-close]") && dialog.close());
    dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.#send(event.target.action, new URLSearchParams(new FormData(event.target, event.submitter)));
      dialog.close();
    });
    dialog.showModal();
  }
}

function option(person, id, picture) {
  const entry = document.createElement("li");
  Object.assign(entry, { id });
  entry.setAttribute("role", "option");
  entry.setAttribute("aria-selected", "false");
  if (person.portrait) {
    const face = document.createElement("img");
    Object.assign(face, { className: "face", alt: "", src: picture.replace("00000000-0000-0000-0000-000000000000", person.portrait) });
    entry.append(face);
  }
  entry.append(person.label);
  return entry;
}

customElements.define("person-name", PersonName);
