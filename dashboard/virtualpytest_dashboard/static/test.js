// The page of a test: a clip is stepped through by frames, and the command to run the test again is copied.
const FRAME = 1 / 25; // seconds: that of the clips that are kept of devices

function clips() {
  return [...document.querySelectorAll("video")];
}

function chosen() {
  const field = document.activeElement;
  return clips().find((clip) => clip === field || clip.closest("figure").contains(field)) || clips()[0];
}

function step(clip, frames) {
  clip.pause();
  clip.currentTime = Math.min(Math.max(clip.currentTime + frames * FRAME, 0), clip.duration || 0);
}

function told(clip) {
  const place = clip.closest("figure").querySelector("[data-place]");
  if (place) place.textContent = `${clip.currentTime.toFixed(2)} s`;
}

for (const clip of clips()) {
  clip.addEventListener("timeupdate", () => told(clip));
  clip.addEventListener("seeked", () => told(clip));
  for (const button of clip.closest("figure").querySelectorAll("[data-frames]")) {
    button.hidden = false;
    button.addEventListener("click", () => step(clip, Number(button.dataset.frames)));
  }
}

document.addEventListener("keydown", (event) => {
  const writes = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable;
  const frames = { ",": -1, ".": 1 }[event.key];
  if (!frames || writes || event.ctrlKey || event.altKey || event.metaKey || !clips().length) return;
  event.preventDefault();
  step(chosen(), frames);
});

for (const button of document.querySelectorAll("[data-copy]")) {
  const words = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(words.textContent);
      button.textContent = "copied";
    } catch { // not allowed here: it can be copied by hand
      getSelection().selectAllChildren(words);
      button.textContent = "selected";
    }
  });
}
