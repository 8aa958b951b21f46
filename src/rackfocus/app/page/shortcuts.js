// Turns keys into actions, sent to the viewer as events of the window.
const IN_USE = "input, textarea, select, [contenteditable], [role=combobox], [role=listbox], [role=slider], [role=dialog]";

export default {
  template: "<span hidden></span>",
  props: { keys: Object }, // such as { "Ctrl+Z": "undo" }
  mounted() {
    this.onKey = (event) => {
      const name = named(event);
      const action = this.keys[name];
      const busy = event.target.closest?.(IN_USE) || document.querySelector(".q-dialog, .q-menu");
      const presses = ["Space", "Enter"].includes(name) && event.target.closest?.("button, a, [role=switch]");
      if (!action || busy || presses) return;
      event.preventDefault();
      window.dispatchEvent(new CustomEvent("rackfocus:action", { detail: action }));
    };
    // An element that was clicked loses focus, so that it does not receive the next key; one reached by Tab keeps it.
    this.onRelease = () =>
      requestAnimationFrame(
        () => document.activeElement.closest("button, .q-slider, .q-toggle") && document.activeElement.blur(),
      );
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("pointerup", this.onRelease);
  },
  unmounted() {
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("pointerup", this.onRelease);
  },
};

function named(event) {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const letter = key.length > 1 || key !== key.toLowerCase();
  const shift = event.shiftKey && letter ? "Shift+" : "";
  return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + shift + key;
}
