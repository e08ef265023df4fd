// <toast-list>: what just happened, with Undo. Plain forms work too; here notes also come without a page load.
// Where there is a player they lie at the top of its picture: elsewhere they would cover the people who are being named.
import { announce } from "rollcall/announcements";
import { answerOf, icon, newElement, post, say } from "rollcall/api";
import { Listening } from "rollcall/listening";

const SHOWN_MS = 8_000;
const SHOWN_WITH_UNDO_MS = 20_000;
const MOST = 2;
/** On a small picture, under which somebody works. */
const MOST_ON_PLAYER = 1;

export class ToastList extends Listening {
  connectedCallback() {
    this.listen(document, "click", this.#onClick);
    for (const note of document.querySelectorAll(".toast-note")) {
      this.#place.append(note);
      this.#arm(note);
      announce(note.querySelector("p").textContent.trim()); // a region that comes with its words is not spoken
    }
  }

  /** @param {MouseEvent & { readonly target: HTMLElement }} event */
  #onClick = (event) => event.target.closest(".toast-note [data-close]")?.closest(".toast-note").remove();

  /** @returns {HTMLElement} */
  get #place() {
    return document.querySelector(".player-toasts") ?? this;
  }

  /**
   * `undo` is {url, fields}, or {run} for pages that undo by themselves, or null.
   * @param {string} text
   * @param {Undo | null} undo
   * @param {{ url: string; words: string } | null} [link] shown behind the text
   */
  show(text, undo, link = null) {
    const note = newElement("div", { className: "toast-note" }, newElement("p", {}, text));
    if (link) note.firstElementChild.append(" ", newElement("a", { href: link.url }, link.words));
    const close = newElement("button", { type: "button", ariaLabel: say("close") }, icon("close"));
    close.dataset.close = "";
    note.append(newElement("div", { className: "toast-acts" }, undo ? this.#undoButton(note, undo) : "", close));
    const place = this.#place;
    place.append(note);
    while (place.children.length > (place === this ? MOST : MOST_ON_PLAYER)) place.firstElementChild.remove();
    this.#arm(note);
  }

  /** @param {HTMLElement} note @param {Undo | null} undo */
  #undoButton(note, undo) {
    const button = newElement("button", { type: "button", className: "undo" }, say("undo"));
    button.addEventListener("click", async () => {
      note.remove();
      if (undo.run) return undo.run();
      const result = await answerOf(post(undo.url, undo.fields));
      this.show(result?.toast ?? say("undo.failed"), null);
      document.dispatchEvent(new CustomEvent("fragment:stale"));
      document.dispatchEvent(new CustomEvent("people:changed"));
    });
    return button;
  }

  // A note waits as long as somebody points at it or is inside with the keyboard.
  /** @param {HTMLElement} note */
  #arm(note) {
    note.querySelector("[data-close]").hidden = false;
    const lasts = note.querySelector(".undo") ? SHOWN_WITH_UNDO_MS : SHOWN_MS;
    const leave = () => (note.matches(":hover, :focus-within") ? setTimeout(leave, 2_000) : note.remove());
    setTimeout(leave, lasts);
  }
}

customElements.define("toast-list", ToastList);

/** @param {string} text @param {Undo | null} [undo] @param {{ url: string; words: string } | null} [link] */
export const toast = (text, undo = null, link = null) => document.querySelector("toast-list").show(text, undo, link);
