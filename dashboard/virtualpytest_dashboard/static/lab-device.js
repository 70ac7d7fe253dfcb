// One device: its live picture, the last half minute, who has it.
import { Live, paint, write } from "./lab-live.js";
import { Crop } from "./lab-crop.js";
import { Hands } from "./lab-hands.js";
import { Terminal } from "./lab-terminal.js";

const part = document.getElementById("device");
const name = part.dataset.device;
const screen = part.querySelector("[data-screen]");
const rate = part.querySelector("[data-rate]");
const picture = { width: 0, height: 0 }; // of the device, as pictures told it last
const times = [];

const live = new Live("large", shown, states);
live.show(screen ? [name] : []);

async function shown(facts, blob) {
  await paint(screen, facts, blob);
  if (facts.why) { rate.textContent = "no picture"; return; }
  if (facts.width !== picture.width || facts.height !== picture.height) screen.style.aspectRatio = `${facts.width} / ${facts.height}`;
  Object.assign(picture, { width: facts.width, height: facts.height });
  times.push(performance.now());
  while (times[0] < performance.now() - 2000) times.shift();
  const fps = times.length > 1 ? (1000 * (times.length - 1)) / (times.at(-1) - times[0]) : 0;
  rate.dataset.fps = fps.toFixed(1);
  rate.textContent = `live, ${facts.width}×${facts.height}, ${fps.toFixed(0)} pictures a second, ${(1000 * facts.age).toFixed(0)} ms old`;
}

function states(devices) {
  const device = devices.find((one) => one.name === name);
  if (device) write(part, device);
}

const hands = part.querySelector("[data-take]") ? new Hands(part, screen, picture) : null;
const terminal = part.querySelector("[data-terminal]");
if (terminal) new Terminal(terminal, hands);
if (screen) {
  new Crop(part, screen, (cropping) => hands?.pause(cropping));
  part.querySelector("[data-look-back]").addEventListener("click", lookBack);
}

async function lookBack() {
  const said = part.querySelector("[data-past-said]");
  said.textContent = "asking …";
  const answer = await fetch(`${part.dataset.past}?device_id=${encodeURIComponent(name)}&seconds=30&every=1`);
  const told = await answer.json();
  said.textContent = told.error || `${told.images.length} pictures of the last half minute, the newest first`;
  const list = part.querySelector("[data-past-list]");
  list.replaceChildren(...(told.images || []).reverse().map(moment));
}

function moment(image) {
  const item = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href: image.url });
  const words = `${image.age.toFixed(1)} s ago`;
  const shown = Object.assign(document.createElement("img"), { src: `${image.url}&width=320`, alt: `What it showed ${words}`, loading: "lazy" });
  link.append(shown, words);
  item.append(link);
  return item;
}
