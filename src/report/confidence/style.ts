/** Style sheet and script of the page of confidences, beside those of a score's page. */

export const CONFIDENCE_STYLE: string = `
h1{font-size:clamp(1.5rem,5vw,2.1rem);font-weight:650}
.asked,.sample{white-space:pre-wrap}
.answer{margin:.4rem 0;font:clamp(1.02rem,1.6vw,1.16rem)/1.95 "Iowan Old Style","Palatino Linotype",Palatino,Charter,Georgia,"Noto Serif","Liberation Serif",serif;white-space:pre-wrap;tab-size:4;unicode-bidi:plaintext;max-width:46rem}
.answer span{padding-block:.16em;border-radius:2px;-webkit-box-decoration-break:clone;box-decoration-break:clone}
.answer .sn{border-block-end:2px dotted var(--quiet)}
.answer span:hover,.answer .at{outline:2px solid var(--chart-ink);outline-offset:0}
.answer span:focus-visible{outline:3px solid var(--focus);outline-offset:1px}
.token-line{min-block-size:1.55em;margin:.2rem 0}
.methods{font-size:.9rem}
.methods th[scope=row]{font-weight:400;white-space:nowrap}
.methods .family{font-weight:650;padding-block-start:1rem}
.share{display:inline-block;inline-size:3.5rem;block-size:.6rem;background:var(--chart-line);border-radius:2px;overflow:hidden;vertical-align:baseline}
.share rect{fill:var(--bar)}
.clusters{padding-inline-start:1.4rem}
.clusters ul{padding-inline-start:1rem}
summary{cursor:pointer;margin-block:.8rem}
@media (forced-colors:active){.share rect{fill:CanvasText}.share{border:1px solid CanvasText}}
@media print{.token-line,.hint{display:none}}
`;

/**
 * Each answer is one stop of the Tab key; within it the arrow keys move (a roving tabindex). What is reached is said beneath, and to
 * a screen reader. Texts go in through textContent alone.
 */
export const CONFIDENCE_SCRIPT: string = `
"use strict";
for (const group of document.querySelectorAll(".answer[role=group]")) {
  const spans = [...group.getElementsByTagName("span")];
  const line = group.nextElementSibling;
  if (spans.length === 0) continue;
  let current = 0;
  spans[0].tabIndex = 0;
  const select = (i) => {
    spans[current].classList.remove("at");
    spans[current].tabIndex = -1;
    current = i;
    spans[i].tabIndex = 0;
    spans[i].classList.add("at");
    line.textContent = spans[i].textContent + ": " + spans[i].title;
  };
  const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  group.addEventListener("focusin", (event) => {
    const i = spans.indexOf(event.target);
    if (i >= 0) select(i);
  });
  group.addEventListener("click", (event) => {
    const i = spans.indexOf(event.target.closest("span"));
    if (i >= 0) select(i);
  });
  group.addEventListener("keydown", (event) => {
    if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const to = spans[Math.min(spans.length - 1, Math.max(0, current + moves[event.key]))];
    to.tabIndex = 0;
    to.focus();
  });
}
`;
