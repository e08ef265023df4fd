// Runs before the first paint, so that a chosen theme never flashes; an ordinary script, not a module.
(() => {
  try {
    const chosen = localStorage.getItem("rollcall.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage is blocked: the system's choice counts.
  }
})();
