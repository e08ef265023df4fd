// Runs before the first paint, so that a chosen theme never flashes; an ordinary script, not a module. Who is signed in has
// chosen for all browsers: the server says it, and it is kept here for the pages before signing in.
(() => {
  const root = document.documentElement;
  let chosen = root.dataset.accountTheme;
  try {
    if (chosen) localStorage.setItem("rollcall.theme", chosen);
    else chosen = localStorage.getItem("rollcall.theme");
  } catch {
    // Storage is blocked: the account's choice counts, or the system's.
  }
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
})();
