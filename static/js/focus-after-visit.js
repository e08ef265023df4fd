// After a form or filter that leads to the same page again, the keyboard is where it was: on the field that is wrong, on
// the element that was used, where that is gone with its row on the next of its kind, or else at the content.
import { kindOf } from "rollcall/focus-keeper";

const USABLE = "a[href], button, input, select, textarea, summary";

/** @type {{ kind: string; place: number } | null} */
let left = null;
let path = location.pathname;

/** @param {string} kind @returns {HTMLElement[]} */
const allOf = (kind) =>
  [...document.querySelectorAll(USABLE)].filter((each) => each.checkVisibility() && kindOf(each) === kind);

/** @param {Element | null} used */
function leave(used) {
  if (!used?.matches(USABLE)) return;
  const kind = kindOf(/** @type {HTMLElement} */ (used));
  left = { kind, place: allOf(kind).indexOf(/** @type {HTMLElement} */ (used)) };
}

// A button is disabled, and so loses the focus, while its form is on its way.
document.addEventListener("turbo:submit-start", () => leave(document.activeElement));
document.addEventListener("turbo:before-render", () => leave(document.activeElement));

document.addEventListener("turbo:render", () => requestAnimationFrame(settle));
if (document.readyState !== "loading") settle();

/** Behind the scrolling to the top that belongs to a visit. */
function settle() {
  const from = path === location.pathname ? left : null;
  [left, path] = [null, location.pathname];
  const wrong = document.querySelector('main [aria-invalid="true"]');
  if (wrong) return wrong.focus();
  if (!from || document.activeElement !== document.body) return null;
  const alike = allOf(from.kind);
  return (alike[Math.min(from.place, alike.length - 1)] ?? document.getElementById("main"))?.focus();
}
