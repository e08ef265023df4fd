// What elements share that listen to more than themselves: a signal that ends with their stay on the page.

export class Listening extends HTMLElement {
  /** @type {AbortController | null} */
  #stay = null;

  /** Aborted when the element leaves the page; a new one when it comes back. */
  get signal() {
    if (!this.#stay || (this.#stay.signal.aborted && this.isConnected)) this.#stay = new AbortController();
    return this.#stay.signal;
  }

  disconnectedCallback() {
    this.#stay?.abort();
  }
}
