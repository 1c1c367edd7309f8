/* How rare rows are in each source: a small chart for each, from what one host has to what all have. */

function drawRarity() {
  const box = byId("rarity");
  const own = sources.map((source, i) => ({source, index: i, buckets: bucketsOf(i)}))
                  .filter((entry) => entry.buckets.some((number) => number > 0));
  if (!own.length) return box.append(caption("Rarity.", "No row carries weight."));
  box.append(caption(
      "How rare rows are in each source.",
      "From rows that one host alone has, left, to those that all have, right; the share of the source's rows." +
           " Where the left is high, to be alone says little: the weight of rarity (line) is then near 0." +
           " A triangle marks rows of findings."));
  box.append(el("div", {class: "multiples"}, own.map(rarityChart)));
}

function strataOf(index) {
  const all = report.rarities.filter((entry) => entry.source === index);
  const whole = all.filter((entry) => entry.stratum === "");
  return whole.length ? whole : all;
}

function bucketsOf(index) {
  const sums = [];
  for (const entry of strataOf(index))
    entry.sightings.forEach((number, b) => {
      sums[b] = (sums[b] || 0) + number;
    });
  return sums;
}

function markedBuckets(index) {
  const marked = new Set();
  for (const finding of report.findings)
    for (const entity of finding.heavy)
      for (const piece of entity.evidence)
        if (piece.source === index && piece.fleet.hosts > 0)
          marked.add(Math.min(22, Math.floor(2 * Math.log2(piece.fleet.hosts))));
  return marked;
}

const SMALL = {left: 6, right: 250, bottom: 84, high: 66}; /* a chart among many, in drawing units */

function rarityChart({source, index, buckets}) {
  const {left, right, bottom, high} = SMALL;
  const last = Math.max(6, buckets.reduce((end, number, b) => (number ? b : end), 0));
  const whole = buckets.reduce((sum, number) => sum + number, 0), alone = percent(buckets[0], whole);
  const wide = (right - left) / (last + 1), weights = strataOf(index)[0].weight;
  const says = `${source.name}: ${alone} of ${counted(whole, "row")} are on one host alone`;
  const head = el("figcaption", null, el("b", null, source.name.replace(/^fsa_/, "")),
                  el("span", {class: "soft"}, ` ${alone} alone`));
  const picture = svg("svg", {viewBox: "0 0 256 102", role: "img", "aria-label": says},
                      svg("path", {class: "grid", d: `M${left} ${bottom - high / 2}H${right}`}),
                      rarityBars(buckets.slice(0, last + 1), wide, weights),
                      weightLine(weights.slice(0, last + 1), wide), findingMarks(index, last, wide),
                      svg("path", {class: "axis", d: `M${left} ${bottom}H${right}`}), label(left, 98, "1 host"),
                      label(right, 98, short(hostsOf(last)) + " hosts", "end"));
  return el("figure", null, head, picture);
}

/* About how many hosts have the keys of a bucket. */
function hostsOf(bucket) {
  return Math.round(2 ** (bucket / 2));
}

function rarityBars(buckets, wide, weights) {
  const most = Math.max(...buckets), {left, bottom, high} = SMALL;
  return buckets.map((number, b) => {
    const height = (high * number) / most;
    const says = `about ${counted(hostsOf(b), "host")}: ${counted(number, "row")}, ${points(weights[b])} points`;
    const place = {x: left + b * wide + 0.5, y: bottom - height, width: wide - 1, height};
    return number ? svg("rect", {class: "bar", ...place}, title(says)) : null;
  });
}

/* From +6 at the top to -6 at the bottom, 0 in the middle. */
function weightLine(weights, wide) {
  const {left, bottom, high} = SMALL, y = (weight) => bottom - high / 2 - (weight / 6) * (high / 2);
  const steps = weights.map((weight, b) => `${b ? "L" : "M"}${left + (b + 0.5) * wide} ${y(weight)}`);
  return svg("path", {class: "weight", d: steps.join("")});
}

function findingMarks(index, last, wide) {
  return [...markedBuckets(index)].filter((b) => b <= last).map((b) => {
    const at = SMALL.left + (b + 0.5) * wide;
    return svg("path", {class: "dot", d: `M${at - 4} 8h8l-4 7z`}, title("rows of findings"));
  });
}
