// <people-panel>: tabs, rows and lanes beside the player; a click on a face, bar or line seeks, and the address follows.
import { isTyping, say } from "rollcall/api";
import { spoken } from "rollcall/format";
import { Listening } from "rollcall/listening";
import { writeAddress } from "rollcall/panel-address";

const LEAST_BETWEEN_MS = 200;
/** @type {Record<string, number>} */
const TAB_STEPS = { ArrowRight: 1, ArrowLeft: -1 };
/** @type {Record<string, number>} */
const PAGE_STEPS = { n: 1, p: -1 };
const SEEK_EDGE_S = 0.05;

class PeoplePanel extends Listening {
  #time = 0;
  #shownAt = 0;
  /** Place of the playing moment, empty before there is one. */
  #now = "";
  /** @type {Map<string, [start: number, end: number][]>} */
  #spans = new Map();
  /** Whose boxes are in the picture, or null without a player that tells. @type {Set<string> | null} */
  #boxed = null;

  connectedCallback() {
    this.person = this.dataset.person;
    this.listen(this, "click", (event) => this.#click(event));
    this.listen(this, "keydown", (event) => this.#tabKey(event));
    this.listen(this, "input", (event) => event.target.name === "min" && this.#least(Number(event.target.value)));
    this.listen(this, "submit", (event) => event.target.matches(".panel-foot") && event.preventDefault());
    this.listen(document, "keydown", (event) => this.#pageKey(event));
    this.listen(document, "player:time", ({ detail }) => this.#moment(detail));
    this.listen(document, "people:choose", ({ detail }) => this.#choose(detail.person));
    this.listen(document, "people:in-picture", ({ detail }) => this.#inPicture(detail.people));
    this.listen(document, "people:unclear", ({ detail }) => this.#showUnclear(detail.appearance));
    this.listen(document, "fragment:refreshed", (event) => event.target.contains(this) && this.#renewed());
    this.#read();
  }

  #renewed() {
    const isNew = this.dataset.analysis !== this.analysis;
    // What the server sends knows no playing moment.
    if (this.#now) this.#drawNow();
    this.#read();
    this.#mark();
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
    const tab = event.target.closest('[role="tab"]');
    // A click anywhere on a row selects its person, except on its links, buttons and fields.
    const row = event.target.closest("a, button, summary, input, form") ? null : event.target.closest(".person-row");
    const act = event.target.closest("[data-act]") ?? row?.querySelector('[data-act="choose"]');
    if (event.ctrlKey || event.metaKey || event.shiftKey || !(tab || act)) return;
    event.preventDefault();
    if (tab) this.#open(tab);
    else this.#act(act, event);
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
      const bounds = element.getBoundingClientRect();
      this.#choose(person, ((event.clientX - bounds.left) / bounds.width) * Number(this.dataset.duration));
    }
  }

  /** Returns the appearance at the current time, or else the first. @param {string} person */
  #nextOf(person) {
    const spans = this.#spans.get(person) ?? [];
    return spans.some(([start, end]) => start <= this.#time && this.#time <= end) ? null : (spans[0]?.[0] ?? null);
  }

  /** @param {string} person @param {number} [time] */
  #choose(person, time = null) {
    this.person = person;
    writeAddress({ person });
    if (time !== null) this.#seek(time);
    this.#mark();
    // Scrolls only if the row is out of sight, and only within the panel.
    const row = this.querySelector(`[role="tabpanel"]:not([hidden]) [data-person="${CSS.escape(person)}"]`);
    row?.scrollIntoView({ block: "nearest" });
    document.dispatchEvent(new CustomEvent("people:selected", { detail: { person } }));
  }

  /** Unfolds the unclear faces at one that is on this page of them. @param {string} appearance */
  #showUnclear(appearance) {
    const face = document.getElementById(`unclear-${appearance}`);
    if (!face) return;
    this.#open(document.getElementById("tab-people"));
    face.closest("details").open = true;
    face.scrollIntoView({ block: "nearest" });
    face.querySelector("a").focus();
  }

  /** @param {string} person @param {number} step */
  #go(person, step) {
    const spans = this.#spans.get(person) ?? [];
    const target =
      step > 0
        ? (spans.find(([start]) => start > this.#time + SEEK_EDGE_S) ?? spans[0])
        : (spans.findLast(([start]) => start < this.#time - 1) ?? spans.at(-1));
    if (target) this.#choose(person, target[0]);
  }

  /** @param {HTMLElement} tab */
  #open(tab) {
    for (const other of this.querySelectorAll('[role="tab"]')) {
      other.setAttribute("aria-selected", String(other === tab));
      document.getElementById(other.getAttribute("aria-controls")).hidden = other !== tab;
    }
    writeAddress({ tab: tab.getAttribute("aria-controls") });
    tab.focus();
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
    const step = PAGE_STEPS[event.key];
    if (step && this.person && !isTyping(event)) this.#go(this.person, step);
  }

  /** @param {Moment} options */
  #moment({ time, length, isPlaying }) {
    this.#time = time;
    this.#now = `${Math.min(100, (100 * time) / (length || 1))}%`;
    this.#drawNow();
    if (isPlaying && performance.now() - this.#shownAt < LEAST_BETWEEN_MS) return;
    this.#shownAt = performance.now();
    this.#mark();
  }

  #drawNow() {
    this.style.setProperty("--now", this.#now);
    this.classList.add("has-now");
  }

  /** @param {string[]} people */
  #inPicture(people) {
    this.#boxed = new Set(people);
    this.#mark();
  }

  /** @param {string} person */
  #isOnScreen(person) {
    if (this.#boxed) return this.#boxed.has(person);
    return (this.#spans.get(person) ?? []).some(([start, end]) => start <= this.#time && this.#time <= end);
  }

  #mark() {
    for (const element of this.querySelectorAll("[data-person][data-screen-time]")) {
      const { person } = element.dataset;
      const spans = this.#spans.get(person) ?? [];
      element.classList.toggle("is-on-screen", this.classList.contains("has-now") && this.#isOnScreen(person));
      element.classList.toggle("is-selected", person === this.person);
      if (element.matches(".strip li"))
        element.firstElementChild.toggleAttribute("aria-current", person === this.person);
      const place = element.querySelector("[data-place]");
      if (place && person === this.person) {
        const n = Math.max(1, spans.filter(([start]) => start <= this.#time + SEEK_EDGE_S).length);
        place.textContent = say("panel.place", { n, count: spans.length });
      }
    }
  }

  /** @param {number} seconds */
  #least(seconds) {
    let hidden = 0;
    for (const element of this.querySelectorAll("[data-person][data-screen-time]")) {
      element.hidden = Number(element.dataset.screenTime) < seconds;
      hidden += Number(element.hidden && element.matches(".person-row"));
    }
    const slider = this.querySelector('[name="min"]');
    slider.value = String(seconds);
    slider.nextElementSibling.textContent = spoken(seconds);
    const note = this.querySelector(".hidden-note");
    note.hidden = !hidden;
    const words = say(hidden === 1 ? "panel.hidden_one" : "panel.hidden_many", { n: hidden, least: spoken(seconds) });
    note.querySelector("[data-hidden-words]").textContent = words;
    writeAddress({ min: String(seconds) });
  }
}

customElements.define("people-panel", PeoplePanel);
