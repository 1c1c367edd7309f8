/* The document and what the other parts ask of it. */

const report = JSON.parse(byId("data").textContent);
const {hosts, sources, groups, statuses} = report;

const statusOf = new Map(statuses.map((status) => [status.code, status]));

/* How a status is drawn: kind gives the colour, glyph stands beside it so that colour is never alone. */
const LOOK = {
  ok: {kind: "ok", glyph: "•"},
  partial: {kind: "part", glyph: "◐"},
  denied: {kind: "blocked", glyph: "⊘"},
  absent: {kind: "blocked", glyph: "○"},
  timeout: {kind: "blocked", glyph: "◷"},
  error: {kind: "blocked", glyph: "✕"},
  unsupported: {kind: "foreign", glyph: "–"},
  "n/a": {kind: "foreign", glyph: "·"},
  silent: {kind: "nothing", glyph: "∅"},
  unknown: {kind: "nothing", glyph: "?"},
};
const TONE = {
  ok: "covered",
  part: "part",
  blocked: "blocked",
  nothing: "nothing",
  foreign: "foreign"
};

function look(code) {
  return LOOK[statusOf.get(code).name];
}

const BANDS = {
  strong: {
    glyph: "▲▲",
    word: "strong",
    says: "Strong: chance alone gives fewer than 0.1 hosts of this fleet such a score."
  },
  probable: {
    glyph: "▲",
    word: "probable",
    says: "Probable lead: chance alone gives fewer than 1 host of this fleet such a score."
  },
  weak: {
    glyph: "△",
    word: "weak lead",
    says: "Weak lead: chance alone gives up to 10 hosts of this fleet such a score."
  },
  none: {
    glyph: "·",
    word: "none",
    says: "No more than chance gives. This does not say that the host is sound."
  },
  unknown: {glyph: "?", word: "unknown", says: "No source of this host is covered: nothing can be said."},
};

function bandMark(band) {
  const {glyph, word} = BANDS[band];
  return el("span", {class: "band band-" + band}, el("span", {"aria-hidden": "true"}, glyph), word);
}

/* Sources that some host answered: the others are no gap of a host, nobody looked. */
const asked = sources.map((source, index) => index).filter((index) => sources[index].is_asked);

const COVER_WORDS = {
  complete: "every source answered",
  gaps: "with gaps",
  nothing: "nothing usable answered",
  never: "never answered",
};

function sourceCount(host) {
  const codes = asked.map((index) => host.cells[index]);
  return {
    covered: codes.filter((code) => statusOf.get(code).is_covered).length,
    applies: codes.filter((code) => look(code).kind !== "foreign").length
  };
}

hosts.forEach((host, index) => {
  host.index = index;
  Object.assign(host, sourceCount(host));
  host.words =
      (host.name + " " + host.identifier + " " + groups[host.group].name + " " + host.band).toLowerCase();
});

/* Things that make up a host's score; each of the others adds less than a hundredth of it. */
function heavyOf(finding) {
  const least = hosts[finding.host].score / 100;
  return finding.entities.filter((entity, i) => i === 0 || entity.contribution >= least);
}

report.findings.forEach((finding) => {
  const host = hosts[finding.host];
  host.finding = finding;
  finding.heavy = heavyOf(finding);
  const parts = [host.words];
  for (const entity of finding.entities) {
    parts.push(entity.label, entity.id, entity.attack.join(" "));
    for (const piece of entity.evidence) parts.push(piece.row || "", sources[piece.source].name);
    for (const term of entity.terms) parts.push(term.name, term.family);
  }
  finding.words = parts.join("\n").toLowerCase();
});

/* host index -> its gaps */
const gapsOf = new Map();
for (const gap of report.gaps.shown) {
  if (!gapsOf.has(gap.host)) gapsOf.set(gap.host, []);
  gapsOf.get(gap.host).push(gap);
}
