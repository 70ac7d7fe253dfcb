// Forms and buttons that act: what a form holds is sent as JSON to its data-send, then the page is shown anew.
//   <form data-send="/api/…" data-then="/where/to/go"> <input name=outer.inner> <textarea name=… data-list>
//   <textarea name=… data-pairs>NAME=value</textarea> <input type=checkbox name=…>
//   <button type="button" data-send="/api/…" data-sure="Delete it?">
// An empty field is not sent. What went wrong is said in the nearest [data-said].
const token = document.querySelector("[data-token]")?.dataset.token;

function value(field) {
  if (field.type === "checkbox") return field.checked;
  const lines = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
  if ("list" in field.dataset) return lines;
  if ("pairs" in field.dataset) return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s)));
  return field.type === "number" ? Number(field.value) : field.value.trim();
}

function body(form) {
  const found = {};
  for (const field of form.elements) {
    if (!field.name || field.value === "") continue;
    const outer = field.name.split(".");
    const inner = outer.pop();
    outer.reduce((at, word) => (at[word] ??= {}), found)[inner] = value(field);
  }
  return found;
}

function say(place, words, bad = false) {
  const said = place.closest("form, section")?.querySelector("[data-said]");
  if (!said) return;
  said.textContent = words;
  said.classList.toggle("bad", bad);
}

async function send(place, body) {
  if (place.dataset.sure && !confirm(place.dataset.sure)) return;
  say(place, "…");
  try {
    const headers = { "Content-Type": "application/json", "X-Virtualpytest-Token": token };
    const answer = await fetch(place.dataset.send, { method: "POST", headers, body: JSON.stringify(body) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error);
    if (place.dataset.then) location.assign(place.dataset.then);
    else location.reload();
  } catch (error) {
    say(place, error.message, true);
  }
}

for (const form of document.querySelectorAll("form[data-send]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, body(form));
  });
}
for (const button of document.querySelectorAll("button[data-send]")) {
  button.addEventListener("click", () => send(button, {}));
}
