/** The style sheet of a score's page. */
import { type Background, SHADES, shadeColours } from "../score/index.ts";

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

/** After the rules of every page: what only a score has, and where its page differs. */
export const SCORE_STYLE: string = `
:root{--card:#f8f7f9;--bar:#8c2981;--quiet:#b9b3c1;--focus:#0b57d0}
${shades("light")}
@media screen and (prefers-color-scheme:dark){
:root{--card:#1b181f;--bar:#f97e61;--quiet:#5d5767;--focus:#8ab4f8}
${shades("dark")}
}
html{scroll-padding-block:2rem}
header,main,footer{max-width:74rem;padding-inline:clamp(1.1rem,4vw,3rem)}
header{padding-block:clamp(2rem,5vw,3.5rem) 0}
h1{font-size:2em;font-weight:400;letter-spacing:0;line-height:1.1}
h1 .what{display:block;font-size:1rem;line-height:1.5;color:var(--chart-soft)}
h1 .number{font-size:clamp(2.6rem,8vw,4.2rem);font-weight:650;letter-spacing:-.03em;font-variant-numeric:tabular-nums}
h1 .error{font-size:clamp(1.1rem,3vw,1.5rem);color:var(--chart-soft);white-space:nowrap}
h2{margin:0 0 .9rem;font-size:1.05rem;line-height:inherit}
p{margin:.6rem 0}
.measures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:0 2rem;margin:2rem 0 0;border-block:1px solid var(--chart-line)}
.measures div{padding-block:1rem}
.measures dt{color:var(--chart-soft);font-size:.85rem}
.measures dd{margin:.1rem 0 0;font-size:1.35rem;font-weight:600;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
.measures small{display:block;color:var(--chart-soft);font-size:.8rem;font-weight:400;letter-spacing:0}
.bars{display:grid;grid-template-columns:max-content minmax(6rem,22rem) max-content;gap:.3rem .9rem;align-items:center;margin:0;font-variant-numeric:tabular-nums}
.bars dl,.bars div{display:contents}
.bars dt,.bars dd{margin:0}
.bars svg{display:block;inline-size:100%;block-size:.7rem}
.bars rect{fill:var(--quiet)}
.bars .own rect{fill:var(--bar)}
.bars .own dt,.bars .own dd{font-weight:650}
.reading{display:grid;gap:1.5rem clamp(1.5rem,4vw,3rem)}
@media (min-width:62rem){.reading{grid-template-columns:minmax(0,1fr) 19rem}.detail{position:sticky;inset-block-start:1.5rem;align-self:start;max-block-size:calc(100vh - 3rem);overflow:auto}}
.legend{display:flex;flex-wrap:wrap;gap:.35rem .9rem;align-items:center;margin:0 0 1.1rem;padding:0;list-style:none;font-size:.82rem;color:var(--chart-soft);font-variant-numeric:tabular-nums}
.legend li{display:flex;gap:.4rem;align-items:center}
.legend i{inline-size:1.5rem;block-size:1rem;border-radius:3px;border:1px solid transparent}
.legend .s0{border-color:var(--chart-line)}
.legend .sn{border-block-end:2px dotted var(--quiet);border-radius:0}
#text{margin:0;font:clamp(1.02rem,1.6vw,1.16rem)/1.95 "Iowan Old Style","Palatino Linotype",Palatino,Charter,Georgia,"Noto Serif","Liberation Serif",serif;white-space:pre-wrap;tab-size:4;unicode-bidi:plaintext;max-width:46rem;cursor:default}
#text span{padding-block:.16em;border-radius:2px;-webkit-box-decoration-break:clone;box-decoration-break:clone}
#text i::before{content:"↵";font-style:normal;opacity:.6;font-size:.8em}
#text .s0 i::before,#text .sn i::before{opacity:.35}
#text .sn{border-block-end:2px dotted var(--quiet)}
#text span:hover,#text .at{outline:2px solid var(--chart-ink);outline-offset:0}
#text span:focus-visible,a:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--focus);outline-offset:1px}
#text :target{outline:3px solid var(--focus)}
.detail{background:var(--card);border:1px solid var(--chart-line);border-radius:10px;padding:1.15rem 1.25rem;font-size:.9rem}
.detail[hidden]{display:none}
.detail h3{margin:0 0 .1rem;font-size:1.3rem;font-weight:600;line-height:1.3}
.detail h3+p{margin:0 0 .8rem}
.detail table{inline-size:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
.detail caption{text-align:start;padding-block:.3rem;color:var(--chart-soft)}
.detail th,.detail td{padding:.22rem 0;font-weight:400;text-align:start}
.detail td{text-align:end;padding-inline-start:.7rem;white-space:nowrap;vertical-align:top}
.detail .bar{display:block;block-size:3px;margin-block-start:.15rem;border-radius:2px;background:var(--quiet);inline-size:0}
.detail .own th,.detail .own td{font-weight:700}
.detail .own .bar{background:var(--bar)}
.token{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.92em;white-space:pre-wrap;unicode-bidi:isolate}
.top{inline-size:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
.top caption{text-align:start;color:var(--chart-soft);padding-block-end:.6rem}
.top th,.top td{padding:.55rem 1.1rem .55rem 0;border-block-end:1px solid var(--chart-line);text-align:start;vertical-align:baseline}
.top thead th{color:var(--chart-soft);font-weight:400;font-size:.85rem;white-space:nowrap}
.top .figure{text-align:end;white-space:nowrap}
.top mark{border-radius:3px;padding-block:.1em;white-space:pre-wrap;font-weight:400}
.top mark.s0{background:none;color:inherit}
.top .context{min-inline-size:17rem;white-space:pre-wrap}
.top .expected{min-inline-size:14rem}
.top ul{display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin:0;padding:0;list-style:none}
.top a{color:inherit;text-underline-offset:.2em}
.spoken{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:61.99rem){.detail{position:sticky;inset-block-end:.75rem;max-block-size:40vh;overflow:auto;box-shadow:0 6px 30px #0003;padding:.8rem 1rem;font-size:.85rem}.detail h3{font-size:1.1rem}.detail h3+p{margin-block-end:.4rem}html{scroll-padding-block-end:42vh}}
@media (max-width:34rem){.measures{grid-template-columns:1fr 1fr}}
@media (forced-colors:active){${FORCED}.top mark{background:Mark;color:MarkText}.bars rect{fill:CanvasText}}
@media print{header{padding-block-start:0}.reading{display:block}.detail{display:none}#text{font-size:11pt;max-width:none}.top tr,.measures,.bars{break-inside:avoid}#text .at,#text :target{outline:none}.hint{display:none}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`;
