// Tabs as the ARIA Authoring Practices describe them: arrows, Home and End move and select.

/**
 * @param {HTMLElement} list
 * @param {(leaving: HTMLElement) => void} onLeave the panel that is about to be hidden
 * @returns {(tab: HTMLElement) => void} selects a tab
 */
export function tabs(list, onLeave) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

  function select(tab) {
    const current = all.find((other) => other.getAttribute("aria-selected") === "true");
    if (tab === current) return;
    onLeave(panelOf(current));
    for (const other of all) {
      const isSelected = other === tab;
      other.setAttribute("aria-selected", isSelected);
      other.tabIndex = isSelected ? 0 : -1;
      panelOf(other).hidden = !isSelected;
    }
  }

  for (const tab of all) tab.addEventListener("click", () => select(tab));
  list.addEventListener("keydown", (event) => {
    const index = all.indexOf(event.target);
    const count = all.length;
    const next = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: count - 1 }[event.key];
    if (next === undefined || index < 0) return;
    event.preventDefault();
    const tab = all[(next + count) % count];
    tab.focus();
    select(tab);
  });
  return select;
}
