/* The fleet as squares, one a host: filled = covered in full, half = gaps, hollow = nothing usable, crossed =
   never answered; a red diamond on top = evidence, an orange corner = weak lead. */

const fleetMap = {
  places: [],
  size: 12,
  at: -1
};
const MAP_ORDER = {
  strong: 0,
  probable: 1,
  weak: 2
};
const COVER_ORDER = {
  complete: 3,
  gaps: 4,
  nothing: 5,
  never: 6
};

function mapOrder(host) {
  return host.band in MAP_ORDER ? MAP_ORDER[host.band] : COVER_ORDER[host.cover];
}

/* Squares as large as fit into some 300 rows of pixels. */
function layFleet(width) {
  const most = Math.floor(Math.sqrt((width * 260) / Math.max(hosts.length, 1)));
  const size = Math.max(4, Math.min(15, most));
  const left = width < 620 ? 0 : 230, columns = Math.max(1, Math.floor((width - left) / size));
  const places = [], labels = [];
  let top = 0;
  groups.forEach((group, index) => {
    const own = hosts.filter((host) => host.group === index)
                    .sort((a, b) => mapOrder(a) - mapOrder(b) || a.index - b.index);
    if (!own.length) return;
    if (!left) top += 16;
    labels.push({
      text: cut(safe(group.name), left ? 28 : 60),
      number: own.length,
      y: left ? top + Math.max(size, 12) - 2 : top - 4
    });
    own.forEach(
        (host, i) =>
            places.push({host, x: left + (i % columns) * size, y: top + Math.floor(i / columns) * size}));
    top += Math.max(Math.ceil(own.length / columns) * size, left ? 16 : 0) + 8;
  });
  return {size, places, labels, left, height: top};
}

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

function paletteOf(names) {
  return Object.fromEntries(names.map((name) => [name, color(name)]));
}

function drawSquare(pen, host, x, y, size, ink) {
  const side = size - (size > 6 ? 2 : 1);
  pen.fillStyle = host.cover === "complete" ? ink.covered :
      host.cover === "gaps"                 ? ink["covered-pale"] :
                                              ink.paper;
  pen.fillRect(x, y, side, side);
  if (host.cover === "gaps") drawTriangle(pen, x, y, side, ink.covered);
  if (host.cover === "nothing" || host.cover === "never") {
    pen.strokeStyle = ink.nothing;
    pen.lineWidth = 1;
    pen.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
    if (host.cover === "never") drawCross(pen, x, y, side);
  }
  if (host.band === "strong" || host.band === "probable") drawDiamond(pen, x, y, side, ink);
  if (host.band === "weak") drawDot(pen, x, y, side, ink);
}

function drawTriangle(pen, x, y, side, fill) {
  pen.fillStyle = fill;
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x, y + side);
  pen.lineTo(x + side, y + side);
  pen.fill();
}

function drawCross(pen, x, y, side) {
  pen.beginPath();
  pen.moveTo(x + 1, y + 1);
  pen.lineTo(x + side - 1, y + side - 1);
  pen.moveTo(x + side - 1, y + 1);
  pen.lineTo(x + 1, y + side - 1);
  pen.stroke();
}

function drawDiamond(pen, x, y, side, ink) {
  const middle = side / 2, reach = Math.max(middle + 0.5, 4);
  pen.fillStyle = ink.evidence;
  pen.strokeStyle = ink.paper;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(x + middle, y + middle - reach);
  pen.lineTo(x + middle + reach, y + middle);
  pen.lineTo(x + middle, y + middle + reach);
  pen.lineTo(x + middle - reach, y + middle);
  pen.closePath();
  pen.stroke();
  pen.fill();
}

function drawDot(pen, x, y, side, ink) {
  pen.fillStyle = ink.paper;
  pen.strokeStyle = ink.lead;
  pen.lineWidth = Math.max(1.4, side / 6);
  pen.beginPath();
  pen.arc(x + side / 2, y + side / 2, Math.max(side / 3, 1.6), 0, 7);
  pen.fill();
  pen.stroke();
}

/* All squares into a picture of their own: the cursor moves over it without drawing them anew. */
function drawFleet(given) {
  const width = given || Math.floor(byId("fleet").parentElement.clientWidth);
  const ratio = Math.max(2, window.devicePixelRatio || 1);
  if (!width) return;
  const ink = paletteOf(["covered", "covered-pale", "paper", "nothing", "evidence", "lead", "soft", "ink"]);
  Object.assign(fleetMap, layFleet(width), {width, ratio, ink});
  fleetMap.picture = el("canvas", {width: width * ratio, height: Math.max(1, fleetMap.height) * ratio});
  const pen = fleetMap.picture.getContext("2d");
  pen.scale(ratio, ratio);
  const isMarked = (place) => place.host.band in MAP_ORDER;
  const ordered =
      [...fleetMap.places.filter((place) => !isMarked(place)), ...fleetMap.places.filter(isMarked)];
  for (const {host, x, y} of ordered) drawSquare(pen, host, x, y, fleetMap.size, ink);
  drawMapLabels(pen, ink);
  showFleet();
}

