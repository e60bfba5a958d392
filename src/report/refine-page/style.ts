/** Style sheet of the pages of refining, beside that of a score's page. */
export const REFINE_STYLE: string = `
:root{--cut:#9c1c12;--merged:#0b5cad}
@media screen and (prefers-color-scheme:dark){:root{--cut:#ffa69e;--merged:#6cb2ff}}
h1{font-size:clamp(1.5rem,5vw,2.1rem);font-weight:650}
.measures.of-6{grid-template-columns:repeat(3,1fr)}.measures.of-4{grid-template-columns:repeat(4,1fr)}
.numbers th,.numbers td{overflow-wrap:break-word}
.asked{margin:.6rem 0 1rem;padding:.6rem .9rem;background:var(--card);border-radius:8px;max-width:60rem;white-space:pre-wrap}
.chain{margin:.6rem 0;padding-inline-start:2.2rem}
.chain>li{border-block-start:1px solid var(--chart-line);padding-block:.55rem}
.chain>li:last-child{border-block-end:1px solid var(--chart-line)}
.chain>li::marker{color:var(--chart-soft);font-variant-numeric:tabular-nums}
.step{display:grid;grid-template-columns:minmax(0,1fr) 19rem;gap:.2rem 1.5rem;align-items:start}
.said{white-space:pre-wrap;tab-size:4;unicode-bidi:plaintext}
.columns{display:block;overflow-wrap:normal;word-break:break-all;font:.88em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.said del{color:var(--chart-soft);text-decoration:line-through;text-decoration-color:var(--cut)}
.said ins{display:block;text-decoration:none;border-inline-start:3px solid var(--merged);padding-inline-start:.6rem;margin-block-start:.25rem}
.pair ins{margin-block-start:0}
.weight{display:grid;grid-template-columns:minmax(0,1fr) 6.2rem 4.6rem;gap:.6rem;align-items:center;font-size:.88rem;font-variant-numeric:tabular-nums}
.weight .figure,.weight small{text-align:end;white-space:nowrap}
.weigh{display:block;inline-size:100%;block-size:1rem;background:var(--card)}
.weigh.none{background:none}
.weigh .bar{fill:var(--bar)}
.weigh.against .bar{fill:var(--quiet)}
.weigh .zero{fill:var(--chart-soft)}
.fate{grid-column:1/-1;margin:.15rem 0 0;font-size:.88rem;max-width:none}
.badge{display:inline-block;padding:.02rem .5rem;border:1.5px solid var(--chart-soft);border-radius:99px;font-size:.78rem;font-weight:650;margin-inline-end:.3rem}
.removed .badge{border-color:var(--cut);color:var(--cut)}
.substituted .badge,.rewritten .badge{border-color:var(--merged);color:var(--merged)}
.answer{margin:.6rem 0;padding:.5rem .9rem;border-inline-start:4px solid var(--bar);background:var(--card);border-radius:0 8px 8px 0}
.warning{padding:.4rem .9rem;border-inline-start:4px solid var(--cut);background:var(--card);border-radius:0 8px 8px 0}
summary{cursor:pointer;max-inline-size:100%}
.said summary,.asked summary{inline-size:auto}
.order{margin-block:1rem .4rem}
.order select{font:inherit;color:inherit;background:var(--chart-page);border:1px solid var(--chart-soft);border-radius:6px;padding:.2rem .5rem}
.sample{border-block-start:1px solid var(--chart-line)}
.sample:last-child{border-block-end:1px solid var(--chart-line)}
.sample>summary{display:grid;inline-size:auto;color:inherit;font-size:1rem;grid-template-columns:minmax(0,1fr) 11rem 8rem 5rem 10rem;gap:.2rem 1rem;align-items:baseline;padding-block:.55rem;font-variant-numeric:tabular-nums}
.sample>summary::before{content:none}
.sample .name::before{content:"▸ ";color:var(--chart-soft)}
.sample[open] .name::before{content:"▾ "}
.sample>summary .figure{text-align:end;white-space:nowrap}
.sample[open]{padding-block-end:1.5rem}
.sample .measures{margin-block:.4rem 1rem}
.warned{color:var(--cut)}
.top th[scope=row]{font-weight:400}
.pair td{inline-size:48%;min-inline-size:14rem}
.prompt{padding:.6rem .9rem;background:var(--card);border-radius:8px;margin-block:.5rem}
.share{display:inline-block;inline-size:3.5rem;block-size:.6rem;background:var(--chart-line);border-radius:2px;overflow:hidden;vertical-align:baseline}
.share rect{fill:var(--bar)}
summary:focus-visible,select:focus-visible{outline:3px solid var(--focus);outline-offset:1px}
@media (max-width:52rem){.measures.of-6,.measures.of-4{grid-template-columns:1fr 1fr}.step{grid-template-columns:minmax(0,1fr)}.weight{max-inline-size:24rem}.sample>summary{grid-template-columns:1fr 1fr}.sample .name{grid-column:1/-1}.sample>summary .figure{text-align:start}}
@media (max-width:34rem){.chain{padding-inline-start:1.6rem}.weight{grid-template-columns:minmax(0,1fr) 5.6rem 4.4rem}}
@media (forced-colors:active){.weigh,.share{border:1px solid CanvasText}.weigh .bar,.weigh .zero,.share rect{fill:CanvasText}.weigh.against .bar{fill:GrayText}}
@media print{.order{display:none}.chain>li,.sample>summary{break-inside:avoid}}
`;
