/* Findings: a host, the things that speak against it, each with every term of its weight and the rows
 * themselves. */

/* A button that opens what it stands above; `fill` makes the contents when they are first wanted. */
function disclosure(button, body, fill, isPrinted) {
  let isFilled = false;
  const show = (open) => {
    if (open && !isFilled) {
      isFilled = true;
      fill(body);
    }
    button.setAttribute("aria-expanded", String(open));
    body.hidden = !open;
  };
  button.addEventListener("click", () => show(body.hidden));
  body.hidden = true;
  if (isPrinted) beforePrint.push(() => show(true));
  return show;
}

let bodies = 0;

function turnMark() {
  return el("span", {class: "turn", "aria-hidden": "true"}, "›");
}

function findingHead(finding, bodyId) {
  const host = hosts[finding.host], first = finding.entities[0];
  const what = first ? [mono(cut(first.label, 300)), el("span", null, reasons(first))] : [];
  const attributes = {type: "button", class: "finding-head", "aria-expanded": "false", "aria-controls": bodyId};
  return el("button", attributes, el("span", {class: "rank"}, count(host.rank)), bandMark(host.band),
            el("span", {class: "who"}, raw(host.name), el("span", {class: "what"}, what)),
            el("span", {class: "figure chance"}, "E " + expected(host.e_value), el("small", null, " hosts by chance")),
            el("span", {class: "figure points"}, (host.score * POINTS).toFixed(1), el("small", null, " points")),
            turnMark());
}

/* The heaviest reasons, in few words. */
function reasons(entity) {
  const heavy = entity.terms.filter((term) => term.weight > 0).sort((a, b) => b.weight - a.weight).slice(0, 3);
  return heavy.map((term) => {
    const isNamed = term.name && (term.kind === "rule" || term.kind === "attribute");
    return isNamed ? safe(term.name).replaceAll("_", " ") : term.kind;
  }).join(", ");
}

function findingCard(finding) {
  const id = "finding-" + ++bodies;
  const body = el("div", {class: "finding-body", id}), head = findingHead(finding, id);
  const card = el("article", {class: "finding"}, el("h3", null, head), body);
  finding.card = card;
  finding.show = disclosure(head, body, () => fillFinding(finding, body), true);
  return card;
}

function fact(name, ...value) {
  return [el("dt", null, name), el("dd", null, ...value)];
}

const MOST_PRINTED = 6; /* things of a host that paper shows with their rows; of a weak lead the first */

function fillFinding(finding, body) {
  const host = hosts[finding.host], group = groups[host.group];
  const attack = [...new Set(finding.heavy.flatMap((entity) => entity.attack))];
  const first = finding.heavy.map((entity) => entity.first_seen).filter((seen) => seen !== null);
  body.append(el(
      "dl", {class: "facts"}, fact("Confidence", BANDS[host.band].says + " Not confirmed by an analyst."),
      fact("Group", raw(group.name), `, ${counted(group.hosts, "host")}`),
      fact("First seen", first.length ? time(Math.min(...first)) : "unknown: no row gives a time of its own"),
      attack.length ? fact("ATT&CK", attack.map((id) => el("span", {class: "tag"}, raw(id)))) : null,
      fact(
          "Covered",
          `${host.covered} of ${counted(host.applies, "source")}; last line ${time(host.last_seen)}`),
      host.suppressed ? fact("Suppressed", counted(host.suppressed, "row") + " as known good") : null,
      fact("All terms", el("code", null, "fsa-score explain --db CASE --host ", raw(host.name)))));
  body.append(scoreSum(host, finding));
  const most = host.band === "weak" ? 1 : MOST_PRINTED;
  finding.heavy.forEach((entity, i) => body.append(entityBox(entity, i === 0, i < most)));
  const light = finding.entities.slice(finding.heavy.length);
  if (light.length)
    body.append(el("details", {class: "more"}, el("summary", null, counted(light.length, "lighter thing")),
                   light.map((entity) => entityBox(entity, false, false))));
}

