// Which places of the grid are selected, and where a range begins.

export class Selection {
  #flags;
  count = 0;
  anchor = 0;

  /** @param {number} size @param {() => void} onChange */
  constructor(size, onChange) {
    this.#flags = new Uint8Array(size);
    this.onChange = onChange;
  }

  /** The list has become longer; what is selected stays. @param {number} size */
  grow(size) {
    const flags = new Uint8Array(size);
    flags.set(this.#flags);
    this.#flags = flags;
  }

  /** @param {number} place */
  has = (place) => this.#flags[place] === 1;

  places() {
    const found = [];
    for (let place = this.#flags.indexOf(1); place !== -1; place = this.#flags.indexOf(1, place + 1)) found.push(place);
    return found;
  }

  /** The only selected place; -1 when there are none or several. */
  get single() {
    return this.count === 1 ? this.#flags.indexOf(1) : -1;
  }

  /** @param {number} place */
  only(place) {
    this.#flags.fill(0);
    this.#flags[place] = 1;
    [this.count, this.anchor] = [1, place];
    this.onChange();
  }

  /** @param {number} place */
  toggle(place) {
    this.#flags[place] ^= 1;
    this.count += this.#flags[place] ? 1 : -1;
    this.anchor = place;
    this.onChange();
  }

  /**
   * From the anchor to `place`; with `isMore` beside what is selected already.
   * @param {number} place
   * @param {boolean} [isMore]
   */
  range(place, isMore = false) {
    if (!isMore) this.#flags.fill(0);
    this.#flags.fill(1, Math.min(this.anchor, place), Math.max(this.anchor, place) + 1);
    this.#recount();
  }

  all() {
    this.#flags.fill(1);
    this.#recount();
  }

  clear() {
    this.#flags.fill(0);
    this.#recount();
  }

  #recount() {
    this.count = this.#flags.reduce((sum, flag) => sum + flag, 0);
    this.onChange();
  }
}
