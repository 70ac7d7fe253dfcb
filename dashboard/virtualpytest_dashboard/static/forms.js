// Forms that are sent as JSON: what is in the fields is the body, a box is true or false. See notes.py and retention.py.
async function send(form) {
  const fields = [...form.elements].filter((field) => field.name);
  const body = Object.fromEntries(fields.map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value]));
  const headers = { "Content-Type": "application/json", "X-Virtualpytest-Token": form.dataset.token };
  const answer = await fetch(form.dataset.post, { method: "POST", headers, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.post) return;
  event.preventDefault();
  try {
    await send(form);
    location.reload();
  } catch (error) {
    const told = form.querySelector("[data-told]");
    told.textContent = error.message;
    told.classList.add("bad");
  }
});
