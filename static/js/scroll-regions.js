// What scrolls sideways can be reached and scrolled by keys, as long as it does: not every browser lets one by itself.

const REGIONS = ".table-wrap";

/** @param {Element} region */
function label(region) {
  const caption = region.querySelector("caption");
  const around = region.closest("details, section, form, main");
  return (caption ?? around?.querySelector("summary, h1, h2, h3"))?.textContent.trim() ?? "";
}

/** @param {HTMLElement} region */
function settle(region) {
  const scrolls = region.scrollWidth > region.clientWidth || region.scrollHeight > region.clientHeight;
  if (scrolls) Object.assign(region, { tabIndex: 0, role: "region", ariaLabel: label(region) });
  else for (const name of ["tabindex", "role", "aria-label"]) region.removeAttribute(name);
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) settle(/** @type {HTMLElement} */ (target));
});

function observe() {
  for (const region of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(REGIONS))) {
    settle(region); // what is folded away has a size, of which its observer hears some time after it was opened
    sizes.unobserve(region); // what is in it may have grown, while its own size stayed
    sizes.observe(region);
  }
}

document.addEventListener("turbo:load", observe);
document.addEventListener("fragment:refreshed", observe);
