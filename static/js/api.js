// Requests to the server, and the texts that it gave the page.

/** @type {Record<string, string> | undefined} */
let strings;

/** The text for `key` with {names} filled in. @param {string} key @param {Record<string, string | number>} [values] */
export function say(key, values = {}) {
  strings ??= JSON.parse(document.getElementById("strings").textContent);
  return strings[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

export const csrfToken = () => document.querySelector('meta[name="csrf-token"]').content;

/**
 * The fields of a form as a button would send them.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} [submitter]
 */
export const fieldsOf = (form, submitter = null) =>
  new URLSearchParams(/** @type {any} */ (new FormData(form, submitter)));

/** The fields of a form as an address keeps them. @param {HTMLFormElement} form */
export function queryOf(form) {
  const fields = fieldsOf(form);
  for (const name of ["csrfmiddlewaretoken", "idempotency_key"]) fields.delete(name);
  return fields;
}

/** For promises whose failure means that there is no answer. @returns {null} */
export const nothing = () => null;

/** Whether an error only says that nobody waits for the answer any more. @param {unknown} error */
export const isAborted = (error) => error instanceof Error && error.name === "AbortError";

const MOST_WAITS = 10;

/**
 * A response; a server that has had too many requests, and says until when, is asked again then.
 * @param {string} url
 * @param {RequestInit} options
 */
async function ask(url, options) {
  for (let waits = 0; ; waits += 1) {
    const response = await fetch(url, options);
    const pause_s = response.status === 429 ? Number(response.headers.get("Retry-After")) : 0;
    if (!pause_s || waits === MOST_WAITS || options.signal?.aborted) return response;
    await new Promise((resolve) => setTimeout(resolve, 1000 * pause_s * (1 + Math.random() / 4)));
  }
}

/**
 * Posts a form as a button would, or text of another kind, but asks for JSON. Where that finds nothing any more, or may
 * not any more, what the page shows is asked for anew.
 * @param {string} url
 * @param {Record<string, string> | URLSearchParams | FormData | string} [body]
 * @param {{ headers?: Record<string, string>; signal?: AbortSignal }} [more]
 */
export async function post(url, body = {}, { headers, signal } = {}) {
  const isReady = typeof body === "string" || body instanceof FormData;
  const response = await ask(url, {
    method: "POST",
    body: isReady ? body : new URLSearchParams(body),
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken(), ...headers },
    signal,
  });
  if (response.status === 404) document.dispatchEvent(new CustomEvent("fragment:stale"));
  return response;
}

/** Posts something as JSON. @param {string} url @param {unknown} data */
export const postJson = (url, data) =>
  post(url, JSON.stringify(data), { headers: { "Content-Type": "application/json" } });

/** What a response holds, or null without one. @param {Promise<Response>} response @returns {Promise<any>} */
export const answerOf = (response) => response.then((each) => each.json()).catch(nothing);

/** The JSON at an address; throws where there is none. @param {string} url @param {AbortSignal} [signal] */
export async function fetchJson(url, signal) {
  const response = await ask(url, { signal, headers: { Accept: "application/json" } });
  if (!response.ok || response.redirected) throw new Error(`${url}: ${response.status}`);
  return response.json();
}

/** The document at an address; null when it is gone. @param {string} url @param {AbortSignal} [signal] */
export async function fetchDocument(url, signal) {
  const response = await ask(url, { signal, headers: { Accept: "text/html", "X-Requested-With": "fetch" } });
  if (response.status === 404) return null;
  if (!response.ok || response.redirected) throw new Error(`${url}: ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/**
 * A new element with its properties and what stands in it.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Partial<HTMLElementTagNameMap[T]>} [properties]
 * @param {(Node | string)[]} inside
 */
export function newElement(tag, properties, ...inside) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside);
  return made;
}

/** An icon of the sprite, with the address that the page's own icons use. @param {string} name */
export function icon(name) {
  const sprite = document.querySelector("svg.icon use").getAttribute("href").split("#")[0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Whether keys belong to a field rather than to the page.
 * @param {KeyboardEvent & { readonly target: HTMLElement }} event
 */
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
