/* Text and elements. What a host sent enters the page as text nodes only, never as markup. */

/* An element: el("p", {class: "lead"}, "text", child, ...). Children that are null are left out. */
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  setAll(element, attributes);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

function setAll(element, attributes) {
  for (const [name, value] of Object.entries(attributes || {}))
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
}

function byId(id) {
  return document.getElementById(id);
}

/* Characters that show nothing, or show something else than what is there: controls, marks of direction,
 * joiners, tags. */
const UNSEEN = new RegExp(
    "[\\u0000-\\u001F\\u007F-\\u009F\\u00AD\\u034F\\u061C\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F" +
        "\\u200B-\\u200F\\u2028-\\u202E\\u2060-\\u206F\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF9-\\uFFFB" +
        "\\u{E0000}-\\u{E0FFF}]",
    "u");

/* Verbatim text of a host: unseen characters become <U+202E>, and the whole is kept from turning its
 * neighbours round. */
function raw(text, keepsLines) {
  const span = el("span", {class: "raw"});
  let rest = text;
  for (let found; (found = UNSEEN.exec(rest));) {
    span.append(rest.slice(0, found.index));
    span.append(keepsLines && (found[0] === "\n" || found[0] === "\t") ? found[0] : unseen(found[0]));
    rest = rest.slice(found.index + found[0].length);
  }
  span.append(rest);
  return span;
}

function unseen(character) {
  const code = character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  return el(
      "span", {class: "hidden-char", title: "This character stands in the row and would not be seen"},
      "U+" + code);
}

/* The same where letters must be told apart: paths, keys, identifiers. */
function mono(text) {
  const span = raw(text);
  span.classList.add("mono");
  return span;
}

/* The same as plain text, for attributes and drawings. */
function safe(text) {
  return text.replace(
      new RegExp(UNSEEN.source, "gu"),
      (found) => "<U+" + found.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + ">");
}

/* A host name without its domain, for where there is little room. */
function nick(name) {
  return safe(/^[\d.]+$/.test(name) ? name : name.split(".")[0]);
}

function cut(text, most) {
  return text.length > most ? text.slice(0, most - 1) + "…" : text;
}

function count(number) {
  return Number(number).toLocaleString("en-US");
}

/* "1 host", "12 hosts" */
function counted(number, one, many) {
  return count(number) + " " + (number === 1 ? one : many || one + "s");
}

function time(seconds) {
  if (seconds === null) return "unknown";
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "unknown" :
                                        date.toISOString().slice(0, 19).replace("T", " ") + " UTC";
}

function day(seconds) {
  return time(seconds).slice(0, 10);
}

function percent(part, whole) {
  if (!whole) return "-";
  const share = (100 * part) / whole;
  if (part < whole && share > 99.9) return "> 99.9 %"; /* what is not all is never shown as all */
  if (part > 0 && share < 0.1) return "< 0.1 %";
  return (share >= 10 && Number.isInteger(share) ? share : share.toFixed(1).replace(/\.0$/, "")) + " %";
}

function expected(value) {
  if (value === null) return "unknown";
  if (value < 0.0001) return "< 0.0001";
  if (value < 10) return String(Number(value.toPrecision(2)));
  return count(Math.round(value));
}

const POINTS = 10 / Math.LN10; /* of a natural-log weight */

function points(weight) {
  const value = weight * POINTS;
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
}

/* A share of 0..1. */
function chance(value) {
  if (value === null) return "-";
  if (value >= 0.9995 && value < 1) return "> 99.9 %";
  if (value > 0 && value < 0.000001) return "< 0.0001 %";
  return Number((100 * value).toPrecision(3)) + " %";
}

/* A table whose cells are text or nodes: heads are names, or [name, class]. */
function table(heads, rows, caption) {
  const classes = heads.map((head) => (Array.isArray(head) ? head[1] : null));
  const head = heads.map(
      (name, i) => el("th", {scope: "col", class: classes[i]}, Array.isArray(name) ? name[0] : name));
  const body = rows.map((row) => el("tr", null, row.map((cell, i) => el("td", {class: classes[i]}, cell))));
  return el(
      "table", {class: "plain"}, caption ? el("caption", {class: "sr"}, caption) : null,
      el("thead", null, el("tr", null, head)), el("tbody", null, body));
}

/* The first `most` rows, the others behind a fold; a print shows all. */
function foldedTable(heads, rows, most, what) {
  const shown = table(heads, rows.slice(0, most));
  if (rows.length <= most) return [shown];
  const rest =
      el("details", {class: "more"}, el("summary", null, count(rows.length - most) + " more " + what));
  const fill = () => rest.childElementCount === 1 && rest.append(table(heads, rows.slice(most)));
  rest.addEventListener("toggle", fill);
  beforePrint.push(() => {
    fill();
    rest.open = true;
  });
  return [shown, rest];
}

/* What a print needs that the screen does not: run before the pages are made. */
const beforePrint = [];

const PRINT_WIDTH = 700; /* pixels: what an A4 page holds between its margins */

function none(text) {
  return el("p", {class: "empty"}, text);
}

/* Calls `work` at most once a frame. */
function onceAFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}
