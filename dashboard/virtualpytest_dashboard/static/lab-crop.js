// A piece of a still picture, kept as PNG: what a test then looks for.
export class Crop {
  constructor(part, screen, onChange) {
    this.button = part.querySelector("[data-crop]");
    this.form = part.querySelector("[data-cropping]");
    this.canvas = screen.querySelector("canvas");
    this.live = screen.querySelector("img");
    Object.assign(this, { screen, onChange, frame: null, name: part.dataset.device, address: `${part.dataset.api}/frame` });
    this.button.addEventListener("click", () => (this.frame ? this.end() : this.begin()));
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.save(); });
    this.form.addEventListener("input", () => this.draw());
    this.canvas.addEventListener("pointerdown", (event) => this.drag(event));
  }

  async begin() {
    const answer = await fetch(this.address);
    if (!answer.ok) return;
    this.frame = await createImageBitmap(await answer.blob());
    Object.assign(this.canvas, { width: this.frame.width, height: this.frame.height, hidden: false });
    this.live.style.visibility = "hidden";
    this.open(true);
    this.draw();
  }

  end() {
    this.frame = null;
    this.canvas.hidden = true;
    this.live.style.visibility = "";
    this.open(false);
  }

  open(on) {
    this.form.hidden = !on;
    this.button.setAttribute("aria-pressed", on);
    this.screen.classList.toggle("cropping", on);
    this.onChange(on);
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = Math.min(box.width / this.frame.width, box.height / this.frame.height);
    const left = box.left + (box.width - this.frame.width * scale) / 2;
    const top = box.top + (box.height - this.frame.height * scale) / 2;
    const within = (value, most) => Math.round(Math.min(most, Math.max(0, value)));
    return [within((event.clientX - left) / scale, this.frame.width), within((event.clientY - top) / scale, this.frame.height)];
  }

  drag(event) {
    const [x, y] = this.place(event);
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.onpointermove = (moved) => {
      const [to, down] = this.place(moved);
      this.set({ x: Math.min(x, to), y: Math.min(y, down), width: Math.max(1, Math.abs(to - x)), height: Math.max(1, Math.abs(down - y)) });
    };
    this.canvas.onpointerup = () => { this.canvas.onpointermove = null; };
  }

  set(region) {
    for (const [word, value] of Object.entries(region)) this.form.elements[word].value = value;
    this.draw();
  }

  region() {
    const [x, y, width, height] = ["x", "y", "width", "height"].map((word) => Number(this.form.elements[word].value));
    return { x, y, width: Math.min(width, this.frame.width - x), height: Math.min(height, this.frame.height - y) };
  }

  draw() {
    if (!this.frame) return;
    const { x, y, width, height } = this.region();
    const pen = this.canvas.getContext("2d");
    pen.drawImage(this.frame, 0, 0);
    pen.fillStyle = "rgb(0 0 0 / .45)";
    pen.fillRect(0, 0, this.frame.width, this.frame.height);
    if (width > 0 && height > 0) pen.drawImage(this.frame, x, y, width, height, x, y, width, height);
    pen.strokeStyle = "#ffd54a";
    pen.lineWidth = 2;
    pen.strokeRect(x, y, width, height);
  }

  async save() {
    const { x, y, width, height } = this.region();
    if (width < 1 || height < 1) return;
    const piece = new OffscreenCanvas(width, height);
    piece.getContext("2d").drawImage(this.frame, x, y, width, height, 0, 0, width, height);
    const address = URL.createObjectURL(await piece.convertToBlob({ type: "image/png" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: this.form.elements.name.value });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}
