// <page-contents>: in the list of contents beside a long page, the section that is being read is the current one.
import { Listening } from "rollcall/listening";

/** A section is being read while it is in the upper part of the window; a last line at its very top is none any more. */
const UPPER_PART = { rootMargin: "-10% 0px -65% 0px" };
/** The last one may be too short to get there: it is being read when all of it is seen. */
const WHOLE = { threshold: 1 };
/** After a scroll, until the observers have told of it. */
const SETTLE_MS = 100;

/** Scrolls to a section, from which Tab goes on. @param {HTMLElement} section */
function goTo(section) {
  section.scrollIntoView();
  if (section.hasAttribute("tabindex")) return section.focus({ preventScroll: true });
  section.tabIndex = -1;
  section.focus({ preventScroll: true });
  section.removeAttribute("tabindex");
}

class PageContents extends Listening {
  /** @type {IntersectionObserver[]} */
  #observers = [];
  /** @type {Set<Element>} */
  #upper = new Set();
  #isAtEnd = false;
  /** Where the clicked link or the address leads: of sections side by side it is meant, for as long as it is seen. */
  /** @type {Element | null} */
  #chosen = null;
  /** Whether the page got there: on the way other sections are seen. */
  #isThere = false;

  connectedCallback() {
    const sections = this.#links()
      .map((link) => document.getElementById(link.hash.slice(1)))
      .filter(Boolean);
    const last = sections.at(-1);
    if (!last) return;
    const upper = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) this.#upper.add(entry.target);
        else this.#upper.delete(entry.target);
      }
      this.#show(sections, last);
    }, UPPER_PART);
    const end = new IntersectionObserver(([entry]) => {
      this.#isAtEnd = entry.isIntersecting;
      this.#show(sections, last);
    }, WHOLE);
    this.listen(this, "click", (event) => {
      const link = /** @type {HTMLAnchorElement | null} */ (event.target.closest("a[href^='#']"));
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      this.#choose(sections, link.hash);
      if (!this.#chosen) return;
      event.preventDefault(); // a visit would draw the page anew, and undo what was scrolled meanwhile
      location.hash = link.hash; // a step of its own: Back leads to where one was
      goTo(/** @type {HTMLElement} */ (this.#chosen));
    });
    this.listen(document, "scrollend", () => {
      this.plan(SETTLE_MS, () => {
        this.#isThere = true;
        this.#show(sections, last);
      });
    });
    this.#choose(sections, location.hash);
    for (const section of sections) upper.observe(section);
    end.observe(last);
    this.#observers = [upper, end];
  }

  /** @override */
  disconnectedCallback() {
    super.disconnectedCallback();
    for (const observer of this.#observers) observer.disconnect();
    this.#upper.clear();
  }

  #links() {
    return /** @type {HTMLAnchorElement[]} */ ([...this.querySelectorAll("a[href^='#']")]);
  }

  /** @param {Element[]} sections @param {string} hash */
  #choose(sections, hash) {
    this.#chosen = sections.find(({ id }) => hash === `#${id}`) ?? null;
    this.#isThere = false;
    if (this.#chosen) this.#mark(this.#chosen);
  }

  /** @param {Element[]} sections @param {Element} last */
  #show(sections, last) {
    if (this.#chosen && (!this.#isThere || this.#upper.has(this.#chosen))) return;
    this.#chosen = null;
    const read = this.#isAtEnd ? last : sections.find((section) => this.#upper.has(section));
    if (read) this.#mark(read); // between two, the one before stays
  }

  /** @param {Element} read */
  #mark(read) {
    for (const link of this.#links()) {
      if (link.hash === `#${read.id}`) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
  }
}

customElements.define("page-contents", PageContents);
