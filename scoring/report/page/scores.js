/* How the scores of all hosts lie, beside what chance gives. */

/* Where the drawing stands, in drawing units; a bucket of scores is as wide as any other. */
const SCORES = {left: 60, right: 1000, bottom: 210, high: 165};

function drawScores() {
  const {edges, hosts: found, null: chanceHosts} = report.score_distribution, box = byId("scores");
  const whole = found.reduce((sum, number) => sum + number, 0);
  if (!whole) return box.append(caption("Scores.", "No host has a score."));
  const {left, right, bottom, high} = SCORES, most = Math.max(...found, ...chanceHosts, 1);
  const plot = {edges, found, chanceHosts, wide: (right - left) / found.length, tall: logScale(most, high)};
  const says = `Scores of ${counted(whole, "host")}; the dashed line is what chance gives.`;
  box.append(caption("How the scores lie.", says + " A bar far to the right of the line is what findings are made of." +
                                                " Heights are logarithmic: one host is seen beside thousands."));
  const axis = svg("path", {class: "axis", d: `M${left} ${bottom}H${right}`});
  const words = [label(right, bottom + 34, "points", "end"), label(left - 44, 12, "hosts")];
  box.append(el("div", {class: "scroll"},
                drawing(1020, 250, says, countAxis(most, left, right, bottom, high), scoreBars(plot), nullLine(plot),
                        bandLimits(plot), edgeLabels(plot), axis, topNames(plot), words)));
}

function scoreBars({edges, found, chanceHosts, wide, tall}) {
  const {left, bottom} = SCORES, edge = (i) => (edges[i] * POINTS).toPrecision(3);
  return found.map((number, i) => {
    if (!number) return null;
    const place = {x: left + i * wide + 1, y: bottom - tall(number), width: wide - 2, height: tall(number)};
    const points = `${edge(i)} to ${edge(i + 1)} points`, chance = expected(chanceHosts[i]);
    const says = `${points}: ${counted(number, "host")}, by chance ${chance}`;
    return svg("rect", {class: isLead(edges[i + 1]) ? "bar-strong" : "bar", ...place}, title(says));
  });
}

/* True when every host at or above the score is strong or probable. */
function isLead(score) {
  const least = leastScore(["strong", "probable"]);
  return least !== null && score > least;
}

function leastScore(bands) {
  const scores = hosts.filter((host) => bands.includes(host.band)).map((host) => host.score);
  return scores.length ? Math.min(...scores) : null;
}

/* Buckets are drawn equally wide, whatever their edges are. */
function placeOfScore(score, {edges, wide}) {
  let i = 0;
  while (i < edges.length - 2 && score >= edges[i + 1]) i++;
  const span = edges[i + 1] - edges[i], share = span > 0 ? Math.min(1, Math.max(0, (score - edges[i]) / span)) : 0;
  return SCORES.left + (i + share) * wide;
}

function nullLine({chanceHosts, wide, tall}) {
  const {left, bottom} = SCORES;
  const steps = chanceHosts.map((number, i) => `${i ? "L" : "M"}${left + i * wide} ${bottom - tall(number)}h${wide}`);
  return svg("path", {class: "null", d: steps.join("")}, title("What chance gives"));
}

function bandLimits(plot) {
  const limits = [["weak", "E = 10"], ["probable", "E = 1"], ["strong", "E = 0.1"]];
  let last = -Infinity;
  return limits.map(([band, text], i) => {
    const least = leastScore(["weak", "probable", "strong"].slice(i));
    if (least === null) return null;
    const x = placeOfScore(least, plot), hasRoom = x - last > 46;
    last = x;
    const line = svg("path", {class: "limit", d: `M${x} 24V${SCORES.bottom}`});
    return [line, hasRoom ? label(x - 3, 32, text, "end") : null];
  });
}

function edgeLabels({edges, wide}) {
  const step = Math.ceil(edges.length / 11), shown = (edge) => String(Number((edge * POINTS).toPrecision(2)));
  return edges.map((edge, i) => {
    return i % step ? null : label(SCORES.left + i * wide, SCORES.bottom + 16, shown(edge), "middle");
  });
}

const MOST_NAMES = 8;

/* The names of the first hosts over the bars, in as many rows as they need not to run into each other. */
function topNames(plot) {
  const taken = [], named = hosts.filter((host) => host.band === "strong" || host.band === "probable");
  return named.slice(0, MOST_NAMES).map((host) => {
    const x = placeOfScore(host.score, plot), text = cut(nick(host.name), 18), from = x - text.length * 7 - 6;
    let y = SCORES.bottom - 10 - highestBar(from, x, plot);
    while (taken.some((other) => Math.abs(other.y - y) < 14 && from < other.to && x + 6 > other.from)) y -= 14;
    if (y < 44) return null;
    taken.push({y, from, to: x + 6});
    const line = svg("path", {class: "limit", d: `M${x} ${y + 3}V${SCORES.bottom - 2}`});
    return [line, label(x - 3, y, text, "end", "strong")];
  });
}

function highestBar(from, to, {found, wide, tall}) {
  const first = Math.max(0, Math.floor((from - SCORES.left) / wide)), last = Math.ceil((to - SCORES.left) / wide);
  return tall(Math.max(0, ...found.slice(first, last + 1)));
}
