// <photo-drop>: sends a picture as soon as it is dropped or chosen.
import { Listening } from "rollcall/listening";

class PhotoDrop extends Listening {
  connectedCallback() {
    const { signal } = this;
    const form = this.querySelector("form");
    const field = form.querySelector("input[type=file]");
    const zone = this.querySelector(".photo-zone");
    form.querySelector("button").hidden = true;
    field.addEventListener("change", () => field.files.length && form.requestSubmit(), { signal });
    form.addEventListener(
      "submit",
      () => {
        this.querySelector("[data-busy]").hidden = false;
      },
      { signal },
    );
    zone.addEventListener(
      "dragover",
      (event) => {
        event.preventDefault();
        zone.classList.add("is-over");
      },
      { signal },
    );
    zone.addEventListener("dragleave", () => zone.classList.remove("is-over"), { signal });
    zone.addEventListener(
      "drop",
      (event) => {
        event.preventDefault();
        zone.classList.remove("is-over");
        if (!event.dataTransfer.files.length) return;
        field.files = event.dataTransfer.files;
        form.requestSubmit();
      },
      { signal },
    );
  }
}

customElements.define("photo-drop", PhotoDrop);
