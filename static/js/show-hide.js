// <show-hide>: a tap dims a tile, one button cycles through show all / hide unnamed / hide all; sends only what changed.
import { say } from "rollcall/api";
import { Listening } from "rollcall/listening";

const STEPS = ["hide_unnamed", "hide_all", "show_all"];

class ShowHide extends Listening {
  #step = 0;

  connectedCallback() {
    this.boxes = [...this.querySelectorAll('[name="visible"]')];
    this.cycle = this.querySelector("[data-cycle]");
    this.cycle.hidden = false;
    this.listen(this.cycle, "click", () => this.#next());
    this.listen(this, "change", () => this.#count());
    this.listen(this.querySelector("form"), "submit", () => this.#disableUnchanged());
    this.#count();
  }

  #next() {
    const step = STEPS[this.#step];
    for (const box of this.boxes)
      box.checked = step === "show_all" || (step === "hide_unnamed" && !("unnamed" in box.dataset));
    this.#step = (this.#step + 1) % STEPS.length;
    this.cycle.textContent = say(`hide.${STEPS[this.#step]}`);
    this.#count();
  }

  #changed = () => this.boxes.filter((box) => box.checked !== box.defaultChecked);

  #count() {
    const n = this.#changed().length;
    const words = n && say(n === 1 ? "hide.changed_one" : "hide.changed_many", { n });
    this.querySelector("[data-changed]").textContent = words || "";
  }

  #disableUnchanged() {
    const changed = new Set(this.#changed());
    for (const box of this.boxes)
      if (!changed.has(box)) for (const field of box.closest("label").querySelectorAll("input")) field.disabled = true;
  }
}

customElements.define("show-hide", ShowHide);
