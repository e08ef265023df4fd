// A form that is sent twice starts its work once. One that is sent again with other values, on a page that the browser
// kept, is another request and gets a key of its own.

/** A key that nobody else makes; `randomUUID` needs HTTPS. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What the form says, but for its key. @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
function valuesOf(form, submitter) {
  const fields = [...new FormData(form, submitter)].filter(([name]) => name !== "idempotency_key");
  return JSON.stringify(
    fields.map(([name, value]) => [name, value instanceof File ? `${value.size}-${value.name}` : value]),
  );
}

/** @param {SubmitEvent & { readonly target: HTMLFormElement }} event */
function onSubmit({ target, submitter }) {
  const key = target.querySelector('[name="idempotency_key"]');
  if (!key) return;
  const values = valuesOf(target, submitter);
  // On the element, so that copies of the page which are kept know it too.
  if (key.dataset.sent && key.dataset.sent !== values) key.value = newKey();
  key.dataset.sent = values;
}

document.addEventListener("submit", onSubmit, true);