/* How the things of a host sum to its score. The light ones are one line on the screen, all stand on paper. */
function scoreSum(host, finding) {
  const most = Math.max(...finding.entities.map((entity) => entity.contribution), 0.001);
  const light = finding.entities.slice(finding.heavy.length);
  const heads = ["Thing", ["Weight L", "num"], ["Discount", "num"], ["Adds", "num"], ["", "fall"]];
  const rows = finding.heavy.concat(light).map((entity) => sumRow(entity, most));
  const together = light.reduce((sum, entity) => sum + entity.contribution, 0);
  const words = counted(light.length, "lighter thing") + " together";
  if (light.length) rows.push([words, "", "", (together * POINTS).toFixed(2), fallBar([[0, together]], 0, most)]);
  const sum = finding.entities.reduce((total, entity) => total + entity.contribution, 0);
  rows.push([el("b", null, "Score of the host"), "", "", el("b", null, (sum * POINTS).toFixed(2)), ""]);
  const drawn = table(heads, rows, "Things that sum to the score of " + safe(host.name));
  const lines = [...drawn.tBodies[0].rows], end = finding.entities.length;
  for (const line of lines.slice(finding.heavy.length, end)) line.className = "on-paper";
  if (light.length) lines[end].className = "on-screen";
  return el("div", {class: "scroll"}, drawn);
}

function sumRow(entity, most) {
  return [
    mono(cut(entity.label, 160)), points(entity.weight), count(Math.round(entity.discount * 100)) + " %",
    (entity.contribution * POINTS).toFixed(2), fallBar([[0, entity.contribution]], 0, most)
  ];
}

/* A bar from one value to another on a scale of least..most. */
function fallBar(pieces, least, most) {
  const toShare = scale(least, most, 0, 100), box = el("div", {"aria-hidden": "true"});
  box.style.setProperty("--zero", Math.min(99.5, toShare(0)) + "%");
  for (const [from, to, kind] of pieces) {
    const bar = el("i", {class: kind || (to < from ? "down" : null)});
    bar.style.left = toShare(Math.min(from, to)) + "%";
    bar.style.width = Math.abs(toShare(to) - toShare(from)) + "%";
    box.append(bar);
  }
  return box;
}

function entityBox(entity, isOpen, isPrinted) {
  const id = "entity-" + ++bodies;
  const note = [
    counted(entity.rows, "row"), counted(entity.sources, "source"),
    "first seen " + (entity.first_seen === null ? "unknown" : time(entity.first_seen))
  ];
  if (entity.cluster !== null)
    note.push(`also on ${counted(report.clusters[entity.cluster].hosts.length - 1, "other host")}`);
  if (entity.is_suppressed) note.push("weight taken as known good");
  const head =
      el("button", {type: "button", class: "entity-head", "aria-expanded": "false", "aria-controls": id},
         el("span", null, el("span", {class: "label"}, raw(entity.label)),
            el("span", {class: "note"}, note.join(" · "))),
         el("span", {class: "num"}, "L " + points(entity.weight)), turnMark());
  const body = el("div", {class: "entity-body", id});
  const show = disclosure(head, body, () => fillEntity(entity, body), isPrinted);
  if (isOpen) show(true);
  return el("div", {class: "entity"}, head, body);
}

function fillEntity(entity, body) {
  body.append(el("div", {class: "scroll"}, termTable(entity)));
  body.append(el(
      "p", {class: "soft"},
      `P = 1 / (1 + e^−L) = ${chance(entity.probability)}. It adds ln(1 + e^L) × ${
          entity.discount.toFixed(3)} = ${
          (entity.contribution * POINTS).toFixed(2)} points to the score of the host. Thing ${entity.id}.`));
  if (entity.proves || entity.does_not_prove || entity.next_step)
    body.append(
        el("div", {class: "next"},
           entity.next_step ? el("p", null, el("b", null, "Next: "), raw(entity.next_step)) : null,
           entity.proves ? el("p", {class: "soft"}, el("b", null, "Proves: "), raw(entity.proves)) : null,
           entity.does_not_prove ?
               el("p", {class: "soft"}, el("b", null, "Does not prove: "), raw(entity.does_not_prove)) :
               null));
  entity.evidence.forEach((piece, i) => body.append(evidenceRow(piece, i, entity.label)));
  if (entity.rows > entity.evidence.length)
    body.append(none(`${count(entity.rows - entity.evidence.length)} lighter rows are not shown here.`));
}

const TERM_WORDS = {
  prior: "Prior",
  rarity: "Rarity",
  peer: "Foreign in its group",
  attribute: "Trait",
  rule: "Rule",
  sources: "Sources",
  time: "Time",
  outlier: "Row counts"
};

