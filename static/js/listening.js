// What elements share that listen to more than themselves: listeners, a planned act and a request end with their stay.

/** Adds listeners that end with a signal. @param {AbortSignal} signal @returns {Listen} */
export const listenUntil = (signal) => (target, name, act, options) =>
  target.addEventListener(name, /** @type {EventListener} */ (act), { ...options, signal });

export class Listening extends HTMLElement {
  /** @type {AbortController | null} */
  #stay = null;
  /** @type {AbortController | null} */
  #request = null;
  #timer = 0;

  /** Aborted when the element leaves the page; a new one when it comes back. */
  get signal() {
    if (!this.#stay || (this.#stay.signal.aborted && this.isConnected)) this.#stay = new AbortController();
    return this.#stay.signal;
  }

  /** Adds a listener that ends with the element's stay. @type {Listen} */
  listen = (target, name, act, options) => listenUntil(this.signal)(target, name, act, options);

  /** Acts after a pause, instead of what was planned before. @param {number} pauseMs @param {() => unknown} act */
  plan(pauseMs, act) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, pauseMs);
  }

  /** A signal for a new request; the request before it is aborted. */
  requestSignal() {
    this.#request?.abort();
    this.#request = new AbortController();
    return this.#request.signal;
  }

  disconnectedCallback() {
    this.#stay?.abort();
    this.#request?.abort();
    clearTimeout(this.#timer);
  }
}
