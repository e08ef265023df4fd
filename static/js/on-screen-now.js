// <on-screen-now>: who is to be seen at this moment, beside the player; a click selects, previous and next jump.
import { say } from "rollcall/api";
import { clock } from "rollcall/format";
import { Listening } from "rollcall/listening";

class OnScreenNow extends Listening {
  /** @type {Set<string> | null} */
  #people = null;
  /** @type {OurEvents["people:selected"]["detail"] | null} */
  #selected = null;
  #words = "";

  connectedCallback() {
    this.listen(this, "click", (event) => this.#click(event));
    this.listen(document, "player:time", ({ detail }) => this.#at(detail.time));
    this.listen(document, "people:on-screen", ({ detail }) => this.#show(detail.people));
    this.listen(document, "people:selected", ({ detail }) => this.#select(detail));
    // The server's markup knows neither the moment nor who was selected since.
    this.listen(document, "fragment:refreshed", (event) => event.target.contains(this) && this.#draw());
    this.#draw();
  }

  /** @param {MouseEvent & { readonly target: HTMLElement }} event */
  #click(event) {
    const act = event.target.closest("[data-act]")?.dataset.act;
    if (!act || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const person = event.target.closest("[data-person]")?.dataset.person;
    if (act === "choose") document.dispatchEvent(new CustomEvent("people:choose", { detail: { person } }));
    else document.dispatchEvent(new CustomEvent("people:go", { detail: { step: act === "after" ? 1 : -1 } }));
  }

  /** @param {number} time */
  #at(time) {
    const words = say("panel.on_screen", { time: clock(time) });
    if (words === this.#words) return;
    this.#words = words;
    this.querySelector("[data-now]").textContent = words;
  }

  /** @param {string[]} people */
  #show(people) {
    this.#people = new Set(people);
    this.#draw();
  }

  /** @param {OurEvents["people:selected"]["detail"]} selected */
  #select(selected) {
    this.#selected = selected;
    this.#draw();
  }

  #draw() {
    if (this.#words) this.querySelector("[data-now]").textContent = this.#words;
    const rows = [...this.querySelectorAll(".now-person")];
    for (const row of rows) {
      const { person } = row.dataset;
      if (this.#people) row.hidden = !this.#people.has(person);
      if (this.#selected) row.classList.toggle("is-selected", person === this.#selected.person);
    }
    const nobody = this.querySelector("[data-nobody]");
    if (nobody) nobody.hidden = rows.some((row) => !row.hidden);
    const place = this.querySelector("[data-place]");
    const isHere = rows.some((row) => row.dataset.person === this.#selected?.person);
    const words = isHere && this.#selected.count ? say("panel.place", this.#selected) : "";
    if (place && place.textContent !== words) place.textContent = words;
  }
}

customElements.define("on-screen-now", OnScreenNow);
