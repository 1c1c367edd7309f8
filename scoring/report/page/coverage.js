/* Sources by groups: the share of hosts that count, and what the others said. */

const PILLAR_WORDS = {
  running: "Running",
  set_to_run: "Set to run",
  has_run: "Has run",
  os_state: "OS state",
  coverage: "About the look itself"
};
const PILLAR_ORDER = ["running", "set_to_run", "has_run", "os_state", "coverage"];
const shownGroups = groups.map((group, index) => index).filter((index) => groups[index].hosts > 0);

/* What a cell of the matrix says. Foreign: the query is for another platform, or the host has no such source.
 */
function cellFacts(source, group) {
  const parts =
      statuses.map((status, i) => ({status, ...LOOK[status.name], hosts: report.matrix[source][group][i]}));
  const applies = parts.filter((part) => part.kind !== "foreign").reduce((sum, part) => sum + part.hosts, 0);
  const covered = parts.filter((part) => part.status.is_covered).reduce((sum, part) => sum + part.hosts, 0);
  const lost = parts.filter((part) => part.hosts && part.kind !== "foreign" && part.kind !== "ok");
  return {parts: parts.filter((part) => part.hosts), applies, covered, lost};
}

function cellInWords(source, group) {
  const {parts} = cellFacts(source, group);
  const words = parts.map((part) => `${count(part.hosts)} ${part.status.name}`).join(", ");
  return `${sources[source].name} on ${safe(groups[group].name)}: ${words || "no host"}`;
}

function heatCell(source, group) {
  const facts = cellFacts(source, group);
  const cell = el(
      "td",
      {tabindex: "-1", "data-source": source, "data-group": group, "aria-label": cellInWords(source, group)});
  if (!facts.applies) {
    cell.className = "na";
    cell.textContent = "–";
    return cell;
  }
  const share = facts.covered / facts.applies;
  /* what is not all is never shown as nearly all: a step lies between the two */
  cell.style.background = `rgb(var(--heat) / ${share < 1 ? (0.05 + 0.48 * share * share).toFixed(3) : 0.92})`;
  if (share === 1) cell.className = "deep";
  cell.append(el("b", null, percent(facts.covered, facts.applies).replace(" %", "")));
  const worst = facts.lost.slice().sort((a, b) => b.hosts - a.hosts)[0];
  if (worst) {
    cell.append(el("span", {class: "loss-glyph", "aria-hidden": "true"}, worst.glyph));
    cell.append(lossStrip(facts));
  }
  return cell;
}

function lossStrip(facts) {
  return el(
      "span", {class: "strip", "aria-hidden": "true"}, ["ok", "part", "blocked", "nothing"].map((kind) => {
        const number =
            facts.parts.filter((part) => part.kind === kind).reduce((sum, part) => sum + part.hosts, 0);
        if (!number) return null;
        const piece = el("i", {class: "t-" + TONE[kind]});
        piece.style.width = (100 * number) / facts.applies + "%";
        return piece;
      }));
}

function heatRow(source, index) {
  const name =
      el("th", {scope: "row"}, source.title || source.name, el("small", {class: "mono"}, source.name));
  const whole = el("td", {class: "side"}, `${count(source.covered)} of ${count(source.applicable)}`);
  const oldest =
      el("td", {class: "side"}, source.oldest_time === null ? "-" : time(source.oldest_time).slice(0, 16));
  return el("tr", null, name, shownGroups.map((group) => heatCell(index, group)), whole, oldest);
}

function heatHead() {
  const names = shownGroups.map((index) => {
    const group = groups[index];
    return el(
        "th", {scope: "col"}, raw(cut(group.name, 40)), el("small", null, counted(group.hosts, "host")));
  });
  return el(
      "thead", null,
      el("tr", null, el("th", {scope: "col"}, el("span", {class: "sr"}, "Source")), names,
         el("th", {scope: "col"}, "Covered", el("small", null, "of those it is for")),
         el("th", {scope: "col"}, "Oldest answer", el("small", null, "UTC"))));
}

function drawHeat() {
  const body = el("tbody");
  for (const pillarName of PILLAR_ORDER) {
    const own = asked.filter((index) => sources[index].pillar === pillarName);
    if (!own.length) continue;
    const head = el("th", {colspan: shownGroups.length + 3, scope: "rowgroup"}, PILLAR_WORDS[pillarName]);
    body.append(el("tr", {class: "pillar-row"}, head), ...own.map((index) => heatRow(sources[index], index)));
  }
  const says = "Coverage of each source on each group, per cent of its hosts";
  const grid = el("table", {class: "heat", role: "grid", "aria-label": says}, heatHead(), body);
  byId("heat").append(grid);
  startHeat(grid);
  tellUnasked();
  byId("heat-legend").append(...statuses.map(legendMark));
}

function legendMark(status) {
  const {kind, glyph} = LOOK[status.name];
  const mark = el("span", {class: "cells", "aria-hidden": "true"}, el("i", {class: "k-" + kind}, glyph));
  return el("span", {title: status.means}, mark, status.name);
}

