// <photo-drop>: sends a picture as soon as it is dropped, chosen or brought from another page, and shows who is in it.
import { morphChildren } from "@hotwired/turbo";
import { isAborted, post } from "rollcall/api";
import { takeCarried } from "rollcall/carried-file";
import { Listening } from "rollcall/listening";

class PhotoDrop extends Listening {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.field = this.form.querySelector("input[type=file]");
    const zone = this.querySelector(".photo-zone");
    this.form.querySelector("button").hidden = true;
    this.listen(this.field, "change", () => this.field.files.length && this.form.requestSubmit());
    this.listen(this.form, "submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.listen(zone, "dragover", (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
    this.listen(zone, "dragleave", () => zone.classList.remove("is-over"));
    this.listen(zone, "drop", (event) => {
      event.preventDefault();
      zone.classList.remove("is-over");
      this.#take(event.dataTransfer.files);
    });
    const carried = takeCarried();
    if (!carried) return;
    const files = new DataTransfer();
    files.items.add(carried);
    this.#take(files.files);
  }

  /** @param {FileList} files */
  #take(files) {
    if (!files.length) return;
    this.field.files = files;
    this.form.requestSubmit();
  }

  /** Without leaving the page, as uploads that run in this tab would end. */
  async #send() {
    const busy = this.querySelector("[data-busy]");
    const tooLarge = this.querySelector("[data-too-large]");
    tooLarge.hidden = this.field.files[0]?.size <= Number(this.dataset.max);
    if (!tooLarge.hidden) return;
    const signal = this.requestSignal();
    busy.hidden = false;
    try {
      const options = { headers: { Accept: "text/html" }, signal };
      const response = await post(location.pathname, new FormData(this.form), options);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const found = page.querySelector("[data-found]");
      if (found) morphChildren(this.querySelector("[data-found]"), found);
      else location.assign(response.url); // signed out meanwhile, or not allowed any more
    } catch (error) {
      if (isAborted(error)) return;
      throw error;
    }
    busy.hidden = true;
    this.querySelector("[data-found] summary")?.focus();
  }
}

customElements.define("photo-drop", PhotoDrop);
