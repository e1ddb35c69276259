/** The style sheet of a report: one column of text, two colour schemes, no fonts to load. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #24292f; --quiet: #57606a; --line: #d0d7de; --shade: rgb(31 35 40 / .22);
  --kept: #1a7f37; --hallucinated: #cf222e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --ink: #e6edf3; --quiet: #9198a1; --line: #3d444d; --shade: rgb(0 0 0 / .8);
    --kept: #3fb950; --hallucinated: #f85149;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 75rem; margin: 0 auto; padding: 2rem 1rem 4rem; overflow-wrap: break-word; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .75rem; }
section { margin-top: 2rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
p { max-width: 46rem; }
.lead { font-size: 1.125rem; color: var(--quiet); margin-top: 0; }
.word { white-space: nowrap; }
dl { display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin: 0; }
dl div { min-width: 0; }
dt { color: var(--quiet); font-size: .875rem; }
dd { margin: 0; overflow-wrap: anywhere; }
details { border-top: 1px solid var(--line); margin-top: 1rem; }
summary { cursor: pointer; padding: .75rem 0; }
summary h2 { display: inline; border: 0; margin: 0; padding: 0; }
.scroll {
  overflow-x: auto; max-width: 100%; width: fit-content; scrollbar-width: thin;
  /* The covers move with the table and hide the shadow of a side where nothing more is. */
  background:
    linear-gradient(to right, var(--page) 40%, transparent) left / 3rem 100% no-repeat local,
    linear-gradient(to left, var(--page) 40%, transparent) right / 3rem 100% no-repeat local,
    linear-gradient(to right, var(--shade), transparent) left / 1rem 100% no-repeat scroll,
    linear-gradient(to left, var(--shade), transparent) right / 1rem 100% no-repeat scroll;
}
.scroll:focus-visible { outline: 2px solid var(--quiet); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .375rem .625rem; text-align: left; white-space: nowrap; }
thead th { border-bottom: 2px solid var(--line); }
th:first-child { position: sticky; left: 0; background: var(--page); }
tbody th { font-weight: normal; white-space: normal; min-width: min(9rem, 35vw); }
table.short tbody th { min-width: 0; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
.number { text-align: right; }
figure { margin: 0; min-width: 0; }
figcaption { margin: .5rem 0; max-width: 46rem; color: var(--quiet); font-size: .875rem; }
.charts { display: flex; flex-wrap: wrap; gap: 2rem 1rem; }
.charts figure { max-width: 100%; }
.charts img { display: block; max-width: 100%; height: auto; }
.charts figcaption { contain: inline-size; }
table.images tbody tr { vertical-align: top; }
table.images th, table.images tbody tr > * { border: 0; padding: .25rem; text-align: center; font-size: .875rem; font-weight: normal; }
table.images tbody th { text-align: left; vertical-align: middle; padding-right: .75rem; min-width: 0; max-width: 10rem; }
table.images img { display: block; margin: 0 auto; box-sizing: content-box; border: 4px solid transparent; }
table.images small { display: block; color: var(--quiet); }
.tiny { image-rendering: pixelated; }
table.images img.kept { border: 4px solid var(--kept); }
table.images img.hallucinated { border: 4px dashed var(--hallucinated); }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: .5rem 0 0; font-size: .875rem; }
.key span::before { content: ''; display: inline-block; width: 1rem; height: 1rem; margin-right: .5rem; vertical-align: -.15rem; }
.key .kept::before { border: 3px solid var(--kept); }
.key .hallucinated::before { border: 3px dashed var(--hallucinated); }
@media (max-width: 44rem) {
  table.images, table.images tbody { display: block; }
  table.images thead { display: none; }
  table.images tbody tr { display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 5.5rem)); margin-bottom: .75rem; }
  table.images tbody th { grid-column: 1 / -1; max-width: none; font-weight: 600; position: static; }
  table.images td::before { content: attr(data-label); display: block; color: var(--quiet); }
  table.images img { max-width: 100%; height: auto; box-sizing: border-box; }
  table.images small { white-space: normal; }
}
`
