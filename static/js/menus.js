// Small habits of plain elements: menus close, order selects submit, a field or dialog that appears takes the focus.

const EDGE_PX = 16;
const FIELD = ':is(input:not([type="hidden"], [type="radio"]:not(:checked)), select, button)';

/** A menu that begins near the right edge moves to the left, as far as it would run past it. @param {HTMLElement} menu */
function keepInside(menu) {
  const list = /** @type {HTMLElement | null} */ (menu.querySelector(".menu-list"));
  if (!list) return;
  list.style.translate = "";
  const beyond = list.getBoundingClientRect().right - document.documentElement.clientWidth + EDGE_PX;
  if (beyond > 0) list.style.translate = `${-beyond}px 0`;
}

/** @param {Node} target */
function closeOthers(target) {
  for (const open of document.querySelectorAll("details[data-closes][open]"))
    if (!open.contains(target)) open.open = false;
}

document.addEventListener("click", (event) => closeOthers(event.target));

document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest?.("details[data-closes][open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// Nothing stays open behind somebody who goes on by Tab.
document.addEventListener("keyup", (event) => {
  if (event.key !== "Tab") return;
  closeOthers(event.target);
  const dialog = document.querySelector(".dialog:popover-open");
  if (!dialog?.contains(event.target)) dialog?.hidePopover();
});

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-submits]")) event.target.form.requestSubmit();
});

// "toggle" does not bubble, but it can be captured.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = /** @type {HTMLDetailsElement} */ (event.target);
    if (menu.matches?.(".dialog:popover-open") && !menu.contains(document.activeElement))
      menu.querySelector(FIELD).focus();
    if (menu.open && menu.matches?.(".menu")) keepInside(menu);
    const field = menu.open && menu.querySelector?.("input[data-focus]");
    if (field) {
      field.focus();
      field.select();
    }
  },
  true,
);