function showFleet() {
  const canvas = byId("fleet"), {picture, width, ratio} = fleetMap;
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.style.aspectRatio = width + " / " + Math.max(1, fleetMap.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  pen.scale(ratio, ratio);
  if (fleetMap.at >= 0) drawCursor(pen, fleetMap.ink);
}

function drawMapLabels(pen, ink) {
  pen.font = "12px " + color("sans");
  for (const {text, number, y} of fleetMap.labels) {
    pen.fillStyle = ink.ink;
    pen.fillText(text, 0, y);
    pen.fillStyle = ink.soft;
    if (fleetMap.left) {
      pen.textAlign = "right";
      pen.fillText(count(number), fleetMap.left - 10, y);
      pen.textAlign = "left";
    } else
      pen.fillText(count(number), pen.measureText(text).width + 8, y);
  }
}

function drawCursor(pen, ink) {
  const {x, y} = fleetMap.places[fleetMap.at];
  pen.strokeStyle = ink.ink;
  pen.lineWidth = 2;
  pen.strokeRect(x - 1.5, y - 1.5, fleetMap.size + 1, fleetMap.size + 1);
}

function hostInWords(host) {
  return `${safe(host.name)} · ${safe(groups[host.group].name)} · ${BANDS[host.band].word}` +
      (host.e_value === null ? "" : `, E ${expected(host.e_value)}`) +
      ` · ${host.covered} of ${counted(host.applies, "source")}, ${COVER_WORDS[host.cover]} · last seen ${
             time(host.last_seen)}`;
}

function pointAt(index) {
  fleetMap.at = Math.max(0, Math.min(fleetMap.places.length - 1, index));
  byId("fleet-detail").textContent = hostInWords(fleetMap.places[fleetMap.at].host);
  showFleet();
}

function placeUnder(event) {
  const box = byId("fleet").getBoundingClientRect(), size = fleetMap.size;
  const x = event.clientX - box.left, y = event.clientY - box.top;
  return fleetMap.places.findIndex(
      (place) => x >= place.x && x < place.x + size && y >= place.y && y < place.y + size);
}

/* The nearest square of the row above or below. */
function placeBeside(step) {
  const now = fleetMap.places[fleetMap.at];
  let best = -1, distance = Infinity;
  fleetMap.places.forEach((place, i) => {
    if (Math.sign(place.y - now.y) !== step) return;
    const away = Math.abs(place.y - now.y) * 1000 + Math.abs(place.x - now.x);
    if (away < distance) {
      distance = away;
      best = i;
    }
  });
  return best < 0 ? fleetMap.at : best;
}

function steerFleet(event) {
  const moves = {
    ArrowRight: () => fleetMap.at + 1,
    ArrowLeft: () => fleetMap.at - 1,
    ArrowDown: () => placeBeside(1),
    ArrowUp: () => placeBeside(-1),
    Home: () => 0,
    End: () => fleetMap.places.length - 1
  };
  if (event.key === "Enter" && fleetMap.at >= 0) return openHost(fleetMap.places[fleetMap.at].host.index);
  if (!(event.key in moves) || !fleetMap.places.length) return;
  event.preventDefault();
  pointAt(fleetMap.at < 0 ? 0 : moves[event.key]());
}

function swatch(host) {
  const side = 13, canvas = el("canvas", {width: side * 2, height: side * 2, "aria-hidden": "true"});
  canvas.style.width = canvas.style.height = side + "px";
  const pen = canvas.getContext("2d");
  pen.scale(2, 2);
  drawSquare(
      pen, host, 1, 1, 12, paletteOf(["covered", "covered-pale", "paper", "nothing", "evidence", "lead"]));
  return canvas;
}

function drawFleetLegend() {
  const kinds = [
    ["evidence", {cover: "complete", band: "strong"}], ["weak lead", {cover: "complete", band: "weak"}],
    ["covered in full", {cover: "complete"}], ["with gaps", {cover: "gaps"}],
    ["nothing usable", {cover: "nothing"}], ["never answered", {cover: "never"}]
  ];
  byId("fleet-legend").replaceChildren(...kinds.map(([word, host]) => el("span", null, swatch(host), word)));
}

function startFleet() {
  const canvas = byId("fleet");
  drawFleetLegend();
  drawFleet();
  canvas.addEventListener("keydown", steerFleet);
  canvas.addEventListener("mousemove", onceAFrameWith((event) => {
                            const found = placeUnder(event);
                            if (found >= 0 && found !== fleetMap.at) pointAt(found);
                          }));
  canvas.addEventListener("click", (event) => {
    const found = placeUnder(event);
    if (found >= 0) openHost(fleetMap.places[found].host.index);
  });
}

function onceAFrameWith(work) {
  let last = null;
  const run = onceAFrame(() => work(last));
  return (event) => {
    last = event;
    run();
  };
}
