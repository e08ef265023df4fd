// <photo-drop>: sends a picture as soon as it is dropped or chosen.
import { Listening } from "rollcall/listening";

class PhotoDrop extends Listening {
  connectedCallback() {
    const form = this.querySelector("form");
    const field = form.querySelector("input[type=file]");
    const zone = this.querySelector(".photo-zone");
    form.querySelector("button").hidden = true;
    this.listen(field, "change", () => field.files.length && form.requestSubmit());
    this.listen(form, "submit", () => (this.querySelector("[data-busy]").hidden = false));
    this.listen(zone, "dragover", (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
    this.listen(zone, "dragleave", () => zone.classList.remove("is-over"));
    this.listen(zone, "drop", (event) => {
      event.preventDefault();
      zone.classList.remove("is-over");
      if (!event.dataTransfer.files.length) return;
      field.files = event.dataTransfer.files;
      form.requestSubmit();
    });
  }
}

customElements.define("photo-drop", PhotoDrop);
