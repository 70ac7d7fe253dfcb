// The page of a run follows its run: what has changed is fetched and put in place while the page can be seen.
const main = document.getElementById("main");
const link = document.querySelector("link[data-events]");
let shown = link.dataset.version;
let wanted = shown;
let source = null;
let busy = false;

function held() {
  const field = document.activeElement;
  return main.contains(field) && field.name ? field : null;
}

function put(fresh) {
  const field = held();
  const open = field && { name: field.name, value: field.value, at: field.selectionStart };
  main.replaceChildren(...fresh.childNodes);
  const again = open && main.querySelector(`[name="${open.name}"]`);
  if (!again) return;
  again.value = open.value;
  again.focus({ preventScroll: true });
  if (open.at !== null && again.setSelectionRange) again.setSelectionRange(open.at, open.at);
}

async function update() {
  if (busy) return;
  busy = true;
  try {
    while (shown !== wanted) {
      const next = wanted;
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.ok) put(page.getElementById("main"));
      shown = next;
    }
  } catch { /* the dashboard is away: the next event, perhaps */ }
  busy = false;
}

function follow() {
  if (source) source.close();
  source = null;
  if (document.hidden) return;
  source = new EventSource(link.dataset.events);
  source.onmessage = (event) => { wanted = event.data; update(); };
}

document.addEventListener("visibilitychange", follow);
addEventListener("pagehide", () => source && source.close());
follow();