function tellUnasked() {
  const silent = sources.filter((source) => !source.is_asked && source.in_pack);
  if (!silent.length) return;
  const queries = counted(silent.length, "further query", "further queries");
  byId("heat-missing").append(`No host answered ${queries} of the packs: nobody looked there. `,
                              el("a", {href: "#not-run"}, "They are listed below."));
}

const HEAT_MOVES = {ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0]};

/* One stop of the Tab key; arrow keys walk inside. [WAI-ARIA APG, grid] */
function startHeat(grid) {
  const cells = [...grid.querySelectorAll("td[data-source]")], wide = shownGroups.length;
  const cellOf = (event) => event.target.closest("td[data-source]");
  const tell = (cell) => {
    if (cell) byId("heat-detail").textContent = cell.getAttribute("aria-label") + ".";
  };
  if (cells.length) cells[0].tabIndex = 0;
  grid.addEventListener("focusin", (event) => tell(cellOf(event)));
  grid.addEventListener("mouseover", (event) => tell(cellOf(event)));
  grid.addEventListener("click", (event) => openCell(cellOf(event)));
  grid.addEventListener("keydown", (event) => {
    const at = cells.indexOf(cellOf(event)), move = HEAT_MOVES[event.key];
    if (event.key === "Enter") openCell(cellOf(event));
    if (at < 0 || !move) return;
    event.preventDefault();
    const column = (at % wide) + move[1], next = cells[at + move[0] * wide + move[1]];
    if (next && column >= 0 && column < wide) moveFocus(cells[at], next);
  });
}

function moveFocus(from, to) {
  from.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

/* Shows the hosts of a cell whose answer is not whole. */
function openCell(cell) {
  if (!cell) return;
  filterBy({group: cell.dataset.group, source: Number(cell.dataset.source)});
  byId("hosts").scrollIntoView();
}

/* Gaps of one host that have the same status and reason are one line. */
function gapLines() {
  const lines = new Map();
  for (const gap of report.gaps.shown) {
    const status = statusOf.get(hosts[gap.host].cells[gap.source]),
          name = sources[gap.source].name + gapNumbers(gap, " (", ")");
    const key = [gap.host, status.code, gap.why].join("\n");
    if (lines.has(key))
      lines.get(key).names.push(name);
    else
      lines.set(key, {gap, status, names: [name]});
  }
  return [...lines.values()].map(
      ({gap, status, names}) =>
          [raw(hosts[gap.host].name), el("span", {class: "num"}, LOOK[status.name].glyph + " " + status.name),
           names.join(", "), gap.why === null ? "" : raw(gap.why)]);
}

/* "claimed 17, arrived 8" between two texts; "" when neither is known. */
function gapNumbers(gap, before, after) {
  const numbers = [];
  if (gap.claimed !== null) numbers.push("claimed " + count(gap.claimed));
  if (gap.arrived !== null) numbers.push("arrived " + count(gap.arrived));
  return numbers.length ? before + numbers.join(", ") + after : "";
}

/* By its lines; of a host that never answered, by the list of hosts. */
function lastSeen(host) {
  return host.listed_last_seen === null ? time(host.last_seen) : raw(host.listed_last_seen + " (by the list of hosts)");
}

function drawUnreached() {
  const away = hosts.filter((host) => host.cover === "never" || host.cover === "nothing");
  const box = byId("unreached");
  if (!away.length) {
    box.append(none(
        report.denominators.expected === null ?
            "Every host of the logs is covered by at least one source; " +
                 "without a list of hosts nobody knows which are missing." :
            "Every host of the list is covered by at least one source."));
    return;
  }
  box.append(...foldedTable(
      ["Host", "Identifier", "Why", "Last seen"],
      away.map(
          (host) => [raw(host.name), mono(host.identifier), COVER_WORDS[host.cover], lastSeen(host)]),
      20, "hosts"));
}

function drawGaps() {
  const {shown, total} = report.gaps, box = byId("gaps");
  if (!shown.length) return box.append(none("No host that answered left a gap."));
  box.append(...foldedTable(["Host", "Status", "Sources", "Why"], gapLines(), 20, "lines"));
  if (total > shown.length)
    box.append(none(`${count(total - shown.length)} further gaps stand in fsa-score coverage -f csv.`));
}

function drawBounds() {
  const counts =
      report.detection_bound.length ? report.detection_bound[0].misses.map((miss) => miss.compromised) : [];
  const rows = report.detection_bound.map(
      (bound) =>
          [bound.scope, count(bound.hosts), count(bound.looked),
           ...bound.misses.map((miss) => chance(miss.chance))]);
  byId("bounds").append(table(
      [
        "Looked at", ["Hosts", "num"], ["Covered", "num"],
        ...counts.map((k) => [counted(k, "host") + " compromised", "num"])
      ],
      rows, "Chance that none of so many compromised hosts was looked at"));
}
