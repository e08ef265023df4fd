// Small habits of plain elements: menus close, order selects submit, a field that appears takes the focus.

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

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-submits]")) event.target.form.requestSubmit();
});

// "toggle" does not bubble, but it can be captured.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = /** @type {HTMLDetailsElement} */ (event.target);
    const field = menu.open && menu.querySelector?.("input[data-focus]");
    if (field) {
      field.focus();
      field.select();
    }
  },
  true,
);
