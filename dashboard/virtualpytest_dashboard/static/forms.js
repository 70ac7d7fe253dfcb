// Forms and buttons that act: what a form holds is sent as JSON to its data-act, then the page is shown anew.
//   <form data-act="/api/…" data-then="/where/to/go"> <input name=outer.inner> <textarea name=… data-list>
//   <input name=… data-list=",">
//   <textarea name=… data-pairs>NAME=value</textarea> <input type=checkbox name=…>
//   <button type="button" data-act="/api/…" data-sure="Delete it?">
// An empty field is not sent. What went wrong is said in the nearest [data-said].
function value(field) {
  if (field.type === "checkbox") return field.checked;
  const lines = field.value.split(field.dataset.list || "\n").map((line) => line.trim()).filter(Boolean);
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
    const headers = { "Content-Type": "application/json", "X-Virtualpytest-Token": document.querySelector("[data-token]").dataset.token };
    const answer = await fetch(place.dataset.act, { method: "POST", headers, body: JSON.stringify(body) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error);
    if (place.dataset.then) location.assign(place.dataset.then);
    else location.reload();
  } catch (error) {
    say(place, error.message, true);
  }
}

// heard at the document: a page that follows its run puts fresh forms in place of these
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-act]")) return;
  event.preventDefault();
  send(event.target, body(event.target));
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button) send(button, {});
});
