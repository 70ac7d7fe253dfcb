// Incidents, as they come: the page's own list is fetched again while it can be seen.
const list = document.querySelector("[data-incidents]");
let last = "";

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-incidents]");
    if (!fresh || fresh.innerHTML === last || list.contains(document.activeElement)) return;
    last = fresh.innerHTML;
    list.replaceChildren(...fresh.childNodes);
  } catch { /* the dashboard is away: the next time, perhaps */ }
}

if (list) {
  setTimeout(refresh, 1500); // the first answers of hosts come soon after the page
  setInterval(refresh, 4000);
}
