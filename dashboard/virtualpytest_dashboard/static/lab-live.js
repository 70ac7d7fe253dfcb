// One WebSocket for a page: live pictures of what can be seen, and how devices are. See lab/live.py for its words.

const AGAIN = 1000; // ms until a lost connection is tried again

export class Live {
  constructor(size, onPicture, onStates) {
    Object.assign(this, { size, onPicture, onStates, shown: new Set(), socket: null });
    document.addEventListener("visibilitychange", () => this.tell());
    addEventListener("pagehide", () => this.socket?.close());
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/lab`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { this.socket = socket; this.tell(); };
    socket.onmessage = (message) => this.take(message.data);
    socket.onclose = () => { this.socket = null; setTimeout(() => this.open(), AGAIN); };
  }

  show(names) {
    this.shown = new Set(names);
    this.tell();
  }

  tell() {
    const show = document.hidden ? [] : [...this.shown];
    this.say({ show, size: this.size });
  }

  say(words) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(words));
  }

  async take(data) {
    if (typeof data === "string") { this.onStates(JSON.parse(data).devices); return; }
    const length = new DataView(data).getUint32(0);
    const facts = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    await this.onPicture(facts, new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" }));
    this.say({ got: facts.device });
  }
}

// Show *blob* in the <img> within *screen*, or why there is none.
export async function paint(screen, facts, blob) {
  const image = screen.querySelector("img");
  const why = screen.querySelector(".why");
  if (facts.why) {
    image.hidden = true;
    why.textContent = facts.why;
    return;
  }
  const address = URL.createObjectURL(blob);
  const before = image.src;
  image.src = address;
  await image.decode().catch(() => {});
  image.hidden = false;
  why.textContent = "";
  if (before.startsWith("blob:")) URL.revokeObjectURL(before);
}

export function spoken(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function who(record) {
  const words = [record.user || "somebody"];
  if (record.run) words.push(`run ${record.run.slice(0, 4)}`);
  if (record.test) words.push(record.test);
  if (record.since) words.push(`for ${spoken(Date.now() / 1000 - record.since)}`);
  return words.join(", ");
}

const SIGNS = { free: "○", held: "●", lost: "⊘", asking: "…" };

// Write how *device* is into the marked places of *part*.
export function write(part, device) {
  const badge = part.querySelector("[data-state]");
  const word = `<span class="badge d-${device.state}"><span aria-hidden="true">${SIGNS[device.state]}</span> ${device.state}</span>`;
  if (badge.dataset.now !== device.state) badge.innerHTML = word; // the four words above, nobody else's
  badge.dataset.now = device.state;
  part.querySelector("[data-who]").textContent = device.why || (device.holder ? who(device.holder) : "");
  const waiting = device.waiting.map(who).join("; ");
  part.querySelector("[data-waiting]").textContent = waiting && `${device.waiting.length} waiting: ${waiting}`;
}
