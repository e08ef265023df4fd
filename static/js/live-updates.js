// <live-updates>: one websocket for what the page is about; polls slowly while the socket does not get through.
import { fetchJson, isAborted, newElement, say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { cut, offer, remove, upToDate } from "rollcall/live-store";

/** The server's code for too many open pages. */
const TOO_MANY = 4429;
const LONGEST_PAUSE_MS = 30_000;
const POLL_MS = 8_000;
const HINT_AFTER_MS = 6_000;

class LiveUpdates extends Listening {
  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  #isOneTooMany = false;
  /** @type {{ again?: number; hint?: number; poll?: number; stale?: number }} */
  #timers = {};

  connectedCallback() {
    upToDate(false);
    this.listen(window, "online", () => this.#connect());
    this.listen(document, "visibilitychange", () => document.visibilityState === "visible" && this.#connect());
    this.#connect();
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
    this.#leave();
    this.#hint("");
  }

  /** A socket that is closed while it connects is a warning in the console, so it is closed once it is open. */
  #leave() {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = null;
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
    else socket.close();
  }

  #connect() {
    if (this.#socket) return;
    clearTimeout(this.#timers.again);
    const url = new URL(this.dataset.socket, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => this.#restored();
    socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    socket.onclose = ({ code }) => socket === this.#socket && this.#lost(code === TOO_MANY);
  }

  /** @param {any} message */
  #take(message) {
    if (this.#isOneTooMany) this.#found();
    if (message.type === "job") offer(message);
    if (message.type === "gone") remove(message.subject);
    if (message.type === "samples") document.dispatchEvent(new CustomEvent("live:samples", { detail: message }));
    // After a lost connection nobody knows what was missed.
    if (message.type === "snapshot_end") {
      cut(message.is_cut);
      upToDate(true);
      document.dispatchEvent(new CustomEvent("live:samples", { detail: { numbers: [] } }));
    }
    const isOfPeople = message.type === "people"; // Named or merged, perhaps in another tab.
    if (isOfPeople || message.type === "stale") {
      // After a gap all pages fetch anew: each at a moment of its own, so that the server is not met by all at once.
      const pause = (message.within_s ?? 0) * 1000 * Math.random();
      if (pause) this.#timers.stale = setTimeout(() => this.#stale(), pause);
      else this.#stale();
    }
    if (isOfPeople) document.dispatchEvent(new CustomEvent("people:changed"));
  }

  #stale() {
    document.dispatchEvent(new CustomEvent("fragment:stale"));
  }

  #restored() {
    this.#attempt = 0;
    if (!this.#isOneTooMany) this.#found(); // else it may be closed at once again
  }

  #found() {
    this.#isOneTooMany = false;
    clearTimeout(this.#timers.poll);
    this.#hint("");
  }

  /** @param {boolean} isOneTooMany Open, but closed at once: it asks like one that does not get through. */
  #lost(isOneTooMany) {
    this.#socket = null;
    if (isOneTooMany) return this.#waitForPlace();
    // Jitter, so that a restarted server is not met by all pages at once.
    const pause = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** this.#attempt) * (0.6 + Math.random() * 0.8);
    this.#attempt += 1;
    this.#timers.again = setTimeout(() => document.visibilityState === "visible" && this.#connect(), pause);
    if (this.#attempt === 2) {
      this.#timers.hint = setTimeout(() => this.#hint(say("live.lost")), HINT_AFTER_MS);
      this.#poll();
    }
  }

  #waitForPlace() {
    if (!this.#isOneTooMany) this.#hint(say("live.too_many"));
    this.#isOneTooMany = true;
    this.#timers.again = setTimeout(() => document.visibilityState === "visible" && this.#connect(), LONGEST_PAUSE_MS);
    this.#poll();
  }

  async #poll() {
    clearTimeout(this.#timers.poll);
    if ((this.#socket?.readyState === WebSocket.OPEN && !this.#isOneTooMany) || this.signal.aborted) return;
    try {
      const answer = await fetchJson(this.dataset.poll, this.signal);
      cut(answer.is_cut);
      for (const state of answer.jobs) offer(state);
      upToDate(true);
      if (!this.#isOneTooMany) this.#hint("");
    } catch (error) {
      if (isAborted(error)) return;
      // The network is away: the next round tries again, and the hint says so.
    }
    this.#timers.poll = setTimeout(() => this.#poll(), POLL_MS);
  }

  /** @param {string} words Empty for none. */
  #hint(words) {
    clearTimeout(this.#timers.hint);
    this.replaceChildren();
    if (words) this.append(newElement("p", { className: "line-hint", role: "status" }, words));
  }
}

customElements.define("live-updates", LiveUpdates);
