// Parts of the page that overlap, or do not fit.
() => {
  const parts = [".rf-head", ".rf-view", ".rf-below", ".rf-panel", ".rf-queue"];
  const boxes = parts.flatMap((name) =>
    [...document.querySelectorAll(name)].map((part) => [name, part.getBoundingClientRect(), part]));
  const found = [];
  for (const [name, box, part] of boxes) {
    if (box.left < 0 || box.top < 0 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1) found.push(`${name} leaves the window`);
    for (const [other, its, another] of boxes) {
      if (part.contains(another) || another.contains(part)) continue; // one within the other is meant
      const over = Math.min(box.right, its.right) - Math.max(box.left, its.left) > 1
        && Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top) > 1;
      if (name < other && over) found.push(`${name} and ${other} overlap`);
    }
  }
  for (const name of [".rf-panel", ".rf-head", ".rf-transport"]) {
    const part = document.querySelector(name);
    if (!part) continue;
    if (part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1) found.push(`${name} is too small`);
  }
  return found;
}
