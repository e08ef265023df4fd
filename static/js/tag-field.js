// <tag-field>: completes the name of a tag while one types. Without this it is a plain field.
import { Listening } from "rollcall/listening";
import { NameChoices } from "rollcall/name-choices";

class TagField extends Listening {
  connectedCallback() {
    const input = this.querySelector("[name=tag]");
    const { form } = input;
    const sends = "sends" in this.dataset;
    const taken = () => sends && form.requestSubmit();
    const choices = new NameChoices(this, { input, taken, signal: this.signal });
    // Sent where it stands: the next tag is typed into an empty field.
    const clear = () => Object.assign(input, { value: "" });
    this.listen(form, "submit", () => {
      choices.close();
      if (sends) setTimeout(clear);
    });
  }
}

customElements.define("tag-field", TagField);
