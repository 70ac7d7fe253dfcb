// A person's hands on the device: take it, act, give it back. See lab/hands.py for the words.
const KEEP = 4000; // ms between two words of a page that is still there
const SWIPE = 12; // pixels of the page beyond which a touch is a swipe

export class Hands {
  constructor(part, screen, picture) {
    Object.assign(this, { part, screen, picture, hold: null, paused: false, from: null });
    this.address = `${part.dataset.api}/control`;
    this.actions = part.querySelectorAll("[data-actions]");
    this.takes = part.querySelector("[data-take]");
    this.gives = part.querySelector("[data-release]");
    this.takes.addEventListener("click", () => this.take());
    this.gives.addEventListener("click", () => this.release());
    addEventListener("pagehide", () => this.release());
    part.querySelector("[data-free]")?.addEventListener("click", () => this.free());
    for (const button of part.querySelectorAll("[data-key]")) this.on(button, () => ({ do: "press", key: button.dataset.key }));
    for (const button of part.querySelectorAll("[data-power]")) this.on(button, () => ({ do: "power", to: button.dataset.power }));
    part.querySelector("[data-typing]")?.addEventListener("submit", (event) => this.type(event));
    const touched = part.querySelector(".meta").textContent.includes("touch");
    if (screen && touched) this.feel();
  }

  on(button, action) {
    button.addEventListener("click", () => this.act(action()));
  }

  pause(on) {
    this.paused = on;
  }

  async post(path, body) {
    const headers = { "Content-Type": "application/json", "X-Virtualpytest-Token": this.part.dataset.token };
    const answer = await fetch(this.address + path, { method: "POST", headers, body: JSON.stringify(body), keepalive: true });
    const told = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(told.error), { status: answer.status });
    return told;
  }

  async take() {
    this.say("taking it …");
    try {
      this.hold = (await this.post("", {})).hold;
    } catch (error) {
      this.say(error.message, true);
      return;
    }
    this.say("It is yours.");
    this.open(true);
    this.every();
  }

  // Say every so many *milliseconds* that we are still here, and hear what a command has printed.
  every(milliseconds = KEEP) {
    clearInterval(this.beat);
    if (this.hold) this.beat = setInterval(() => this.keep(), milliseconds);
  }

  async keep() {
    try {
      const told = await this.post("/keep", { hold: this.hold });
      if (told.left < 60) this.say(`It is given back in ${Math.round(told.left)} s, if nothing is done.`);
      this.kept?.(told);
    } catch (error) {
      if (error.status) this.lose(error.message);
    }
  }

  // Return what *action* answers; null where it failed, and *failed* is told why.
  async act(action, failed = (why) => this.say(why, true)) {
    if (!this.hold) return null;
    try {
      const told = await this.post("/act", { hold: this.hold, action });
      this.say(`${action.do} ${action.key ?? action.to ?? action.text ?? ""}: done`);
      return told;
    } catch (error) {
      if (error.status === 409) this.lose(error.message); else failed(error.message);
      return null;
    }
  }

  type(event) {
    event.preventDefault();
    const field = event.target.elements.text;
    this.act({ do: "type", text: field.value });
    field.value = "";
  }

  release() {
    if (!this.hold) return;
    const hold = this.hold;
    this.lose("Given back.", false);
    this.post("/release", { hold }).catch(() => {});
  }

  async free() {
    try {
      await this.post("/release", {});
      this.say("Released.");
    } catch (error) {
      this.say(error.message, true);
    }
  }

  lose(why, bad = true) {
    clearInterval(this.beat);
    this.hold = null;
    this.open(false);
    this.say(why, bad);
  }

  open(on) {
    for (const actions of this.actions) actions.disabled = !on;
    this.takes.hidden = on;
    this.gives.hidden = !on;
    (on ? this.gives : this.takes).focus();
    this.screen?.classList.toggle("acting", on && Boolean(this.feels));
  }

  say(words, bad = false) {
    const place = this.part.querySelector("[data-said]");
    place.textContent = words;
    place.classList.toggle("bad", bad);
  }

  feel() {
    this.feels = true;
    this.screen.addEventListener("pointerdown", (event) => {
      if (!this.hold || this.paused) return;
      this.from = { event, at: performance.now() };
      this.screen.setPointerCapture(event.pointerId);
    });
    this.screen.addEventListener("pointerup", (event) => {
      if (this.from) this.touch(this.from.event, event, (performance.now() - this.from.at) / 1000);
      this.from = null;
    });
  }

  touch(from, to, seconds) {
    const [begin, end] = [this.pixel(from), this.pixel(to)];
    const far = Math.hypot(to.clientX - from.clientX, to.clientY - from.clientY);
    if (far < SWIPE && seconds < 0.5) this.act({ do: "tap", x: begin[0], y: begin[1] });
    else this.act({ do: "swipe", points: [begin, end], seconds: Math.min(10, Math.max(0.1, seconds)) });
  }

  // Return the device's pixel under the pointer; the picture is centred in its box.
  pixel(event) {
    const box = this.screen.getBoundingClientRect();
    const { width, height } = this.picture;
    const scale = Math.min(box.width / width, box.height / height);
    const within = (value, most) => Math.round(Math.min(most - 1, Math.max(0, value)));
    const x = (event.clientX - box.left - (box.width - width * scale) / 2) / scale;
    const y = (event.clientY - box.top - (box.height - height * scale) / 2) / scale;
    return [within(x, width), within(y, height)];
  }
}
