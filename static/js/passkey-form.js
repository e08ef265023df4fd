// <passkey-form>: sends what a passkey answered instead of what its person typed.
import { fetchJson } from "rollcall/api";
import { Listening } from "rollcall/listening";

class PasskeyForm extends Listening {
  connectedCallback() {
    this.listen(this.querySelector("form"), "submit", this.#ask);
  }

  /** @param {SubmitEvent} event */
  #ask = async (event) => {
    event.preventDefault();
    const { PublicKeyCredential, webauthnJSON } = window;
    if (!PublicKeyCredential || !webauthnJSON) return this.#tell(this.dataset.unsupported);
    this.#tell("");
    try {
      const options = await this.#options();
      const ask = this.dataset.ceremony === "create" ? webauthnJSON.create : webauthnJSON.get;
      const form = this.querySelector("form");
      form.elements.credential.value = JSON.stringify(await ask(options));
      form.submit();
    } catch (error) {
      this.#tell(this.#words(error));
    }
  };

  async #options() {
    const { options } = this.dataset;
    if (options) return (await fetchJson(options, this.requestSignal())).request_options;
    return JSON.parse(this.querySelector("#passkey-options").textContent);
  }

  /** @param {unknown} error */
  #words(error) {
    const { name } = /** @type {Error} */ (error);
    if (name === "InvalidStateError") return this.dataset.known;
    return name === "SecurityError" || name === "NotSupportedError" ? this.dataset.unsupported : this.dataset.refused;
  }

  /** @param {string} words */
  #tell(words) {
    this.querySelector("[role=alert]").textContent = words;
  }
}

customElements.define("passkey-form", PasskeyForm);
