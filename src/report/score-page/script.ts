/**
 * The page's script: the panel that explains one piece of the text, for the pointer and for the keyboard.
 *
 * The text is one stop of the Tab key; within it the arrow keys move (a roving tabindex), so that twenty thousand
 * tokens are not twenty thousand stops. What the keyboard reaches is also said to a screen reader. Every text
 * comes out of the data block and goes in through textContent; nothing is parsed as markup.
 */
export const SCRIPT: string = `
"use strict";
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const text = byId("text"), panel = byId("detail"), spoken = byId("spoken");
const spans = [...text.getElementsByTagName("span")];
const indices = new Map(spans.map((span, i) => [span, i]));
const element = (name, className, content) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
};
const tokensOf = (i) => data.ranges ? [data.ranges[2 * i], data.ranges[2 * i + 1]] : [i, i + 1];
const label = (token) => data.labels[data.ids[token]];
function choices(token) {
  const k = data.k, rows = [];
  for (let j = token * k; j < (token + 1) * k; j++)
    if (data.alternatives[j] >= 0) rows.push([data.alternatives[j], data.probabilities[j]]);
  const own = data.ids[token];
  if (!rows.some(([id]) => id === own) && data.own[token]) rows.push([own, data.own[token]]);
  return rows;
}

function table(token) {
  const made = element("table");
  made.append(element("caption", "", "The model expected"));
  for (const [id, probability] of choices(token)) {
    const row = made.insertRow();
    if (id === data.ids[token]) row.className = "own";
    const head = element("th");
    head.scope = "row";
    const bar = element("span", "bar");
    bar.style.inlineSize = parseFloat(probability.replace(/[<>]/, "")) + "%";
    head.append(element("span", "token", data.labels[id]), bar);
    row.append(head, element("td", "", probability));
  }
  return made;
}

const bitsOf = (i) => data.bits[i] === "–" ? "no number" : data.bits[i] + " bits";
/** "token 84 · 22.0 bits · rank 4,211 · entropy 6.4 bits", without what is missing. */
function facts(i, first, end) {
  const parts = ["token " + (first + 1).toLocaleString("en-US"), bitsOf(i)];
  if (end - first > 1) parts.push("sum of " + (end - first) + " tokens");
  else {
    if (data.ranks[first]) parts.push("rank " + data.ranks[first].toLocaleString("en-US"));
    if (data.entropies[first]) parts.push("entropy " + data.entropies[first] + " bits");
  }
  return parts.join(" · ");
}

function show(i) {
  const [first, end] = tokensOf(i), several = end - first > 1;
  const parts = [
    element("h3", "token", end - first === 1 ? label(first) : spans[i].textContent),
    element("p", "soft", end > first ? facts(i, first, end) : "not part of any token"),
  ];
  for (let token = first; token < end; token++) {
    if (several) parts.push(element("p", "token", label(token) + " " + (data.own[token] ?? "–")));
    if (data.own[token] && data.k > 0) parts.push(table(token));
  }
  panel.replaceChildren(...parts);
  panel.hidden = false;
}

let current = data.start;
function select(i) {
  const left = spans[current];
  current = i;
  spans[i].tabIndex = 0;
  spans[i].classList.add("at");
  if (left !== spans[i]) {
    left.removeAttribute("tabindex");
    left.classList.remove("at");
  }
  show(i);
}
function focus(i) {
  if (i < 0 || i >= spans.length) return;
  spans[i].tabIndex = 0;
  spans[i].focus();
}
function speak(i) {
  const [first, end] = tokensOf(i);
  const rows = end - first === 1 && data.own[first] ? choices(first).slice(0, 3).map(([id, p]) => data.labels[id] + " " + p) : [];
  spoken.textContent = spans[i].textContent + ": " + bitsOf(i) + (rows.length ? ". Expected: " + rows.join(", ") : "");
}
/** The piece on the line above or below that is nearest to the left edge of this one. */
function neighbour(i, direction) {
  const rects = (j) => spans[j].getClientRects();
  const here = rects(i)[0];
  if (!here) return -1;
  let best = -1, distance = Infinity, line = null;
  for (let j = i + direction; j >= 0 && j < spans.length; j += direction) {
    const there = rects(j)[0];
    if (!there || Math.abs(there.top - here.top) < here.height / 2) continue;
    line ??= there.top;
    if (Math.abs(there.top - line) > here.height / 2) break;
    const gap = Math.abs(there.left - here.left);
    if (gap < distance) { distance = gap; best = j; }
  }
  return best;
}
const moves = {
  ArrowRight: (i) => i + 1,
  ArrowLeft: (i) => i - 1,
  ArrowDown: (i) => neighbour(i, 1),
  ArrowUp: (i) => neighbour(i, -1),
  Home: () => 0,
  End: () => spans.length - 1,
};
if (spans.length > 0) {
  for (const span of spans) span.removeAttribute("title");
  const pieceAt = (event) => indices.get(event.target.closest("span"));
  text.addEventListener("pointerover", (event) => { const i = pieceAt(event); if (i !== undefined) show(i); });
  text.addEventListener("pointerleave", () => show(current));
  text.addEventListener("click", (event) => { const i = pieceAt(event); if (i !== undefined) focus(i); });
  text.addEventListener("focusin", (event) => { const i = pieceAt(event); if (i !== undefined) { select(i); speak(i); } });
  text.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    focus(move(current));
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest("a[href^='#t']");
    const span = target && byId(target.hash.slice(1));
    if (!span) return;
    event.preventDefault();
    focus(indices.get(span));
  });
  select(current);
}
`;
