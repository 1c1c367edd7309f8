/* What is no finding of one host: things on many hosts, what was set aside, inputs, method. */

function hostName(index) {
  const link = el("a", {href: "#hosts"}, raw(hosts[index].name));
  link.addEventListener("click", (event) => {
    event.preventDefault();
    openHost(index);
  });
  return link;
}

function keyText(key) {
  return el("span", {class: "raw mono"}, key.map((part, i) => [i ? " | " : null, raw(part)]));
}

function attackTags(ids) {
  return ids.map((id) => el("span", {class: "tag"}, raw(id)));
}

/* Heads and rows into the box of that id, or a sentence when there is none. */
function fill(id, heads, rows, emptyText, most, what) {
  byId(id).append(
      ...(rows.length ? foldedTable(heads, rows, most || 15, what || "entries") : [none(emptyText)]));
}

function namesOf(indexes) {
  const shown = indexes.slice(0, 12).map((index, i) => [i ? ", " : null, hostName(index)]);
  if (indexes.length <= 12) return shown;
  const rest =
      el("details", {class: "more"}, el("summary", null, count(indexes.length - 12) + " more"),
         indexes.slice(12).map((index, i) => [i ? ", " : null, raw(hosts[index].name)]));
  beforePrint.push(() => {
    rest.open = true;
  });
  return [...shown, rest];
}

function drawFleetwide() {
  fill("clusters", ["Thing", "Hosts", ["Weight", "num"], "First seen"], report.clusters.map(clusterCells),
       "No thing that carries weight stands on several hosts.");
  fill("mass", ["Thing", ["Covered hosts", "num"], ["In the window", "num"], ["Weight", "num"], "First seen"],
       report.mass.map(massCells), "Nothing is on many hosts with rules or traits against it.");
  const heads = ["Rows", "Median of its group", "As many in its group", "Weight"].map((name) => [name, "num"]);
  fill("outliers", ["Host", "Source", ...heads], report.outliers.map(outlierCells),
       "No host has unusually many rows for its group.");
}

function keyOf(entry) {
  return el("div", {class: "soft"}, sources[entry.source].name + " ", keyText(entry.key));
}

function clusterCells(cluster) {
  const name = cluster.label ? el("div", null, mono(cluster.label)) : null;
  return [[name, keyOf(cluster)], namesOf(cluster.hosts), points(cluster.weight), time(cluster.first_seen)];
}

function massCells(entry) {
  const thing = [
    el("div", null, keyText(entry.key)), el("div", {class: "soft"}, sources[entry.source].name + ": ", raw(entry.why)),
    el("div", null, attackTags(entry.attack)), rowFold(entry.row)
  ];
  const hosts = `${count(entry.fleet.hosts)} of ${count(entry.fleet.covered)}`;
  return [thing, hosts, count(entry.in_window), points(entry.weight), time(entry.first_seen)];
}

function outlierCells(entry) {
  return [
    hostName(entry.host), sources[entry.source].name, count(entry.rows), count(entry.group_median),
    chance(entry.tail), points(entry.weight)
  ];
}

/* One of the rows, for the screen: on paper the key and the reasons speak. */
function rowFold(row) {
  if (row === null) return null;
  const cells = el("div", {class: "row"}, rowCells(row));
  return el("details", {class: "more"}, el("summary", null, "a row of it"), cells);
}

function drawAside() {
  const weak = report.weak.map((lead) => entityBox(lead.entity, false, false));
  weak.forEach((box, i) => box.querySelector(".note").prepend(raw(hosts[report.weak[i].host].name), " · "));
  byId("weak").append(...(
      weak.length ? foldAfter(weak, 10, "weak leads") : [none("No thing on such a host carries weight.")]));
  fill(
      "suppressions", ["Scope", "Reason", "Author", "Date", "Expires", ["Rows", "num"], ["Hosts", "num"]],
      report.suppressions.map(
          (entry) =>
              [mono(entry.scope), raw(entry.reason), raw(entry.author), raw(entry.date),
               [raw(entry.expires), entry.is_expired ? el("b", null, " expired: not applied") : ""],
               count(entry.rows), count(entry.hosts)]),
      "Nothing was suppressed.");
  drawNotRun();
  const limits = sources.filter((source) => source.does_not_prove && source.is_asked)
                     .map((source) => [source.name, raw(source.does_not_prove)]);
  fill(
      "limits", ["Source", "What a row, or a missing row, does not prove"], limits,
      "The packs say nothing about it.", 6, "sources");
}

function foldAfter(boxes, most, what) {
  if (boxes.length <= most) return boxes;
  const rest =
      el("details", {class: "more"}, el("summary", null, `${count(boxes.length - most)} more ${what}`),
         boxes.slice(most));
  beforePrint.push(() => {
    rest.open = true;
  });
  return [...boxes.slice(0, most), rest];
}

