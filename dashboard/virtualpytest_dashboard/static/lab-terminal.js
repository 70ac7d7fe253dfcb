// A terminal on the device in our hands. What a device prints is written as text, never as a page.
const MOST = 60; // entries that stay on the page

export class Terminal {
  constructor(form, hands) {
    Object.assign(this, { form, hands, field: form.elements.command, typed: [], at: 0, followed: null });
    this.log = form.closest("section").querySelector("[data-log]");
    this.ends = form.querySelector("[data-leave]");
    form.addEventListener("submit", (event) => { event.preventDefault(); this.run(); });
    form.querySelector("[data-follow]").addEventListener("click", () => this.follow());
    this.ends.addEventListener("click", () => this.leave());
    this.field.addEventListener("keydown", (event) => this.remember(event));
    hands.kept = (told) => this.take(told.printed);
  }

  taken() {
    const command = this.field.value;
    if (this.busy) this.hands.say("The command before it still runs.", true);
    if (!command.trim() || this.busy) return "";
    this.typed = [...this.typed.filter((one) => one !== command), command];
    this.at = this.typed.length;
    this.field.value = "";
    return command;
  }

  async run() {
    const command = this.taken();
    if (!command) return;
    const entry = this.entry(command);
    this.busy = true;
    const told = await this.hands.act({ do: "shell", command }, (why) => write(entry, why, "bad"));
    this.busy = false;
    if (told) this.ended(entry, told);
  }

  ended(entry, { status, output, errors }) {
    write(entry, output);
    write(entry, errors, "bad");
    write(entry, `exit status ${status}`, status ? "bad" : "dim");
    this.down();
  }

  async follow() {
    const command = this.taken();
    if (!command) return;
    const entry = this.entry(command);
    const told = await this.hands.act({ do: "follow", command }, (why) => write(entry, why, "bad"));
    if (!told) return;
    this.followed = write(entry, "…");
    this.ends.hidden = false;
    this.hands.every(1000);
  }

  leave() {
    this.hands.act({ do: "leave" });
    this.over("ended");
    this.field.focus();
  }

  take(printed) {
    if (!printed || !this.followed) return;
    const below = this.log.scrollTop + this.log.clientHeight > this.log.scrollHeight - 20;
    this.followed.textContent = printed.output;
    if (printed.ended) this.over();
    if (below) this.down();
  }

  over(words) {
    if (words && this.followed) write(this.followed.parentElement, words, "dim");
    this.followed = null;
    this.ends.hidden = true;
    this.hands.every();
  }

  entry(command) {
    const entry = document.createElement("div");
    write(entry, `$ ${command}`, "command");
    this.log.append(entry);
    while (this.log.children.length > MOST) this.log.firstChild.remove();
    this.down();
    return entry;
  }

  down() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  // ↑ and ↓ go through what was typed, as in any terminal.
  remember(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.at = Math.min(this.typed.length, Math.max(0, this.at + step));
    this.field.value = this.typed[this.at] ?? "";
  }
}

function write(entry, words, sort = "") {
  if (!words) return null;
  const line = Object.assign(document.createElement("pre"), { textContent: words, className: sort });
  entry.append(line);
  return line;
}
