/* All hosts in a list that draws only what is seen: ten thousand scroll like ten. */

const LINE = 30; /* pixels, as in page.css */
const MORE = 4;  /* lines drawn above and below the window */
const list = {
  shown: [],
  at: 0,
  pool: [],
  window: null,
  space: null,
  open: -1
};

/* Many sources have narrow marks: then their shape alone tells them apart, as page.css draws it. */
const STRIP_WIDTH = 180;
const markWidth = Math.max(3, Math.min(11, Math.floor(STRIP_WIDTH / Math.max(asked.length, 1)) - 1));
const hasGlyphs = markWidth >= 8;

const COLUMNS = ["Rank", "Host", "Group", "Band", "E", "Points", "Sources", "Last seen"];

function isNumber(column) {
  return column === 0 || column === 4 || column === 5;
}

/* The head stays in sight inside the window: its columns stand over those below whatever a scroll bar takes. */
function buildHostList() {
  const names = COLUMNS.map((name, i) => el("span", {role: "columnheader", class: isNumber(i) && "num"}, name));
  const attributes = {class: "window", tabindex: "0", role: "grid", "aria-label": "Hosts"};
  list.space = el("div", {class: "space", role: "rowgroup"});
  list.window = el("div", attributes, el("div", {class: "line head", role: "row"}, names), list.space);
  list.window.setAttribute("aria-describedby", "hosts-lead");
  byId("host-list").style.setProperty("--mark", markWidth + "px");
  byId("host-list").append(el("div", {class: "grid"}, list.window));
  list.window.addEventListener("scroll", onceAFrame(drawLines), {passive: true});
  list.window.addEventListener("keydown", steerList);
  list.window.addEventListener("focus", () => mark(list.at));
  list.window.addEventListener("click", (event) => {
    const line = event.target.closest(".body-line");
    if (line) {
      mark(Number(line.dataset.at));
      showHost();
    }
  });
  new ResizeObserver(onceAFrame(drawLines)).observe(list.window);
}

/* Shows these hosts, the first line first. */
function setHosts(shown) {
  list.shown = shown;
  list.at = Math.min(list.at, Math.max(0, shown.length - 1));
  list.space.style.height = shown.length * LINE + "px";
  list.window.setAttribute("aria-rowcount", shown.length);
  drawLines();
}

function newLine() {
  const line = el("div", {class: "line body-line", role: "row"});
  COLUMNS.forEach((name, i) => {
    const kind = isNumber(i) ? "num" : name === "Sources" ? "cells" : null;
    line.append(el("span", {role: "gridcell", class: kind}));
  });
  list.space.append(line);
  return line;
}

/* Lines that left the window are used again for those that came into it. */
function drawLines() {
  const top = list.window.scrollTop, height = list.window.clientHeight;
  const first = Math.max(0, Math.floor(top / LINE) - MORE);
  const last = Math.min(list.shown.length, Math.ceil((top + height) / LINE) + MORE);
  while (list.pool.length < last - first)
    list.pool.push({element: newLine(), at: -1, host: -1, band: "", cells: ""});
  const free = [], drawn = new Set();
  for (const line of list.pool) {
    const isRight = line.at >= first && line.at < last && list.shown[line.at] === line.host;
    if (isRight)
      drawn.add(line.at);
    else
      free.push(line);
  }
  for (let at = first; at < last; at++)
    if (!drawn.has(at)) fillLine(free.pop(), at);
  for (const line of free) {
    line.element.hidden = true;
    line.at = -1;
    line.host = -1;
  }
  for (const line of list.pool) line.element.setAttribute("aria-selected", String(line.at === list.at));
}

function fillLine(line, at) {
  const host = hosts[list.shown[at]], {element} = line, cells = element.children;
  line.at = at;
  line.host = list.shown[at];
  element.hidden = false;
  element.id = "host-line-" + at;
  element.dataset.at = at;
  element.style.transform = `translateY(${at * LINE}px)`;
  element.setAttribute("aria-rowindex", at + 1);
  cells[0].textContent = host.rank ? count(host.rank) : "–";
  cells[1].replaceChildren(raw(host.name));
  cells[2].replaceChildren(raw(groups[host.group].name));
  if (line.band !== host.band) cells[3].replaceChildren(bandMark((line.band = host.band)));
  cells[4].textContent = host.e_value === null ? "?" : expected(host.e_value);
  cells[5].textContent = host.rank ? (host.score * POINTS).toFixed(1) : "?";
  if (line.cells !== host.cells) drawStrip(cells[6], (line.cells = host.cells));
  cells[6].setAttribute(
      "aria-label", `${host.covered} of ${host.applies} sources, ${COVER_WORDS[host.cover]}`);
  cells[7].textContent = host.last_seen === null ? "never" : time(host.last_seen).slice(0, 16);
}

/* Most hosts of a fleet have one strip: it is made once and copied. */
const strips = new Map();

function drawStrip(box, codes) {
  if (!strips.has(codes))
    strips.set(codes, asked.map((index) => {
      const {kind, glyph} = look(codes[index]);
      return el("i", {class: "k-" + kind, "aria-hidden": "true"}, hasGlyphs ? glyph : "");
    }));
  box.replaceChildren(...strips.get(codes).map((mark) => mark.cloneNode(true)));
}

