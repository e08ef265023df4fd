// <live-fragment>: fetches its server-rendered content again when the work behind it has something new, and morphs it in.
// data-src is a fragment's address; data-select picks a part of the page itself, or of data-changes, which all cards of the library ask at once; data-any follows all subjects.
// A part of data-changes takes every answer, also one that only a card asked for: cards and counts never disagree.
// What is being typed or played stays.
import { morphChildren, morphElements } from "@hotwired/turbo";
import { fetchDocument, isAborted } from "rollcall/api";
import { cardIn, fetchChanges } from "rollcall/library-changes";
import { Listening } from "rollcall/listening";
import { ENDED, isNews, stateOf } from "rollcall/live-store";

const LEAST_PAUSE_MS = 700;

/** @type {{ url: string; at: number; page: Promise<Document | null> } | null} */
let shared = null;
let heard = 0;

/**
 * Two parts of one page that change at the same moment share one request, unless it was sent before the newest change.
 * @param {string} url
 * @param {AbortSignal} signal
 */
function fetchPage(url, signal) {
  if (shared?.url !== url || shared.at < heard || performance.now() - shared.at > 300)
    shared = { url, at: performance.now(), page: fetchDocument(url) };
  return shared.page.then((page) => (signal.aborted ? null : page));
}

class LiveFragment extends Listening {
  #seen = new Map();
  #last = 0;
  #caughtUp = "";

  connectedCallback() {
    this.listen(document, "live:job", this.#onJob);
    this.listen(document, "fragment:stale", () => this.#plan(0));
    this.listen(document, "live:gone", this.#onGone);
    if (this.#isHead) this.listen(document, "library:answered", ({ detail }) => this.#takeAnswer(detail.page));
    this.#catchUp();
  }

  /**
   * The last state of a deleted object stays on the page: there is nothing left to fetch.
   * @param {OurEvents["live:gone"]} event
   */
  #onGone = ({ detail }) => {
    if (detail.subject === this.closest("[data-subject]")?.dataset.subject) this.disconnectedCallback();
  };

  /** @param {OurEvents["live:job"]} event */
  #onJob = ({ detail: state }) => {
    const isOurs = "any" in this.dataset || state.subject === this.closest("[data-subject]")?.dataset.subject;
    if (!isOurs) return;
    const key = "any" in this.dataset ? `${state.status} ${state.started}` : `${state.status} ${state.revision}`;
    const known = this.#seen.get(state.id) ?? this.#rendered(state, key);
    this.#seen.set(state.id, key);
    if (known !== key) this.#plan(ENDED.includes(state.status) ? 0 : LEAST_PAUSE_MS);
  };

  /**
   * The state that the server rendered. Among what the page is told at first, an ended job that it did not name is old
   * news; later it is one that ended before its begin could be told.
   * @param {JobState} state
   * @param {string} key
   */
  #rendered(state, key) {
    const shown = this.#shown();
    if (shown?.dataset.job === state.id) return `${shown.dataset.status} ${shown.dataset.revision}`;
    return ENDED.includes(state.status) && !isNews() ? key : "";
  }

  /** Whether this stands above the cards of the library. */
  get #isHead() {
    return "changes" in this.dataset && "select" in this.dataset;
  }

  /** @param {Document} page */
  #takeAnswer(page) {
    this.#last = performance.now();
    const fresh = page.querySelector(this.dataset.select);
    if (fresh) this.#morph(/** @type {HTMLElement} */ (fresh));
  }

  #shown() {
    return this.matches("[data-job]") ? this : this.querySelector("[data-job][data-status]");
  }

  /** A job that the server rendered as going on may have ended before we listened, or while the response was on its way. */
  #catchUp() {
    const shown = this.#shown();
    const state = shown && stateOf(shown.dataset.job);
    if (!state || !ENDED.includes(state.status) || ENDED.includes(shown.dataset.status)) return;
    const end = `${state.id} ${state.sequence}`;
    if (this.#caughtUp === end) return;
    this.#caughtUp = end;
    this.#plan(0);
  }

  /** @param {number} pause */
  #plan(pause) {
    heard = performance.now();
    const since = performance.now() - this.#last;
    this.plan(Math.max(0, Math.max(pause, LEAST_PAUSE_MS) - since), () => this.#refresh());
  }

  async #refresh() {
    this.#last = performance.now();
    const signal = this.requestSignal();
    try {
      if (this.#isHead) {
        await fetchChanges(this.dataset.changes);
        return;
      }
      const fresh = await this.#fetch(signal);
      if (signal.aborted) return;
      if (fresh) this.#morph(/** @type {HTMLElement} */ (fresh));
      // A file that was refused, which now lies in the tray, or a video that was deleted while nobody told us.
      else if (this.dataset.card) this.closest("li").remove();
    } catch (error) {
      if (isAborted(error)) return;
      // The next state brings it, or the next attempt.
      this.plan(5000, () => this.#refresh());
    }
  }

  /** @param {AbortSignal} signal */
  async #fetch(signal) {
    const { src, select, changes, card } = this.dataset;
    if (changes) return cardIn(await fetchChanges(changes, card), card);
    if (select) return (await fetchPage(location.href, signal))?.querySelector(select);
    const query = "keepsQuery" in this.dataset ? location.search : "";
    return (await fetchDocument(src + query, signal))?.body.firstElementChild;
  }

  /** @param {HTMLElement} fresh */
  #morph(fresh) {
    const callbacks = { beforeNodeMorphed: mayChange };
    this.dispatchEvent(new CustomEvent("fragment:arrived", { bubbles: true, detail: { fresh } }));
    for (const name of ["job", "status", "revision"])
      if (name in fresh.dataset) this.dataset[name] = fresh.dataset[name];
    const options = { callbacks, ignoreActiveValue: isInField() };
    if (this.dataset.select) morphChildren(this, fresh, options);
    else morphElements(this.firstElementChild, fresh, options);
    this.#catchUp();
    this.dispatchEvent(new CustomEvent("fragment:refreshed", { bubbles: true }));
  }
}

/** What is in a field stays as it is typed; a link or button that has the focus gets its new words. */
export const isInField = () => document.activeElement.matches("input, textarea, select");

/**
 * A name being typed, an open menu and a playing video are left alone; a list that was unfolded is not folded.
 * @param {HTMLElement} current
 * @param {HTMLElement} fresh
 */
export function mayChange(current, fresh) {
  if (current.matches("details[open]") && fresh?.matches?.("details")) {
    if (!("refreshes" in current.dataset)) return leftAlone(current, fresh);
    fresh.setAttribute("open", "");
  }
  if (!current.dataset.keep || current.dataset.keep !== fresh.dataset?.keep) return true;
  return leftAlone(current, fresh);
}

/** @param {HTMLElement} current @param {HTMLElement} fresh */
function leftAlone(current, fresh) {
  for (const part of current.querySelectorAll("[data-follows]")) follow(part, fresh.querySelector(`#${part.id}`));
  return false;
}

/**
 * Inside of what is left alone, some parts still take over new data.
 * @param {Element} part
 * @param {Element | null} fresh
 */
function follow(part, fresh) {
  if (!fresh) return;
  for (const { name, value } of fresh.attributes) part.setAttribute(name, value);
  if (!fresh.hasAttribute("aria-current")) part.removeAttribute("aria-current");
}

customElements.define("live-fragment", LiveFragment);
