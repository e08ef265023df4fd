// <live-updates>: one websocket for what the page is about; polls slowly while the socket does not get through.
import { isAborted, say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { offer, remove } from "rollcall/live-store";

const LONGEST_PAUSE_MS = 30_000;
const POLL_MS = 8_000;
const HINT_AFTER_MS = 6_000;

class LiveUpdates extends Listening {
  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  /** @type {{ again?: number; hint?: number; poll?: number }} */
  #timers = {};

  connectedCallback() {
    const { signal } = this;
    addEventListener("online", () => this.#connect(), { signal });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#connect(), {
      signal,
    });
    this.#connect();
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
    this.#leave();
    this.#hint(false);
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
    socket.onclose = () => socket === this.#socket && this.#lost();
  }

  /** @param {any} message */
  #take(message) {
    if (message.type === "job") offer(message);
    if (message.type === "gone") remove(message.subject);
    if (message.type === "samples") document.dispatchEvent(new CustomEvent("live:samples", { detail: message }));
    // After a lost connection nobody knows what was missed.
    if (message.type === "snapshot_end")
      document.dispatchEvent(new CustomEvent("live:samples", { detail: { numbers: [] } }));
    if (message.type === "stale") document.dispatchEvent(new CustomEvent("fragment:stale"));
    if (message.type === "people") this.#peopleChanged();
  }

  /** Somebody named or merged people, perhaps in another tab: what shows them is fetched again. */
  #peopleChanged() {
    document.dispatchEvent(new CustomEvent("fragment:stale"));
    document.dispatchEvent(new CustomEvent("people:changed"));
  }

  #restored() {
    this.#attempt = 0;
    clearTimeout(this.#timers.poll);
    this.#hint(false);
  }

  #lost() {
    this.#socket = null;
    // Jitter, so that a restarted server is not met by all pages at once.
    const pause = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** this.#attempt) * (0.6 + Math.random() * 0.8);
    this.#attempt += 1;
    this.#timers.again = setTimeout(() => document.visibilityState === "visible" && this.#connect(), pause);
    if (this.#attempt === 2) {
      this.#timers.hint = setTimeout(() => this.#hint(true), HINT_AFTER_MS);
      this.#poll();
    }
  }

  async #poll() {
    clearTimeout(this.#timers.poll);
    if (this.#socket?.readyState === WebSocket.OPEN || this.signal.aborted) return;
    try {
      const response = await fetch(this.dataset.poll, { signal: this.signal });
      if (response.ok && !response.redirected) {
        for (const state of (await response.json()).jobs) offer(state);
        this.#hint(false);
      }
    } catch (error) {
      if (isAborted(error)) return;
      // The network is away: the next round tries again, and the hint says so.
    }
    this.#timers.poll = setTimeout(() => this.#poll(), POLL_MS);
  }

  /** @param {boolean} isLost */
  #hint(isLost) {
    clearTimeout(this.#timers.hint);
    this.replaceChildren();
    if (!isLost) return;
    const words = document.createElement("p");
    words.className = "line-hint";
    words.setAttribute("role", "status");
    words.textContent = say("live.lost");
    this.append(words);
  }
}

customElements.define("live-updates", LiveUpdates);