/* Every term, from nothing to L: the bar of each begins where the one before ended. */
function termTable(entity) {
  let running = 0, least = 0, most = 0;
  const steps = entity.terms.map((term) => {
    const from = running;
    running += term.weight;
    least = Math.min(least, running);
    most = Math.max(most, running);
    return {term, from, to: running};
  });
  const rows = steps.map(
      ({term, from, to}) =>
          el("tr", null, el("td", null, TERM_WORDS[term.kind]), el("td", null, termText(term)),
             el("td", {class: "num"}, points(term.weight)), el("td", {class: "num soft"}, points(to)),
             el("td", {class: "fall"}, fallBar([[from, to]], least, most))));
  const total =
      el("tr", null, el("td", null, "L"), el("td", null, "Sum of the terms"),
         el("td", {class: "num"}, points(running)), el("td"),
         el("td", {class: "fall"}, fallBar([[0, running, "total"]], least, most)));
  const heads = [["Term"], ["Why"], ["Points", "num"], ["Together", "num"], ["", "fall"]];
  return el(
      "table", {class: "sum"},
      el("thead", null,
         el("tr", null, heads.map(([name, kind]) => el("th", {scope: "col", class: kind}, name)))),
      el("tbody", null, rows), el("tfoot", null, total));
}

function termText(term) {
  const parts = [raw(term.text)];
  const what = [term.family, term.name].filter(Boolean).join(" / ");
  if (what)
    parts.push(
        el("span", {class: "soft"}, " [", mono(what),
           term.evidence === null ? "" : `, row ${term.evidence + 1}`, "]"));
  if (Math.abs(term.undiscounted - term.weight) > 1e-9)
    parts.push(
        el("span", {class: "soft"},
           ` (${points(term.undiscounted)} before its family's discount or a known-good entry)`));
  return parts;
}

function prevalence(facts, where) {
  if (!facts.covered) return `${where}: no covered host`;
  return `on ${count(facts.hosts)} of ${counted(facts.covered, "covered host")} ${where} (95 %: ${
      chance(facts.low)} to ${chance(facts.high)})`;
}

function evidenceRow(piece, index, label) {
  const soft = (text) => el("span", {class: "soft"}, text);
  const own = piece.first_seen === null ? null : soft("its own time " + time(piece.first_seen));
  const counts = prevalence(piece.fleet, "of the fleet") + "; " + prevalence(piece.group, "of its group") +
      `; ${chance(piece.as_rare)} of such rows are as rare`;
  const head = el("p", null, el("b", null, `${index + 1} ${sources[piece.source].name}`),
                  soft("line of " + time(piece.time)), own, copyButton(piece.row), soft(counts));
  const isOther = piece.link !== null && piece.link !== label;
  return el("div", {class: "row"}, head, rowCells(piece.row),
            isOther ? el("p", {class: "soft"}, "Joined by ", mono(piece.link)) : null);
}

/* The columns of a row; text that is no row is shown as it is. */
function rowCells(text) {
  if (text === null)
    return none("The row was left out, the report would have become too large: fsa-score explain shows it.");
  const row = rowOf(text);
  if (row === null) return el("dl", null, el("dt", null, "row"), el("dd", null, raw(text, true)));
  return el("dl", null, Object.entries(row).map(([name, value]) => {
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    return [el("dt", null, raw(name)), cellValue(name, shown)];
  }));
}

function rowOf(text) {
  try {
    const row = JSON.parse(text);
    return typeof row === "object" && !Array.isArray(row) ? row : null;
  } catch {
    return null;
  }
}

const LONG_VALUE = 700; /* characters that are shown at once */

function cellValue(name, text) {
  const value = el("dd", null, raw(text, true));
  const isTime = /time$/.test(name) && /^[1-9]\d{8,9}$/.test(text);
  if (isTime) value.append(el("span", {class: "meaning"}, time(Number(text))));
  if (text.length <= LONG_VALUE) return value;
  value.className = "long";
  const attributes = {type: "button", class: "small", "aria-expanded": "false"};
  const button = el("button", attributes, `all ${count(text.length)} characters`);
  button.addEventListener("click", () => {
    button.setAttribute("aria-expanded", String(value.classList.toggle("open")));
  });
  return [value, el("dt"), el("dd", null, button)];
}

function copyButton(text) {
  if (text === null || !navigator.clipboard) return null;
  const button = el("button", {type: "button", class: "small"}, "Copy row");
  button.addEventListener(
      "click",
      () => navigator.clipboard.writeText(text).then(
          () => {
            button.textContent = "Copied";
          },
          () => {
            button.textContent = "Not allowed";
          }));
  return button;
}

function drawFindings() {
  const {findings, verdict} = report;
  byId("findings-lead").textContent = findings.length ?
      counted(findings.length, "host") + " of " + count(verdict.hosts) +
          " stand out. Begin at the top: the first reasons are in the line, everything else is behind it." :
      "No covered host stands out by more than chance gives. Weak leads and things on many hosts stand below.";
  byId("finding-list").append(...findings.map(findingCard));
}
