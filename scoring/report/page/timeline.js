/* When things first appeared: a bar a day for the fleet, a lane for each of the first hosts. */

const LANES = 12; /* hosts with a lane of their own */

function firstSeenDots() {
  return report.findings.slice(0, LANES)
      .map((finding) => ({
             host: hosts[finding.host],
             dots: finding.heavy.filter((entity) => entity.first_seen !== null)
                       .map((entity) => ({at: entity.first_seen, entity}))
           }))
      .filter((lane) => lane.dots.length);
}

function timeSpan(lanes) {
  const moments =
      report.days.map((entry) => entry.day).concat(lanes.flatMap((lane) => lane.dots.map((dot) => dot.at)));
  if (!moments.length) return null;
  const ends = report.days.length ? report.days[report.days.length - 1].day + 86400 : 0;
  return {
    from: report.days.length ? Math.min(report.days[0].day, ...moments) : Math.min(...moments),
    to: Math.max(ends, ...moments.map((at) => at + 3600))
  };
}

function drawTimeline() {
  const lanes = firstSeenDots(), span = timeSpan(lanes), box = byId("timeline");
  const {window: incident} = report;
  if (!span) return box.append(caption("First seen.", "No row that carries weight gives a time of its own."));
  const left = 190, right = 1010, high = 110, bottom = 130, laneHeight = 19,
        height = bottom + 34 + lanes.length * laneHeight;
  const x = scale(span.from, span.to, left, right);
  const says =
      `${counted(report.days.reduce((sum, entry) => sum + entry.things, 0), "thing")} first seen from ${
          day(span.from)} to ${day(span.to)}.`;
  box.append(caption(
      "When things first appeared.",
      says +
          " Bars: all that carries weight in the fleet, in red what lies on hosts with a finding." +
           " Dots: the things of the first hosts, larger is heavier." +
          (incident ? ` Shaded: the incident window ${
                          incident.is_given ? "as given" :
                                              "as proposed by the data; no weight was taken from it"}, ${
                          day(incident.from)} to ${day(incident.to)}.` :
                      "")));
  box.append(
      el("div", {class: "scroll"},
         drawing(
             1020, height, says, incident ? windowBand(incident, x, height) : [],
             dayBars(x, left, right, bottom, high), timeAxis(span, x, bottom, height),
             lanes.map((lane, i) => laneOf(lane, i, x, bottom + 38 + i * laneHeight, left, right)))));
}

function windowBand(incident, x, height) {
  const from = Math.max(x(incident.from), 190), to = Math.min(Math.max(x(incident.to), from + 2), 1010);
  return [
    svg("rect", {class: "window", x: from, y: 14, width: Math.max(0, to - from), height: height - 20}),
    svg("path", {class: "window-edge", d: `M${from} 14V${height - 6}M${to} 14V${height - 6}`})
  ];
}

function dayBars(x, left, right, bottom, high) {
  const most = Math.max(1, ...report.days.map((entry) => entry.things)), tall = logScale(most, high);
  const wide = Math.max(1.2, Math.min(16, x(86400) - x(0) - 1));
  const bars = report.days.flatMap((entry) => {
    const at = x(entry.day);
    return [
      svg("rect",
          {class: "bar", x: at, y: bottom - tall(entry.things), width: wide, height: tall(entry.things)},
          title(`${day(entry.day)}: ${counted(entry.things, "thing")}, ${
              count(entry.heavy)} on hosts with a finding`)),
      entry.heavy ? svg("rect", {
        class: "bar-strong",
        x: at,
        y: bottom - tall(entry.heavy),
        width: wide,
        height: tall(entry.heavy)
      }) :
                    null
    ];
  });
  return [
    ...countAxis(most, left, right, bottom, high), label(left - 44, 12, "things", "start"), ...bars,
    svg("path", {class: "axis", d: `M${left} ${bottom}H${right}`})
  ];
}

function timeAxis(span, x, bottom, height) {
  return timeTicks(span.from, span.to, 9)
      .flatMap(
          (at) =>
              [svg("path", {class: "grid", d: `M${x(at)} ${bottom}V${height - 6}`}),
               label(x(at), bottom + 15, day(at), "middle")]);
}

function laneOf(lane, index, x, y, left, right) {
  const kind = lane.host.band === "weak" ? "dot-weak" : "dot";
  return [
    svg("path", {class: "lane", d: `M${left} ${y}H${right}`}),
    svg("text", {x: left - 8, y: y + 4, "text-anchor": "end", class: "host"}, cut(nick(lane.host.name), 28)),
    ...lane.dots.map(
        ({at, entity}) =>
            svg("circle", {
              class: kind,
              cx: x(at),
              cy: y,
              r: Math.max(2.5, Math.min(8, 2.2 + Math.sqrt(Math.max(entity.contribution, 0)) * 1.6))
            },
                title(`${safe(lane.host.name)}\n${cut(safe(entity.label), 120)}\nfirst seen ${time(at)}, L ${
                    points(entity.weight)}`)))
  ];
}
