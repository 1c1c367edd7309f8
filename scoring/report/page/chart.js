/* Drawing: SVG elements, scales, ticks. */

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAll(element, attributes);
  element.append(...children.flat(Infinity).filter((child) => child !== null));
  return element;
}

/* A drawing of `width` x `height` units that says in words what it shows. */
function drawing(width, height, says, ...children) {
  return svg(
      "svg", {class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": safe(says)},
      ...children);
}

function label(x, y, text, anchor, kind) {
  return svg("text", {x, y, "text-anchor": anchor || "start", class: kind || null}, text);
}

function title(text) {
  return svg("title", null, text);
}

function scale(from, to, start, end) {
  const factor = to === from ? 0 : (end - start) / (to - from);
  return (value) => start + (value - from) * factor;
}

/* Heights of counts: logarithmic, so that one host is seen beside thousands; 0 has no height. */
function logScale(most, height) {
  const whole = Math.log2(most + 1) || 1;
  return (value) => (height * Math.log2(value + 1)) / whole;
}

/* 1, 10, 100 ... up to `most`, for a logarithmic axis. */
function decades(most) {
  const ticks = [];
  for (let tick = 1; tick <= Math.max(1, most); tick *= 10) ticks.push(tick);
  return ticks;
}

function short(number) {
  if (number >= 1e6) return Number((number / 1e6).toPrecision(3)) + " M";
  if (number >= 1e4) return Number((number / 1e3).toPrecision(3)) + " k";
  return count(number);
}

function countAxis(most, left, right, bottom, height) {
  return decades(most).flatMap((tick) => {
    const y = bottom - logScale(most, height)(tick);
    return [
      svg("path", {class: "grid", d: `M${left} ${y}H${right}`}), label(left - 6, y + 4, short(tick), "end")
    ];
  });
}

/* Days or months between two moments, as many as fit. */
function timeTicks(from, to, most) {
  const days = [1, 2, 7, 14, 30, 91, 182, 365, 3650];
  const step = 86400 * (days.find((number) => (to - from) / 86400 / number <= most) || days[days.length - 1]);
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to && ticks.length < 40; at += step) ticks.push(at);
  return ticks;
}

function caption(head, text) {
  return el("figcaption", null, el("b", null, head + " "), el("span", {class: "soft"}, text));
}
