/** The style sheet of every page; a page may have more of its own. */
import { FIGURE_STYLE } from "../../charts/server.ts";

/** Its colours are the variables of the pictures: they follow the reader's light or dark preference, and forced colours. */
export const PAGE_STYLE: string = `
:root{color-scheme:light dark}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--chart-page);color:var(--chart-ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:57rem;margin-inline:auto;padding-inline:clamp(.6rem,4vw,3rem)}
header{padding-block:clamp(1.5rem,5vw,3rem) 0}
footer{padding-block:1.5rem 3rem;color:var(--chart-soft);font-size:.85rem}
section{margin-block-start:clamp(2.2rem,5vw,3.25rem)}
h1{margin:0;font-size:clamp(1.5rem,5vw,2.1rem);font-weight:650;letter-spacing:-.02em;line-height:1.2}
h2{margin:0 0 .4rem;font-size:1.2rem;font-weight:650;letter-spacing:-.005em;line-height:1.3}
p{margin:.4rem 0 .8rem;max-width:46rem}
.details{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.35rem 1.5rem;margin:.6rem 0 0;font-size:.92rem}
.details dt{color:var(--chart-soft)}
.details dd{margin:0;unicode-bidi:plaintext}
@media (max-width:34rem){.details{grid-template-columns:minmax(0,1fr);gap:.1rem}.details dd{margin-block-end:.6rem}}
@media print{:root{color-scheme:light}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}@page{margin:14mm}body{font-size:10pt}header,main,footer{max-width:none;padding-inline:0}section{margin-block-start:1.6rem}h2{break-after:avoid}}
${FIGURE_STYLE}`;
