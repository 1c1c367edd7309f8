/* One filter for findings and hosts. */

const chosen = {
  words: [],
  group: "",
  band: "",
  cover: "",
  source: null
};

function option(value, text) {
  return el("option", {value}, text);
}

function buildFilter() {
  byId("by-group")
      .append(
          option("", "All groups"),
          ...shownGroups.map((index) => option(index, cut(safe(groups[index].name), 40))));
  byId("by-band").append(
      option("", "All bands"), option("lead", "strong or probable"),
      ...Object.keys(BANDS).map((band) => option(band, BANDS[band].word)));
  byId("by-cover")
      .append(
          option("", "Any coverage"),
          ...Object.entries(COVER_WORDS).map(([cover, words]) => option(cover, words)));
  const form = byId("filter");
  form.addEventListener("input", onceAFrame(readFilter));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => filterBy({}));
  document.addEventListener("keydown", (event) => {
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    byId("words").focus();
  });
}

function readFilter() {
  chosen.words = byId("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  chosen.group = byId("by-group").value;
  chosen.band = byId("by-band").value;
  chosen.cover = byId("by-cover").value;
  applyFilter();
}

/* Sets the filter from elsewhere; what is not named is cleared. */
function filterBy({group, source}) {
  byId("words").value = "";
  byId("by-group").value = group === undefined ? "" : group;
  byId("by-band").value = "";
  byId("by-cover").value = "";
  chosen.source = source === undefined ? null : source;
  readFilter();
}

function matches(host) {
  if (chosen.group !== "" && host.group !== Number(chosen.group)) return false;
  if (chosen.band === "lead" ? host.band !== "strong" && host.band !== "probable" :
                               chosen.band && host.band !== chosen.band)
    return false;
  if (chosen.cover && host.cover !== chosen.cover) return false;
  if (chosen.source === null) return true;
  const {kind} = look(host.cells[chosen.source]);
  return kind !== "ok" && kind !== "foreign";
}

function hasWords(words) {
  return chosen.words.every((word) => words.includes(word));
}

function applyFilter() {
  const shown = [];
  for (const host of hosts)
    if (matches(host) && hasWords(host.finding ? host.finding.words : host.words)) shown.push(host.index);
  let findings = 0;
  for (const finding of report.findings) {
    const fits = matches(hosts[finding.host]) && hasWords(finding.words);
    finding.card.classList.toggle("filtered", !fits);
    findings += fits ? 1 : 0;
  }
  byId("findings-none").hidden = findings > 0 || !report.findings.length;
  setHosts(shown);
  const about = chosen.source === null ? "" : ` without a whole answer to ${sources[chosen.source].name}`;
  byId("filter-count").textContent = `${findings} of ${counted(report.findings.length, "finding")}, ${
      count(shown.length)} of ${counted(hosts.length, "host")}${about}`;
}
