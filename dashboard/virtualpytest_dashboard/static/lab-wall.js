// The wall of devices: pictures of those that can be seen, and how each is.
import { Live, paint, write } from "./lab-live.js";

const parts = new Map([...document.querySelectorAll("[data-device]")].map((part) => [part.dataset.device, part]));
const seen = new Set();

const live = new Live("small", (facts, blob) => paint(parts.get(facts.device).querySelector(".screen"), facts, blob), states);

function states(devices) {
  const tally = {};
  for (const device of devices) {
    tally[device.state] = (tally[device.state] || 0) + 1;
    if (parts.has(device.name)) write(parts.get(device.name), device);
  }
  const words = Object.entries(tally).map(([state, count]) => `${count} ${state}`).join(", ");
  const place = document.querySelector("[data-tally]");
  if (place.textContent !== words) place.textContent = words; // a reader of screens says each change
}

const watch = new IntersectionObserver((entries) => {
  for (const entry of entries) seen[entry.isIntersecting ? "add" : "delete"](entry.target.dataset.device);
  live.show(seen);
});
for (const part of parts.values()) if (part.querySelector(".screen img")) watch.observe(part);
