// What axe does not judge, as `window.checks`: a walk by Tab, the size of targets, and what does not fit the window.
(() => {
  const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable], video[controls]";
  const COMPOSITES = ["tablist", "listbox", "grid", "radiogroup", "menu", "toolbar"]
    .map((role) => `[role=${role}]`)
    .join();
  const LEAST_PX = 24;
  const ROUNDING_PX = 0.1;
  /** How far up a card or row may show the focus of what is in it. */
  const LEVELS = 4;
  const LOOKS = "outlineStyle outlineWidth outlineColor boxShadow borderColor backgroundColor textDecorationLine".split(
    " ",
  );

  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const stops = (root = document) =>
    [...root.querySelectorAll(FOCUSABLE)].filter((each) => !each.matches(":disabled, [type=hidden]") && isShown(each));

  function nameOf(element) {
    const words = (element.ariaLabel || element.name || element.textContent || "").trim().replace(/\s+/g, " ");
    return `${[element.localName, ...element.classList].join(".")} “${words.slice(0, 40)}”`;
  }

  // --- the walk ---

  /** Only the chosen radio button of a group, or the first, is a stop. */
  function isStop(element, _, all) {
    if (element.tabIndex < 0) return false;
    if (element.type !== "radio" || !element.name) return true;
    const group = all.filter(
      ({ type, name, form }) => type === "radio" && name === element.name && form === element.form,
    );
    return element === (group.find(({ checked }) => checked) ?? group[0]);
  }

  /** Out of reach of Tab on purpose: inside of something with arrow keys, never to be changed, or there twice. */
  const isSpared = (element, all) =>
    element.closest(COMPOSITES) ||
    element.readOnly ||
    all.some((other) => other !== element && other.tabIndex >= 0 && element.href && other.href === element.href);

  function around(element) {
    const found = [element, ...(element.labels ?? [])];
    for (let up = element.parentElement; up && found.length < LEVELS + 1; up = up.parentElement) found.push(up);
    return found;
  }

  const looksOf = (element) =>
    around(element)
      .flatMap((each) => [undefined, "::before", "::after"].map((part) => getComputedStyle(each, part)))
      .flatMap((style) => LOOKS.map((name) => style[name]))
      .join("|");

  /** Whether something lies over all of what has the focus, or it is outside of the window. */
  function isCovered(element) {
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) return false; // its label shows it
    const [left, top] = [Math.max(box.left, 0), Math.max(box.top, 0)];
    const [right, bottom] = [Math.min(box.right, innerWidth), Math.min(box.bottom, innerHeight)];
    if (right <= left || bottom <= top) return true;
    const points = [0.5, 0.05, 0.95].map((share) => [left + share * (right - left), top + share * (bottom - top)]);
    return !points.some(([x, y]) => {
      const front = document.elementFromPoint(x, y);
      return front && (element.contains(front) || front.contains(element));
    });
  }

  const walk = { part: document.body, plain: new Map(), order: [], found: [] };

  document.addEventListener("focusin", ({ target }) => {
    walk.order.push(target);
    if (walk.plain.get(target) === looksOf(target)) walk.found.push(`shows no focus: ${nameOf(target)}`);
  });

  document.addEventListener("keydown", () => {
    const now = document.activeElement;
    if (now !== document.body && isCovered(now)) walk.found.push(`focus is covered: ${nameOf(now)}`);
  });

  /** Puts the keyboard before the first element of a part; returns how many stops are to come. */
  function begin(selector) {
    const part = document.querySelector(selector) ?? document.body;
    const all = stops(part);
    const lost = all.filter((each) => each.tabIndex < 0 && each.matches("a, button, input, select, textarea, summary"));
    const found = [
      ...all.filter(({ tabIndex }) => tabIndex > 0).map((each) => `positive tabindex: ${nameOf(each)}`),
      ...lost.filter((each) => !isSpared(each, all)).map((each) => `out of reach of Tab: ${nameOf(each)}`),
    ];
    const start = Object.assign(document.createElement("span"), { tabIndex: -1 });
    part.prepend(start);
    start.focus();
    start.remove();
    const wanted = all.filter(isStop);
    Object.assign(walk, { part, plain: new Map(wanted.map((each) => [each, looksOf(each)])), order: [], found });
    // Parts of a date, and the buttons of a player once it has loaded, are stops of their own.
    const within = 5 * all.filter(({ type }) => type === "date").length;
    return wanted.length + within + 8 * part.querySelectorAll("video[controls]").length;
  }

  function end() {
    const reached = [...new Set(walk.order)].filter((each) => walk.part.contains(each));
    const missed = [...walk.plain.keys()].filter((each) => isShown(each) && !reached.includes(each));
    const jumps = reached.filter((each, n) => n && !(reached[n - 1].compareDocumentPosition(each) & 4));
    return [
      ...new Set(walk.found),
      ...missed.map((each) => `never reached by Tab: ${nameOf(each)}`),
      ...jumps.map((each) => `out of order: ${nameOf(each)}`),
    ];
  }

  // --- targets ---

  /** What a finger can hit: a field with its label, a card that its link covers. */
  function targetOf(element) {
    const parts = [element, ...(element.labels ?? [])].map((each) => each.getBoundingClientRect());
    if (getComputedStyle(element, "::after").position === "absolute")
      parts.push((element.closest("article") ?? element).getBoundingClientRect());
    const [left, top] = ["left", "top"].map((side) => Math.min(...parts.map((part) => part[side])));
    const [right, bottom] = ["right", "bottom"].map((side) => Math.max(...parts.map((part) => part[side])));
    return { left, top, right, bottom };
  }

  const isInSentence = (element) =>
    getComputedStyle(element).display === "inline" &&
    [...element.parentElement.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim());

  /** Smaller than 24 CSS px (WCAG 2.5.8); the exception for spacing is not taken. */
  function targets(selector = "body") {
    return stops(document.querySelector(selector))
      .filter((each) => !each.matches(".skip-link, .visually-hidden") && each.tabIndex >= 0 && !isInSentence(each))
      .map((each) => [each, targetOf(each)])
      .map(([each, { left, top, right, bottom }]) => [each, Math.min(right - left, bottom - top)])
      .filter(([, least]) => least < LEAST_PX - ROUNDING_PX)
      .map(([each, least]) => `target of ${Math.round(least)} px: ${nameOf(each)}`);
  }

  function overflow() {
    const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const shown = [...document.querySelectorAll("details[open] > .menu-list, :popover-open, dialog[open]")];
    const cut = shown.filter((each) => {
      const { left, right } = each.getBoundingClientRect();
      return left < 0 || right > innerWidth + 1;
    });
    return [
      ...(over > 0 ? [`scrolls sideways by ${over} px at ${innerWidth} px`] : []),
      ...cut.map((each) => `outside of the window at ${innerWidth} px: ${nameOf(each)}`),
    ];
  }

  /** Animations and transitions that would still move something. */
  const moving = () =>
    document
      .getAnimations()
      .filter(({ effect }) => effect.getComputedTiming().activeDuration > 1)
      .map(({ effect }) => `moves: ${nameOf(effect.target)}`);

  // --- what is closed at first ---

  const opened = new Set();

  /** Shows the next menu, popover or dialog of a kind that was not seen before; returns a selector, or null. */
  function openNext() {
    for (const each of document.querySelectorAll("details:not([open]), [popover], dialog:not([open], [data-large])")) {
      const section = each.closest("main") ? location.pathname.split("/")[1] : "every page";
      const kind = [section, each.localName, each.className, each.id, each.parentElement.className].join();
      if (opened.has(kind) || (each.localName === "details" && !isShown(each))) continue;
      opened.add(kind);
      each.dataset.shown = "";
      if (each.popover) each.showPopover();
      else if (each.localName === "dialog") each.showModal();
      else each.open = true;
      return "[data-shown]";
    }
    return null;
  }

  function close() {
    const shown = document.querySelector("[data-shown]");
    if (shown.popover) shown.hidePopover();
    else if (shown.localName === "dialog") shown.close();
    else shown.open = false;
    delete shown.dataset.shown;
  }

  window.checks = { begin, end, targets, overflow, moving, openNext, close };
})();
