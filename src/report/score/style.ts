/** The page's style sheet. */
import { type Background, SHADES, shadeColours } from "./shades.ts";

/** Colours of the shades on a page, `.s1` ... `.s7`; `.s0` is the page itself. */
function shades(page: Background): string {
  return Array.from({ length: SHADES - 1 }, (_, i) => {
    const { background, text } = shadeColours(i + 1, page);
    return `.s${i + 1}{background:${background};color:${text}}`;
  }).join("");
}

/** Without colours of its own a shade still shows, as an underline that grows. */
const FORCED = Array.from(
  { length: SHADES - 1 },
  (_, i) => `.s${i + 1}{text-decoration:underline ${1 + i * 0.7}px}`,
).join("");

export const STYLE: string = `
:root{color-scheme:light dark;--page:#fff;--ink:#1d1b20;--soft:#5f5b66;--line:#e4e1e8;--card:#f8f7f9;--bar:#8c2981;--quiet:#b9b3c1;--focus:#0b57d0}
${shades("light")}
@media screen and (prefers-color-scheme:dark){
:root{--page:#131116;--ink:#e8e5ec;--soft:#a7a1b0;--line:#2e2a35;--card:#1b181f;--bar:#f97e61;--quiet:#5d5767;--focus:#8ab4f8}
${shades("dark")}
}
*{box-sizing:border-box}
html{scroll-padding-block:2rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:74rem;margin-inline:auto;padding-inline:clamp(1.1rem,4vw,3rem)}
header{padding-block:clamp(2rem,5vw,3.5rem) 0}
footer{padding-block:1.5rem 3rem;color:var(--soft);font-size:.85rem}
section{margin-block-start:clamp(2.2rem,5vw,3.25rem)}
h1{margin:0;font-weight:400;line-height:1.1}
h1 .what{display:block;font-size:1rem;line-height:1.5;color:var(--soft)}
h1 .number{font-size:clamp(2.6rem,8vw,4.2rem);font-weight:650;letter-spacing:-.03em;font-variant-numeric:tabular-nums}
h1 .error{font-size:clamp(1.1rem,3vw,1.5rem);color:var(--soft);white-space:nowrap}
h2{margin:0 0 .9rem;font-size:1.05rem;font-weight:650;letter-spacing:-.005em}
p{margin:.6rem 0;max-width:46rem}
.soft{color:var(--soft)}
.measures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:0 2rem;margin:2rem 0 0;border-block:1px solid var(--line)}
.measures div{padding-block:1rem}
.measures dt{color:var(--soft);font-size:.85rem}
.measures dd{margin:.1rem 0 0;font-size:1.35rem;font-weight:600;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
.measures small{display:block;color:var(--soft);font-size:.8rem;font-weight:400;letter-spacing:0}
.bars{display:grid;grid-template-columns:max-content minmax(6rem,22rem) max-content;gap:.3rem .9rem;align-items:center;margin:0;font-variant-numeric:tabular-nums}
.bars dl,.bars div{display:contents}
.bars dt,.bars dd{margin:0}
.bars svg{display:block;inline-size:100%;block-size:.7rem}
.bars rect{fill:var(--quiet)}
.bars .own rect{fill:var(--bar)}
.bars .own dt,.bars .own dd{font-weight:650}
.reading{display:grid;gap:1.5rem clamp(1.5rem,4vw,3rem)}
@media (min-width:62rem){.reading{grid-template-columns:minmax(0,1fr) 19rem}.detail{position:sticky;inset-block-start:1.5rem;align-self:start;max-block-size:calc(100vh - 3rem);overflow:auto}}
.legend{display:flex;flex-wrap:wrap;gap:.35rem .9rem;align-items:center;margin:0 0 1.1rem;padding:0;list-style:none;font-size:.82rem;color:var(--soft);font-variant-numeric:tabular-nums}
.legend li{display:flex;gap:.4rem;align-items:center}
.legend i{inline-size:1.5rem;block-size:1rem;border-radius:3px;border:1px solid transparent}
.legend .s0{border-color:var(--line)}
.legend .sn{border-block-end:2px dotted var(--quiet);border-radius:0}
#text{margin:0;font:clamp(1.02rem,1.6vw,1.16rem)/1.95 "Iowan Old Style","Palatino Linotype",Palatino,Charter,Georgia,"Noto Serif","Liberation Serif",serif;white-space:pre-wrap;tab-size:4;unicode-bidi:plaintext;max-width:46rem;cursor:default}
#text span{padding-block:.16em;border-radius:2px;-webkit-box-decoration-break:clone;box-decoration-break:clone}
#text i::before{content:"↵";font-style:normal;opacity:.6;font-size:.8em}
#text .s0 i::before,#text .sn i::before{opacity:.35}
#text .sn{border-block-end:2px dotted var(--quiet)}
#text span:hover,#text .at{outline:2px solid var(--ink);outline-offset:0}
#text span:focus-visible,a:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--focus);outline-offset:1px}
#text :target{outline:3px solid var(--focus)}
.detail{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.15rem 1.25rem;font-size:.9rem}
.detail[hidden]{display:none}
.detail h3{margin:0 0 .1rem;font-size:1.3rem;font-weight:600;line-height:1.3}
.detail h3+p{margin:0 0 .8rem}
.detail table{inline-size:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
.detail caption{text-align:start;padding-block:.3rem;color:var(--soft)}
.detail th,.detail td{padding:.22rem 0;font-weight:400;text-align:start}
.detail td{text-align:end;padding-inline-start:.7rem;white-space:nowrap;vertical-align:top}
.detail .bar{display:block;block-size:3px;margin-block-start:.15rem;border-radius:2px;background:var(--quiet);inline-size:0}
.detail .own th,.detail .own td{font-weight:700}
.detail .own .bar{background:var(--bar)}
.token{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.92em;white-space:pre-wrap;unicode-bidi:isolate}
.scroll{overflow-x:auto}
.top{inline-size:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
.top caption{text-align:start;color:var(--soft);padding-block-end:.6rem}
.top th,.top td{padding:.55rem 1.1rem .55rem 0;border-block-end:1px solid var(--line);text-align:start;vertical-align:baseline}
.top thead th{color:var(--soft);font-weight:400;font-size:.85rem;white-space:nowrap}
.top .figure{text-align:end;white-space:nowrap}
.top mark{border-radius:3px;padding-block:.1em;white-space:pre-wrap;font-weight:400}
.top mark.s0{background:none;color:inherit}
.top .context{min-inline-size:17rem;white-space:pre-wrap}
.top .expected{min-inline-size:14rem}
.top ul{display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin:0;padding:0;list-style:none}
.top a{color:inherit;text-underline-offset:.2em}
.details{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.35rem 1.5rem;margin:0;font-size:.92rem}
.details dt{color:var(--soft)}
.details dd{margin:0;unicode-bidi:plaintext}
.spoken{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:61.99rem){.detail{position:sticky;inset-block-end:.75rem;max-block-size:40vh;overflow:auto;box-shadow:0 6px 30px #0003;padding:.8rem 1rem;font-size:.85rem}.detail h3{font-size:1.1rem}.detail h3+p{margin-block-end:.4rem}html{scroll-padding-block-end:42vh}}
@media (max-width:34rem){.details{grid-template-columns:minmax(0,1fr);gap:.1rem}.details dd{margin-block-end:.6rem}.measures{grid-template-columns:1fr 1fr}}
@media (forced-colors:active){${FORCED}.top mark{background:Mark;color:MarkText}.bars rect{fill:CanvasText}}
@media print{:root{color-scheme:light}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}@page{margin:16mm}body{font-size:10pt}header,main,footer{max-width:none;padding-inline:0}header{padding-block-start:0}section{margin-block-start:1.6rem}.reading{display:block}.detail{display:none}#text{font-size:11pt;max-width:none}.top tr,.measures,.bars{break-inside:avoid}h2{break-after:avoid}.scroll{overflow:visible}#text .at,#text :target{outline:none}.hint{display:none}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`;
