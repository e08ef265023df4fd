// <people-panel>: tabs and lanes under the player; a click on a face, bar or line seeks, and the address follows.
// The page stays where it is on every click; only keys bring the row of whom they select into sight.
import { isTyping, say } from "rollcall/api";
import { spoken } from "rollcall/format";
import { Listening } from "rollcall/listening";
import { writeAddress } from "rollcall/panel-address";
import { inside, neighbour, placeAt } from "rollcall/play-order";
import { keptOrder } from "rollcall/row-order";

const LEAST_BETWEEN_MS = 200;
const FOLDED_FACES = 3;
/** @type {Record<string, number>} */
const TAB_STEPS = { ArrowRight: 1, ArrowLeft: -1 };
/** @type {Record<string, number>} */
const PAGE_STEPS = { n: 1, p: -1 };
/** @type {Record<string, number>} */
const ROW_STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** @typedef {import("rollcall/play-order").Span} Span */

class PeoplePanel extends Listening {
  #time = 0;
  #shownAt = 0;
  /** Place of the playing moment as a share of the video, or null before there is one. @type {number | null} */
  #now = null;
  /** @type {Map<string, Span[]>} */
  #spans = new Map();
  /** Whose boxes are in the picture, or null without a player that tells. @type {Set<string> | null} */
  #boxed = null;
  #told = "";
  /** Which appearance of who is selected was told last. */
  #place = 0;

