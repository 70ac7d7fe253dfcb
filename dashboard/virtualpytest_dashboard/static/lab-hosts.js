// The hosts, as they are now: the page's own middle is fetched again while it can be seen.
const EVERY = 3000;

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.pathname);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("hosts");
    if (fresh) document.getElementById("hosts").replaceChildren(...fresh.childNodes);
  } catch { /* the dashboard is away: the next time, perhaps */ }
}

setTimeout(refresh, 1000); // the first answers of hosts come soon after the page
setInterval(refresh, EVERY);
