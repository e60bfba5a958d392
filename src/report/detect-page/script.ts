/**
 * The script of the page of examined answers. Each answer, and each heat map, is one stop of the Tab key; within it the arrow keys
 * move (a roving tabindex). The reasons of the span that is reached are shown beneath the answer, and said by a screen reader.
 * What is shown is a copy of what stands on the page, or goes in through textContent: nothing is parsed as markup.
 */
export const DETECT_SCRIPT: string = `
"use strict";
const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };
function rove(group, stops, reached) {
  if (stops.length === 0) return;
  let current = 0;
  stops.forEach((stop, i) => { stop.tabIndex = i === 0 ? 0 : -1; });
  const select = (i) => {
    stops[current].classList.remove("at");
    stops[current].tabIndex = -1;
    current = i;
    stops[i].tabIndex = 0;
    stops[i].classList.add("at");
    reached(stops[i]);
  };
  group.addEventListener("focusin", (event) => {
    const i = stops.indexOf(event.target);
    if (i >= 0) select(i);
  });
  group.addEventListener("click", (event) => {
    const i = stops.indexOf(event.target.closest("a,span:not(.spoken)"));
    if (i < 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    select(i);
    stops[i].focus();
  });
  group.addEventListener("keydown", (event) => {
    if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    stops[Math.min(stops.length - 1, Math.max(0, current + moves[event.key]))].focus();
  });
}
for (const group of document.querySelectorAll(".suspected")) {
  const panel = group.nextElementSibling;
  rove(group, [...group.querySelectorAll("a.mark")], (mark) => {
    const reasons = document.getElementById(mark.hash.slice(1));
    const copy = reasons.cloneNode(true);
    for (const link of copy.querySelectorAll("a")) link.replaceWith(...link.childNodes);
    panel.replaceChildren(...copy.childNodes);
  });
}
for (const group of document.querySelectorAll(".heat")) {
  const line = group.nextElementSibling;
  rove(group, [...group.getElementsByTagName("span")], (token) => {
    line.textContent = token.textContent + ": " + token.title;
  });
}
document.addEventListener("click", (event) => {
  const back = event.target.closest("a.back");
  const mark = back && document.getElementById(back.hash.slice(1));
  if (!mark) return;
  event.preventDefault();
  mark.focus();
});
`;