  connectedCallback() {
    this.person = this.dataset.person;
    this.listen(this, "click", (event) => this.#click(event));
    this.listen(this, "keydown", (event) => this.#tabKey(event));
    this.listen(this, "input", (event) => event.target.name === "min" && this.#least(Number(event.target.value)));
    this.listen(this, "submit", (event) => event.target.matches(".least") && event.preventDefault());
    this.listen(document, "keydown", (event) => this.#pageKey(event));
    this.listen(document, "player:time", ({ detail }) => this.#moment(detail));
    this.listen(document, "people:choose", ({ detail }) => this.#choose(detail.person));
    this.listen(document, "people:go", ({ detail }) => this.#go(this.person, detail.step));
    this.listen(document, "people:in-picture", ({ detail }) => this.#inPicture(detail.people));
    this.listen(document, "people:unclear", ({ detail }) => this.#showUnclear(detail.appearance));
    this.listen(document, "fragment:arrived", (event) => event.target.contains(this) && this.#keepOrder(event.detail));
    this.listen(document, "fragment:refreshed", (event) => event.target.contains(this) && this.#renewed());
    this.#read();
    this.#fold();
  }

  /**
   * Rows stay where they are while somebody names people; their order settles at the next load.
   * @param {{ fresh: HTMLElement }} options
   */
  #keepOrder({ fresh }) {
    const list = fresh.querySelector("[data-keeps-order]");
    if (!list) return;
    const shown = [...this.querySelectorAll("[data-keeps-order] > li")].map(({ id }) => id);
    const rows = new Map([...list.children].map((row) => [row.id, row]));
    list.append(...keptOrder(shown, [...rows.keys()]).map((id) => rows.get(id)));
  }

  #renewed() {
    const isNew = this.dataset.analysis !== this.analysis;
    this.#read();
    this.#fold();
    this.#mark();
    this.#tellSelected(); // may have another name since
    if (isNew) document.dispatchEvent(new CustomEvent("people:changed"));
  }

  #read() {
    this.analysis = this.dataset.analysis;
    this.#spans = new Map(
      [...this.querySelectorAll(".person-row")].map((row) => [row.dataset.person, JSON.parse(row.dataset.appearances)]),
    );
  }

  /** @param {number} time */
  #seek(time) {
    document.getElementById("player")?.seek(time);
    writeAddress({ t: String(Math.round(time * 10) / 10) });
  }

  /** @param {MouseEvent & { readonly target: HTMLElement }} event */
  #click(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const page = event.target.closest(".pages a");
    if (page) return this.#turn(page, event);
    const tab = event.target.closest('[role="tab"]');
    // A click anywhere on a row selects its person, except on its links, buttons and fields.
    const row = event.target.closest("a, button, summary, input, form") ? null : event.target.closest(".person-row");
    const act = event.target.closest("[data-act]") ?? row?.querySelector('[data-act="choose"]');
    if (!(tab || act)) return;
    event.preventDefault();
    if (tab) this.#open(tab);
    else this.#act(act, event);
  }

  /** Another page of a long list, without leaving this one. @param {HTMLElement} link @param {MouseEvent} event */
  #turn(link, event) {
    event.preventDefault();
    const wanted = new URLSearchParams(link.getAttribute("href"));
    writeAddress({ page: wanted.get("page"), unclear: wanted.get("unclear") });
    document.dispatchEvent(new CustomEvent("fragment:stale"));
  }

  /** @param {HTMLElement} element @param {MouseEvent & { readonly target: HTMLElement }} event */
  #act(element, event) {
    const person = element.closest("[data-person]")?.dataset.person;
    const time = element.closest("[data-time]")?.dataset.time;
    const act = element.dataset.act;
    if (act === "choose") this.#choose(person, time ? Number(time) : this.#nextOf(person));
    if (act === "seek") this.#seek(Number(time));
    if (act === "before") this.#go(person, -1);
    if (act === "after") this.#go(person, 1);
    if (act === "show-all") this.#least(0);
    if (act === "bar") {
      const bounds = element.querySelector("svg").getBoundingClientRect();
      const at = ((event.clientX - bounds.left) / bounds.width) * Number(this.dataset.duration);
      if (person) this.#choose(person, at);
      else this.#seek(at);
    }
  }

  /** Where a person is seen: nowhere else if it is now, or else at the first appearance. @param {string} person */
  #nextOf(person) {
    const spans = this.#spans.get(person) ?? [];
    const isThere = spans.some(([start, end]) => start <= this.#time && this.#time <= end);
    return isThere || !spans.length ? null : inside(spans[0]);
  }

  /** @param {string} person @param {number} [time] */
  #choose(person, time = null) {
    this.person = person;
    writeAddress({ person });
    if (time !== null) this.#seek(time);
    this.#mark();
    this.#tellSelected();
  }

  #tellSelected() {
    const row = document.getElementById(`person-${this.person}`);
    if (!row) return;
    const spans = this.#spans.get(this.person) ?? [];
    const n = placeAt(spans, this.#time);
    this.#place = n;
    const detail = { person: this.person, name: row.dataset.label, n, count: spans.length };
    document.dispatchEvent(new CustomEvent("people:selected", { detail }));
  }

  /** Unfolds the unclear faces at one that is on this page of them. @param {string} appearance */
  #showUnclear(appearance) {
    const face = document.getElementById(`unclear-${appearance}`);
    if (!face) return;
    this.#open(document.getElementById("tab-people"));
    face.closest("details").open = true;
    face.scrollIntoView({ block: "nearest" });
    face.querySelector("a").focus({ preventScroll: true });
  }

  /** To the previous or next appearance: of one person, or of anybody. @param {string} person @param {number} step */
  #go(person, step) {
    const everybody = () => [...this.#spans.values()].flat().sort(([one], [other]) => one - other);
    const target = neighbour(this.#spans.get(person) ?? everybody(), this.#time, step);
    if (!target) return;
    if (person) this.#choose(person, inside(target));
    else this.#seek(inside(target));
  }

  /** @param {number} step */
  #goToPerson(step) {
    const rows = [...this.querySelectorAll(".person-row:not([hidden])")];
    const place = rows.findIndex(({ dataset }) => dataset.person === this.person);
    const row = rows.at(place < 0 && step < 0 ? -1 : (place + step) % rows.length);
    if (!row) return;
    const isInList = document.activeElement?.closest(".person-row");
    this.#choose(row.dataset.person, this.#nextOf(row.dataset.person));
    row.scrollIntoView({ block: "nearest" });
    if (isInList) row.querySelector(".row-facts").focus({ preventScroll: true });
  }

  /** @param {HTMLElement} tab */
  #open(tab) {
    for (const other of this.querySelectorAll('[role="tab"]')) {
      other.setAttribute("aria-selected", String(other === tab));
      document.getElementById(other.getAttribute("aria-controls")).hidden = other !== tab;
    }
    const axis = document.getElementById("axis");
    if (axis) axis.hidden = tab.id === "tab-details";
    writeAddress({ tab: tab.getAttribute("aria-controls") });
    tab.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent & { readonly target: HTMLElement }} event */
  #tabKey(event) {
    const step = TAB_STEPS[event.key];
    if (!step || !event.target.matches('[role="tab"]')) return;
    const tabs = [...this.querySelectorAll('[role="tab"]')];
    event.preventDefault();
    this.#open(tabs.at((tabs.indexOf(event.target) + step) % tabs.length));
  }

  /** @param {KeyboardEvent & { readonly target: HTMLElement }} event */
  #pageKey(event) {
    if (isTyping(event)) return;
    const key = event.key.toLowerCase();
    const rowStep = event.target.closest?.(".person-row") ? ROW_STEPS[event.key] : undefined;
    const personStep = rowStep ?? (event.shiftKey ? PAGE_STEPS[key] : undefined);
    if (personStep) {
      event.preventDefault();
      this.#goToPerson(personStep);
    } else if (PAGE_STEPS[key]) this.#go(this.person, PAGE_STEPS[key]);
    else if (key === "e" && !event.shiftKey && this.#edit()) event.preventDefault();
  }

  /** Opens the field for the selected person's name. */
  #edit() {
    const row = document.getElementById(`person-${this.person}`);
    const field = row?.querySelector("details.name-edit");
    if (!field) return false;
    this.#open(document.getElementById("tab-people"));
    field.open = true;
    row.scrollIntoView({ block: "nearest" });
    return true;
  }

  /** @param {Moment} options */
  #moment({ time, length, isPlaying }) {
    this.#time = time;
    this.#now = Math.min(1, time / (length || 1));
    const lanes = /** @type {HTMLElement} */ (this.closest(".watch"));
    lanes.style.setProperty("--now", String(this.#now));
    lanes.classList.add("has-now");
    if (isPlaying && performance.now() - this.#shownAt < LEAST_BETWEEN_MS) return;
    this.#shownAt = performance.now();
    this.#mark();
    if (placeAt(this.#spans.get(this.person) ?? [], time) !== this.#place) this.#tellSelected();
  }

  /** @param {string[]} people */
  #inPicture(people) {
    this.#boxed = new Set(people);
    this.#mark();
  }

  /** @param {string} person */
  #isOnScreen(person) {
    if (this.#now === null) return false;
    if (this.#boxed) return this.#boxed.has(person);
    return (this.#spans.get(person) ?? []).some(([start, end]) => start <= this.#time && this.#time <= end);
  }

  #mark() {
    for (const row of this.querySelectorAll(".person-row")) {
      row.classList.toggle("is-on-screen", this.#isOnScreen(row.dataset.person));
      row.classList.toggle("is-selected", row.dataset.person === this.person);
    }
    const people = [...this.#spans.keys()].filter((person) => this.#isOnScreen(person));
    const words = people.join(" ");
    if (this.#now === null || words === this.#told) return;
    this.#told = words;
    document.dispatchEvent(new CustomEvent("people:on-screen", { detail: { people } }));
  }

  /** @param {number} seconds */
  #least(seconds) {
    for (const row of this.querySelectorAll(".person-row")) row.hidden = Number(row.dataset.screenTime) < seconds;
    const slider = this.querySelector('[name="min"]');
    slider.value = String(seconds);
    slider.nextElementSibling.textContent = spoken(seconds);
    writeAddress({ min: String(seconds) });
    this.#fold();
  }

  /** Says how many are on screen too briefly to be shown, with the faces of some. */
  #fold() {
    const note = this.querySelector(".hidden-note[data-brief]");
    const slider = this.querySelector('[name="min"]');
    if (!note || !slider) return;
    const hidden = [...this.querySelectorAll(".person-row[hidden]")];
    note.hidden = !hidden.length;
    const least = spoken(Number(slider.value));
    const words = say(hidden.length === 1 ? "panel.hidden_one" : "panel.hidden_many", { n: hidden.length, least });
    note.querySelector("[data-hidden-words]").textContent = words;
    const faces = hidden.slice(0, FOLDED_FACES).map((row) => row.querySelector(".face").cloneNode(true));
    note.querySelector("[data-hidden-faces]").replaceChildren(...faces);
  }
}

customElements.define("people-panel", PeoplePanel);
