// Requests to the server, and the texts that it gave the page.

let strings;

/** The text for `key` with {names} filled in. */
export function say(key, values = {}) {
  strings ??= JSON.parse(document.getElementById("strings").textContent);
  return strings[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const csrfToken = () => document.querySelector('meta[name="csrf-token"]').content;

/** Posts a form as a button would, but asks for JSON. */
export function post(url, fields = {}) {
  return fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
  });
}

/** The document at an address; null when it is gone. */
export async function fetchDocument(url, signal) {
  const response = await fetch(url, { signal, headers: { Accept: "text/html", "X-Requested-With": "fetch" } });
  if (response.status === 404) return null;
  if (!response.ok || response.redirected) throw new Error(`${url}: ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** An icon of the sprite, with the address that the page's own icons use. */
export function icon(name) {
  const sprite = document.querySelector("svg.icon use").getAttribute("href").split("#")[0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `${sprite}#${name}`);
  return svg;
}

/** Whether keys belong to a field rather than to the page. */
export const isTyping = (event) =>
  event.defaultPrevented ||
  event.ctrlKey ||
  event.metaKey ||
  event.altKey ||
  Boolean(
    event.target.closest?.(
      'input:not([type="range"], [type="checkbox"]), textarea, select, [contenteditable], [popover], dialog',
    ),
  );
