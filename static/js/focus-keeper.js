// Keeps the place of who uses the keyboard: when what has the focus leaves the page, what stands next to it takes it.

const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled, [type="hidden"]), select, textarea, summary, [tabindex="0"]';
const REMEMBERED = 8;

/** What had the focus, the newest first. @type {HTMLElement[]} */
let visited = [];

document.addEventListener("focusin", ({ target }) => {
  const element = /** @type {HTMLElement} */ (target);
  visited = [element, ...visited.filter((each) => each !== element)].slice(0, REMEMBERED);
});

// Who clicks beside everything has no place to keep; another window has one when it comes back.
document.addEventListener("focusout", ({ relatedTarget }) => {
  if (relatedTarget) return;
  queueMicrotask(() => {
    if (hasNoFocus() && visited[0]?.isConnected) visited = [];
  });
});

const hasNoFocus = () => document.activeElement === document.body;

/** @param {Element} element */
const isShown = (element) => element.isConnected && element.checkVisibility({ visibilityProperty: true });

/** What an element is for, without the numbers in it. @param {HTMLElement} element */
export function kindOf(element) {
  const { localName, ariaLabel, textContent } = element;
  const words = (ariaLabel ?? textContent).replace(/[\d\s]+/g, " ").trim();
  return [localName, element.id, element.getAttribute("name"), words].join("|");
}

/** @param {Node | null} part @returns {HTMLElement[]} */
function allIn(part) {
  if (!(part instanceof HTMLElement)) return [];
  return [part, ...part.querySelectorAll(FOCUSABLE)].filter((each) => each.matches(FOCUSABLE) && isShown(each));
}

/**
 * In a part of the page, the element that looks like the lost one, or else the first one.
 * @param {Node | null} part
 */
function focusableIn(part) {
  const [lost] = visited;
  const all = allIn(part);
  return all.find((each) => each.localName === lost.localName && each.className === lost.className) ?? all[0] ?? null;
}

/** The element that stands for the lost one in what was drawn anew. @param {MutationRecord[]} records */
function renewed(records) {
  const kind = kindOf(visited[0]);
  const added = records.flatMap(({ addedNodes }) => [...addedNodes]);
  return added.flatMap(allIn).find((each) => kindOf(each) === kind);
}

/** @param {Node | null} node @param {"nextSibling" | "previousSibling"} side */
function beside(node, side) {
  for (let each = node; each; each = each[side]) {
    const found = focusableIn(each);
    if (found) return found;
  }
  return null;
}

/** Next to what was removed, around it, where one was before, or else the content. @param {MutationRecord} record */
function neighbour({ target, nextSibling, previousSibling }) {
  const found = beside(nextSibling, "nextSibling") ?? beside(previousSibling, "previousSibling");
  if (found) return found;
  const main = document.getElementById("main");
  for (
    let part = /** @type {Element} */ (target);
    part && main?.contains(part) && part !== main;
    part = part.parentElement
  ) {
    const around = focusableIn(part);
    if (around) return around;
  }
  return visited.find(isShown) ?? main;
}

new MutationObserver((records) => {
  const [lost] = visited;
  if (!lost || lost.isConnected || !hasNoFocus()) return;
  const record = records.find(({ removedNodes }) => [...removedNodes].some((node) => node.contains(lost)));
  // Another page has a beginning of its own.
  if (record?.target.isConnected && record.target !== document.documentElement)
    (renewed(records) ?? neighbour(record))?.focus();
  visited = visited.filter((each) => each.isConnected);
}).observe(document.documentElement, { childList: true, subtree: true });
