/* Draws the page: what is seen first comes first. */

const THEMES = ["auto", "light", "dark"];
const theme = {
  chosen: "auto",
  dark: window.matchMedia("(prefers-color-scheme: dark)")
};

function applyTheme() {
  const isDark = theme.chosen === "auto" ? theme.dark.matches : theme.chosen === "dark";
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  byId("theme").textContent = "Theme: " + theme.chosen;
}

function startTheme() {
  applyTheme();
  const redraw = () => {
    applyTheme();
    drawFleetLegend();
    drawFleet();
  };
  theme.dark.addEventListener("change", redraw);
  byId("theme").addEventListener("click", () => {
    theme.chosen = THEMES[(THEMES.indexOf(theme.chosen) + 1) % THEMES.length];
    redraw();
  });
}

/* The rail shows which section is being read. */
function followSections() {
  const links = new Map([...document.querySelectorAll(".rail a")].map((link) => [link.hash.slice(1), link]));
  const parts = [byId("verdict"), ...document.querySelectorAll("main > section")];
  const follow = onceAFrame(() => {
    let now = parts[0];
    for (const part of parts)
      if (part.getBoundingClientRect().top < window.innerHeight * 0.3) now = part;
    const current = links.get(now.id === "verdict" ? "main" : now.id);
    for (const link of links.values()) link.toggleAttribute("aria-current", link === current);
  });
  document.addEventListener("scroll", follow, {passive: true});
  follow();
}

/* Paper has no folds, no dark theme and another width. */
function startPrint() {
  window.addEventListener("beforeprint", () => {
    for (let i = 0; i < beforePrint.length; i++) beforePrint[i](); /* what is opened may bring more */
    printHosts();
    document.documentElement.dataset.theme = "light";
    drawFleetLegend();
    drawFleet(PRINT_WIDTH);
  });
  window.addEventListener("afterprint", () => {
    applyTheme();
    drawFleetLegend();
    drawFleet();
  });
}

startTheme();
drawVerdict();
startFleet();
drawFindings();
buildHostList();
buildFilter();
readFilter();
drawTimeline();
drawScores();
drawRarity();
drawHeat();
drawUnreached();
drawGaps();
drawBounds();
drawFleetwide();
drawAside();
drawInputs();
drawMethod();
drawSign();
startPrint();
followSections();
window.addEventListener("resize", onceAFrame(() => drawFleet()));
document.documentElement.dataset.ready = "1";
