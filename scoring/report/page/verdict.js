/* The verdict and what it rests on. */

function drawVerdict() {
  const {verdict, made} = report;
  byId("as-of").textContent = "State as of " + time(verdict.newest_time) + " · made " + time(made.time);
  const sentence = byId("sentence");
  sentence.textContent = verdict.sentence;
  sentence.dataset.evidence = verdict.has_evidence ? "1" : "0";
  sentence.dataset.glyph = verdict.has_evidence ? "▲" : "○";
  document.title = "FSA report · " + verdict.sentence;
  byId("scope").append(...scopeLines());
  drawDenominators();
  byId("pillars").append(...report.pillars.map(pillar));
}

function scopeLine(glyph, tone, text) {
  return el("li", {"data-glyph": glyph, "data-tone": tone}, text);
}

function scopeLines() {
  const lines = [sourcesLine()], {mass, suppressions} = report;
  if (report.verdict.has_evidence) lines.unshift(evidenceLine());
  if (report.denominators.known > report.denominators.complete) lines.push(missingLine());
  if (report.denominators.expected === null)
    lines.push(scopeLine("?", "blocked", "No list of the hosts that should be there was given: " +
                                             "hosts that never answered are not counted here."));
  if (mass.length)
    lines.push(scopeLine("△", "blocked", counted(mass.length, "thing") + " on many hosts to be judged: " +
                                              "rarity does not see what is everywhere."));
  const hidden = suppressions.reduce((sum, entry) => sum + entry.rows, 0);
  if (hidden) lines.push(scopeLine("–", "", counted(hidden, "row") + " suppressed as known good."));
  return lines;
}

function evidenceLine() {
  const {strong, probable, weak} = report.verdict.bands;
  return scopeLine("▲", "evidence", counted(strong, "host") + " with strong evidence, " + count(probable) +
                                        " probable; " + counted(weak, "weak lead") +
                                        ". No analyst has confirmed any of it yet.");
}

function sourcesLine() {
  const state = sources.filter((source) => !source.is_about_look);
  const answered = state.filter((source) => source.is_asked).length;
  const {oldest_time: oldest, newest_time: newest} = report.verdict;
  return scopeLine("•", "covered", count(answered) + " of " + counted(state.length, "source") + " answered" +
                                       (oldest === null ? "." : `, from ${time(oldest)} to ${time(newest)}.`));
}

function missingLine() {
  const d = report.denominators;
  const losses = [
    [d.never_answered, "never answered"],
    [d.answered - d.covered, "answered nothing usable"],
    [d.covered - d.complete, "left gaps"],
  ];
  const words = losses.filter((loss) => loss[0] > 0).map((loss) => count(loss[0]) + " " + loss[1]).join(", ");
  return scopeLine("∅", "blocked", counted(d.known - d.complete, "host") + " not covered in full: " + words +
                                       ". What is missing there is unknown.");
}

function drawDenominators() {
  const d = report.denominators, box = byId("denominators");
  const steps = [
    ["Expected", d.expected, "by the list of hosts"], ["Known", d.known, ""],
    ["Answered", d.answered, "never answered"], ["Covered", d.covered, "answered nothing usable"],
    ["Complete", d.complete, "with gaps"]
  ];
  const most = Math.max(d.expected || 0, d.known, 1);
  let before = null;
  for (const [name, number, lost] of steps) {
    const bar = el("i");
    bar.style.width = (100 * (number || 0)) / most + "%";
    box.append(
        el("span", null, name), el("span", {class: "n"}, number === null ? "?" : count(number)),
        el("span", {class: "bar"}, number === null ? null : bar));
    if (number === null)
      box.append(el("span", {class: "loss"}, "no list was given"));
    else if (before !== null && before > number)
      box.append(el("span", {class: "loss"}, `−${count(before - number)} ${lost}`));
    else if (before !== null && number > before)
      box.append(
          el("span", {class: "loss"},
             `+${count(number - before)} ${
                 d.unlisted ? "not on the list" : "by an identifier that several hosts share"}`));
    if (number !== null) before = number;
  }
}

function stackBar(parts) {
  const whole = parts.reduce((sum, part) => sum + part[1], 0) || 1;
  return el("div", {class: "stack", "aria-hidden": "true"}, parts.map(([tone, number]) => {
    const piece = el("i", {class: "t-" + tone});
    piece.style.width = (100 * number) / whole + "%";
    return piece;
  }));
}

function pillar(facts) {
  return el(
      "div", {class: "pillar"},
      el("h3", null, facts.title,
         el("span", null, facts.sources ? percent(facts.complete, facts.hosts) : "not looked at")),
      stackBar([["covered", facts.complete], ["part", facts.partial], ["nothing", facts.none]]),
      el("p", null,
         facts.sources ? `${count(facts.complete)} of ${counted(facts.hosts, "host")} in full, ${
                             count(facts.partial)} in part, ${count(facts.none)} unknown · ${
                             counted(facts.sources, "source")}` :
                         "No host answered any query of it: unknown on all."));
}
