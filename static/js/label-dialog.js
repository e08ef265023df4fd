// <label-dialog>: name, colour and key of a label; <label-add> forms and this one answer without a page load.
import { nothing, post, say } from "rollcall/api";
import { Listening } from "rollcall/listening";
import { toast } from "rollcall/toasts";

const changed = () => document.dispatchEvent(new CustomEvent("fragment:stale"));

/**
 * Posts a form of labels; the sentence of a refusal, or null when it worked.
 * @param {string} url
 * @param {Record<string, string> | URLSearchParams} fields
 */
async function send(url, fields) {
  const response = await post(url, fields).catch(nothing);
  const answer = await response?.json().catch(nothing);
  if (!answer) return say("grid.failed");
  if (!response.ok) return answer.error;
  toast(answer.toast, answer.undo);
  changed();
  return null;
}

export class LabelDialog extends Listening {
  connectedCallback() {
    this.listen(this, "submit", (event) => this.#save(event));
    this.listen(
      this,
      "click",
      (event) => event.target.closest('[data-act="remove"]') && this.#send(this.urls.remove, {}),
    );
    // New labels are typed beside the grid.
    this.listen(document, "submit", (event) => event.target.matches(".label-add") && this.#add(event));
  }

  /**
   * For a row of the bar; `urls` are its addresses {save, remove}.
   * @param {HTMLElement} row
   * @param {DOMStringMap} urls
   */
  show(row, urls) {
    this.urls = urls;
    const { name, hue, key } = row.dataset;
    const form = this.querySelector("form");
    form.elements.name.value = name;
    form.elements.hue.value = String(Number(hue) % 12);
    form.elements.key.value = key;
    this.#say("");
    this.showPopover();
    form.elements.name.select();
  }

  /** @param {SubmitEvent & { readonly target: HTMLFormElement }} event */
  #save(event) {
    event.preventDefault();
    const { name, hue, key } = event.target.elements;
    this.#send(this.urls.save, { name: name.value, hue: hue.value, key: key.value.toLowerCase() });
  }

  /** @param {string} url @param {Record<string, string> | URLSearchParams} fields */
  async #send(url, fields) {
    const trouble = await send(url, fields);
    if (trouble) this.#say(trouble);
    else this.hidePopover();
  }

  /** @param {string} words */
  #say(words) {
    const trouble = this.querySelector("[data-trouble]");
    trouble.textContent = words;
    trouble.hidden = !words;
  }

  /** @param {SubmitEvent & { readonly target: HTMLFormElement }} event */
  async #add(event) {
    event.preventDefault();
    const field = event.target.elements.name;
    const trouble = await send(event.target.action, { name: field.value });
    if (trouble) return toast(trouble);
    field.value = "";
    field.focus();
  }
}

customElements.define("label-dialog", LabelDialog);