function drawNotRun() {
  const rows = sources.filter((source) => !source.is_asked)
                   .map(
                       (source) =>
                           [source.name, source.title,
                            !source.in_pack   ? "answered, but in no pack that the case knows" :
                                source.awaits.length ? "waits for " + source.awaits.join(", ") :
                                source.applicable ? "no host answered" :
                                                    "no host of its platform"]);
  for (const measure of report.measures.filter((entry) => entry.not_run !== null))
    rows.push([
      mono(measure.id), `${measure.is_rule ? "rule" : "trait"} of ${sources[measure.source].name}`,
      raw(measure.not_run)
    ]);
  fill(
      "not-run", ["Query or rule", "What it is", "Why"], rows,
      "Every query and every rule of the packs was run.", 20);
}

function drawInputs() {
  const total = report.inputs.reduce((sum, input) => sum + input.lines, 0);
  fill(
      "input-files",
      [
        "File", "SHA-256", ["Bytes", "num"], ["Lines", "num"], ["Entries", "num"], ["Not ours", "num"],
        ["Rejected", "num"]
      ],
      report.inputs.map(
          (input) =>
              [mono(input.path), input.sha256 ? el("code", {class: "raw"}, input.sha256) : "not known",
               count(input.bytes), count(input.lines), count(input.entries), count(input.other),
               count(input.rejected) + (input.lost_bytes ? ` (${count(input.lost_bytes)} bytes)` : "")]),
      "The case knows no input.", 25, "files");
  byId("input-files")
      .prepend(
          el("p", {class: "lead"},
             `${counted(report.inputs.length, "log")}, ${
                 counted(total, "line")}. Bytes are counted uncompressed.`));
  const {rejected} = report;
  fill(
      "rejected", ["File", ["Line", "num"], ["Offset", "num"], ["Bytes lost", "num"], "Why"],
      rejected.shown.map(
          (entry) =>
              [mono(entry.path), count(entry.line), count(entry.offset), count(entry.lost), raw(entry.why)]),
      "No line was rejected.", 15, "lines");
  if (rejected.total > rejected.shown.length)
    byId("rejected")
        .append(none(`${
            count(rejected
                      .total)} lines or parts were rejected in all; the case keeps the first of each log.`));
  drawQuality();
}

function drawQuality() {
  const rows = [];
  for (const entry of report.duplicates)
    rows.push([
      "One identifier, several hosts", [mono(entry.identifier), ": ", namesOf(entry.hosts)],
      "Clones or a renamed host. They are counted apart."
    ]);
  for (const entry of report.large_lines)
    rows.push([
      "Large line", [hostName(entry.host), ", " + sources[entry.source].name],
      `${count(entry.bytes)} bytes: above 1 MiB osquery's TLS logger drops a line without an error.`
    ]);
  for (const entry of report.clock_skew)
    rows.push([
      "Clock ahead", [hostName(entry.host)],
      `Its newest line lies ${
          counted(
              entry.seconds,
              "second")} after the report was made: its times are wrong, or this machine's are.`
    ]);
  fill(
      "quality", ["What", "Where", "What it means"], rows,
      "No clones, no line near the limit of the loggers, no clock ahead.", 20);
}

function drawMethod() {
  const {method, made} = report;
  const facts = [
    fact("Program", `${made.program} ${made.version}`), fact("Command", el("code", null, raw(made.command))),
    fact("Packs", "SHA-256 ", el("code", null, made.packs_sha256), " of what the case knows of its queries"),
    fact(
        "Prior",
        `1 % of hosts: half of it spread over the ${
            count(Math.round(method.sources_per_host))} sources of a host and the rows of each, half over all ${
            count(Math.round(method.rows_per_host))} rows`),
    fact("Rows", `${count(method.sightings)} keys on hosts, ${count(method.weighed)} of them carry weight`),
    fact("Resamples", `${count(method.resamples)}, seed ${method.seed}`),
    ...method.settings.map((setting) => fact(setting.name, raw(setting.value)))
  ];
  byId("method-facts").append(el("dl", {class: "facts"}, facts));
  const heads = ["Rule or trait", "Hits", "Hosts", "Expected of malicious", "Author's rate", "Measured", "Weight"];
  const measured = report.measures.filter((entry) => entry.not_run === null).map(measureCells);
  fill("measures", heads.map((name, i) => (i ? [name, "num"] : name)), measured, "No rule and no trait was measured.", 25,
       "rules and traits");
}

function measureCells(entry) {
  const kind = (entry.is_rule ? "rule of " : "trait of ") + sources[entry.source].name + (entry.is_fixed ? ", fixed" : "");
  const name = [mono(entry.id), " ", el("span", {class: "soft"}, kind), el("div", {class: "soft"}, mono(entry.where))];
  return [
    name, count(entry.hits) + " of " + count(entry.rows), count(entry.hosts), chance(entry.tpr),
    entry.is_rule ? chance(entry.prior) : "-", chance(entry.measured), points(entry.weight)
  ];
}

function drawSign() {
  const {verdict} = report;
  byId("sign-says").textContent =
      `The signature says that this person has read the report, takes its scope (${
          counted(verdict.hosts_covered, "host")} of ${count(verdict.hosts)}, state as of ${
          time(verdict.newest_time)}) for what it is, and answers for the verdicts written below.`;
  byId("data-hash").textContent = document.querySelector('meta[name="fsa-data-sha256"]').content;
}