/* Pixels of lines that are seen: the head covers one line. */
function seen() {
  return list.window.clientHeight - LINE;
}

/* Moves the mark to a line and keeps it in sight. */
function mark(at) {
  if (!list.shown.length) return;
  list.at = Math.max(0, Math.min(list.shown.length - 1, at));
  const top = list.at * LINE, {window: view} = list;
  if (top < view.scrollTop)
    view.scrollTop = top;
  else if (top + LINE > view.scrollTop + seen())
    view.scrollTop = top + LINE - seen();
  drawLines();
  view.setAttribute("aria-activedescendant", "host-line-" + list.at);
}

function steerList(event) {
  const page = Math.max(1, Math.floor(seen() / LINE) - 1);
  const moves = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -list.shown.length,
    End: list.shown.length
  };
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    showHost();
  }
  if (!(event.key in moves)) return;
  event.preventDefault();
  mark(list.at + moves[event.key]);
}

function showHost() {
  const host = hosts[list.shown[list.at]], box = byId("host-detail");
  if (!host) return;
  box.replaceChildren(...hostDetail(host).flat().filter((part) => part !== null));
  box.hidden = false;
  box.scrollIntoView({block: "nearest"});
}

/* From elsewhere in the page: the host in the list, unfiltered where the filter hides it. */
function openHost(index) {
  if (!list.shown.includes(index)) filterBy({});
  byId("hosts").scrollIntoView();
  mark(list.shown.indexOf(index));
  list.window.focus({preventScroll: true});
  showHost();
}

function hostDetail(host) {
  const close = el("button", {type: "button", class: "small"}, "Close");
  close.addEventListener("click", () => {
    byId("host-detail").hidden = true;
    list.window.focus();
  });
  return [el("h3", null, raw(host.name), close), hostFacts(host), hostSources(host)];
}

/* What is not whole, source by source; the others by name. */
function hostSources(host) {
  const own = new Map((gapsOf.get(host.index) || []).map((gap) => [gap.source, gap]));
  const rows = [], names = new Map();
  for (const index of asked) {
    const code = host.cells[index], {kind, glyph} = look(code), word = glyph + " " + statusOf.get(code).name;
    if (kind === "ok" || kind === "foreign") names.set(word, [...(names.get(word) || []), sources[index].name]);
    else rows.push([sources[index].name, word, known(own.get(index), code)]);
  }
  const whole = [...names].flatMap(([word, list]) => fact(word, list.join(", ")));
  return [
    rows.length ? table(["Source", "Status", "What is known"], rows, "Gaps of " + safe(host.name)) : null,
    el("dl", {class: "facts"}, whole)
  ];
}

/* Why a cell is as it is. */
function known(gap, code) {
  if (!gap || (gap.why === null && !gapNumbers(gap, "", ""))) return statusOf.get(code).means;
  return [
    gap.why === null ? null : raw(gap.why),
    gapNumbers(gap, gap.why === null ? "" : " (", gap.why === null ? "" : ")")
  ];
}

function hostFacts(host) {
  const finding = host.finding ? el("a", {href: "#findings"}, "Show the finding") : null;
  if (finding)
    finding.addEventListener("click", (event) => {
      event.preventDefault();
      openFinding(host.finding);
    });
  return el(
      "dl", {class: "facts"}, fact("Identifier", mono(host.identifier)),
      fact("Group", raw(groups[host.group].name)),
      fact("Band", bandMark(host.band), " ", BANDS[host.band].says),
      host.rank ? fact(
                      "Score",
                      `${(host.score * POINTS).toFixed(1)} points, E ${expected(host.e_value)}, rank ${
                          count(host.rank)} of ${count(hosts.length)}`) :
                  null,
      fact(
          "Lines",
          host.last_seen === null ? "none arrived" :
                                    `from ${time(host.first_seen)} to ${time(host.last_seen)}`),
      host.rule_hits ? fact("Rules", counted(host.rule_hits, "row") + " hit by rules") : null,
      host.suppressed ? fact("Suppressed", counted(host.suppressed, "row")) : null,
      finding ? fact("Finding", finding) : null);
}

function openFinding(finding) {
  if (finding.card.classList.contains("filtered")) filterBy({});
  finding.show(true);
  finding.card.scrollIntoView();
  finding.card.querySelector("button").focus({preventScroll: true});
}

/* What paper shows in the place of the list: every host by name. */
function printHosts() {
  const box = byId("host-annex");
  if (box.childElementCount) return;
  for (const cover of ["complete", "gaps", "nothing", "never"]) {
    const own = hosts.filter((host) => host.cover === cover);
    if (!own.length) continue;
    box.append(
        el("h3", null, `${counted(own.length, "host")}: ${COVER_WORDS[cover]}`),
        el("ul", {class: "name-list"},
           own.map(
               (host) => el(
                   "li", null, raw(host.name), ` ${BANDS[host.band].glyph} `,
                   el("span", {class: "soft"},
                      host.e_value === null || host.band === "none" ? "" : "E " + expected(host.e_value))))));
  }
}
