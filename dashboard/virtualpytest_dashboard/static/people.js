// Forms that are sent as JSON: data-send is the method, what is in its fields the body. See people/own.py and
// people/administration.py for the words. An answer that has a secret shows it, once; after others the page is new.
const part = document.getElementById("people");
const said = part.querySelector("[data-said]");
const once = part.querySelector("[data-once]");

function words(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    if ("many" in field.dataset) body[field.name] = [...(body[field.name] ?? []), ...(field.checked ? [field.value] : [])];
    else if ("lines" in field.dataset) body[field.name] = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
    else body[field.name] = "number" in field.dataset ? Number(field.value) : field.value;
  }
  return form.dataset.in ? { [form.dataset.in]: body } : body;
}

async function send(form) {
  const headers = { "Content-Type": "application/json", "X-Virtualpytest-Token": part.dataset.token };
  const body = JSON.stringify(words(form));
  const answer = await fetch(form.getAttribute("action"), { method: form.dataset.send, headers, body });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}

function show(title, secret) {
  once.querySelector("[data-once-title]").textContent = title;
  once.querySelector("[data-once-words]").textContent = secret;
  once.hidden = false;
  once.focus();
  once.scrollIntoView({ block: "nearest" });
}

function say(words, bad = false) {
  said.textContent = words;
  said.classList.toggle("bad", bad);
  if (words) said.scrollIntoView({ block: "nearest" });
}

part.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.dataset.sure && !confirm(form.dataset.sure)) return;
  try {
    const told = await send(form);
    say("");
    if (form.dataset.onceIs) show(form.dataset.onceIs, told.secret ?? told.link);
    else if (form.dataset.then) { form.reset(); say(form.dataset.then); } else location.reload();
  } catch (error) {
    say(error.message, true);
  }
});
