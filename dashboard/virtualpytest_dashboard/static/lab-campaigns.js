// Campaigns: start, stop, plan, and what a running one says. See lab/campaign_pages.py for the words.
const EVERY = 2000; // ms
const SAID = { stop: "stopping …", pause: "those that run end first …", continue: "going on …" }; // the others start
const BODIES = { failed: { failed: true }, queue: { queue: true } };

class Campaign {
  constructor(part) {
    this.part = part;
    this.address = part.dataset.campaign;
    this.running = part.querySelector("[data-state]").classList.contains("v-running");
    for (const button of part.querySelectorAll("[data-do]")) button.addEventListener("click", () => this.do(button.dataset.do));
    if (this.running) this.progress();
    setInterval(() => this.running && !document.hidden && this.look(), EVERY);
  }

  find(name) {
    return this.part.querySelector(name);
  }

  async do(word) {
    try {
      if (word === "plan") return await this.plan();
      this.say(SAID[word] ?? "starting …");
      const told = await this.post(word in SAID ? word : "start", BODIES[word] ?? {});
      if (told.waiting) return location.reload();
      this.say("");
      this.running = true;
      await this.look();
    } catch (error) {
      this.say(error.message, true);
    }
  }

  async post(word, body) {
    const headers = { "Content-Type": "application/json", "X-Virtualpytest-Token": this.part.dataset.token };
    const answer = await fetch(`${this.address}/${word}`, { method: "POST", headers, body: JSON.stringify(body) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error);
    return told;
  }

  async look() {
    let told;
    try {
      told = await (await fetch(this.address)).json();
    } catch {
      return; // the dashboard is away: the next time, perhaps
    }
    this.running = told.running;
    this.progress();
    const state = this.find("[data-state]");
    state.textContent = told.paused ? "‖ paused" : told.running ? "▸ running" : "not running";
    state.classList.toggle("v-running", told.running);
    this.show("start", !told.running);
    this.show("failed", !told.running);
    this.show("stop", told.running);
    this.show("pause", told.running && !told.paused);
    this.show("continue", told.paused);
    const run = this.find("[data-run]");
    run.hidden = !told.run;
    run.href = told.run;
    run.textContent = told.running ? "follow it" : "its last run";
    const log = this.find("[data-log]");
    const atEnd = log.scrollTop + log.clientHeight > log.scrollHeight - 20;
    log.textContent = told.said;
    if (told.running) log.closest("details").open = true;
    if (atEnd) log.scrollTop = log.scrollHeight;
    if (!told.running) this.say(told.code === null ? "ended" : `ended with exit code ${told.code}`);
  }

  async progress() {
    const place = this.find("[data-progress]");
    try {
      const answer = await fetch(place.dataset.progress);
      if (answer.status !== 200) return;
      const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
      place.replaceChildren(...piece.body.childNodes);
      place.hidden = false;
    } catch { /* the dashboard is away: the next time, perhaps */ }
  }

  show(word, yes) {
    const button = this.find(`[data-do=${word}]`);
    if (button) button.hidden = !yes;
  }

  async plan() {
    this.say("collecting its tests …");
    const answer = await fetch(`${this.address}/plan`);
    const plan = await answer.json();
    if (!answer.ok) throw new Error(plan.error);
    this.say(`${plan.tests.length} tests on ${plan.devices.length} devices, about ${Math.ceil(plan.seconds)} s`);
    const table = document.createElement("table");
    const row = (tag, words) => {
      const line = table.insertRow();
      for (const word of words) line.append(Object.assign(document.createElement(tag), { textContent: word }));
    };
    row("th", ["Test", "Devices", "Seconds"]);
    for (const test of plan.tests) {
      row("td", [test.test, Object.values(test.devices).flat().join(" ") || "–", `${test.known ? "" : "~"}${test.seconds.toFixed(1)}`]);
    }
    const place = this.find("[data-plan]");
    place.replaceChildren(table);
    place.hidden = false;
  }

  say(words, bad = false) {
    const place = this.find("[data-said]");
    place.textContent = words;
    place.classList.toggle("bad", bad);
  }
}

// what is run once: its list is asked for anew as long as something in it runs
async function followOnce() {
  const place = document.querySelector("[data-once]");
  if (document.hidden || !place?.querySelector(".v-running") || place.contains(document.activeElement)) return;
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    place.replaceChildren(...page.querySelector("[data-once]").childNodes);
  } catch { /* the dashboard is away: the next time, perhaps */ }
}

setInterval(followOnce, EVERY);
for (const part of document.querySelectorAll("[data-campaign]")) new Campaign(part);
