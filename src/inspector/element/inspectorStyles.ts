// The style sheet of the inspector.
//
// One file, because its rules share the colors at the top. Sizes depend on the element's own width,
// because it may be a part of a page.

export const STYLES = `
:host {
  display: block; min-height: 420px; height: 720px; container-type: inline-size; color-scheme: light dark;
  --page: light-dark(#fbfbfd, #0d1117); --surface: light-dark(#fff, #141a22);
  --raised: light-dark(#f2f4f8, #1c242e); --stripe: light-dark(#f6f8fb, #11171f);
  --line: light-dark(#e1e6ee, #263040); --text: light-dark(#17202e, #e4eaf2);
  --muted: light-dark(#5b6878, #8f9cae); --accent: light-dark(#4f46e5, #9aa5ff);
  --running: light-dark(#0a7a4a, #3ddc97); --ready: light-dark(#965900, #ffb84d);
  --waiting: light-dark(#8793a4, #5d6b7e); --bad: light-dark(#c21f36, #ff6b7a);
  --sleep: light-dark(#2563cf, #6ea8ff); --lock: light-dark(#b5480f, #ff9466);
  --queue: light-dark(#8a3fcf, #c792ff); --call: light-dark(#a8326f, #ff8cc0);
  --task: light-dark(#0a727d, #4fd1dc); --outside: light-dark(#5a697f, #9fb0c6);
}
:host([theme="light"]) { color-scheme: light }
:host([theme="dark"]) { color-scheme: dark }
:host([fill]) { position: fixed; inset: 0; height: auto }
:host([hidden]) { display: none }
* { box-sizing: border-box; margin: 0 }
.inspector {
  height: 100%; display: flex; flex-direction: column; overflow: hidden;
  background: var(--page); color: var(--text); border: 1px solid var(--line); border-radius: 12px;
  font: 13px/1.45 Inter, system-ui, sans-serif;
  font-variant-numeric: tabular-nums;
}
:host([fill]) .inspector { border: 0; border-radius: 0 }
button, select, input { font: inherit; color: inherit }
button, select {
  background: var(--surface); border: 1px solid var(--line); border-radius: 7px; padding: 4px 10px;
  min-height: 28px; cursor: pointer; white-space: nowrap;
}
button:hover:not(:disabled), select:hover { background: var(--raised) }
button:disabled { opacity: .5; cursor: default }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px }
.tree:focus-visible, .chart:focus-visible, .scroll:focus-visible { outline-offset: -2px }
small { color: var(--muted); font-size: 12px; font-weight: 400 }
h2, h3 { font-size: 12px; font-weight: 650 }
h3 { font-size: 13px }
h4 { font-size: 12px; font-weight: 600; margin: 10px 0 4px; color: var(--muted) }
ol, ul { list-style: none; padding: 0 }
.none { padding: 28px 20px; color: var(--muted); text-align: center }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.hint, .limits { color: var(--muted); font-size: 12px }
.limits:not(:empty) { padding: 5px 14px; border-top: 1px solid var(--line); background: var(--surface) }
.failure:not(:empty) { padding: 8px 14px; background: var(--bad); color: var(--page) }
.dot {
  flex: none; display: inline-block; width: 8px; height: 8px; border-radius: 50%;
  background: var(--waiting); margin-right: 7px;
}
.dot.running { background: var(--running); box-shadow: 0 0 0 3px color-mix(in srgb, var(--running) 25%, transparent) }
.dot.ready { background: var(--ready) }
.dot.waiting { background: none; border: 2px solid var(--waiting) }

.toolbar {
  display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; padding: 10px 14px;
  background: var(--surface); border-bottom: 1px solid var(--line);
}
.mark { display: flex; align-items: center; gap: 7px; font-weight: 700 }
.mark svg { width: 20px; height: 20px; fill: none; stroke: var(--accent); stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round }
.mark circle { fill: var(--accent); stroke: none }
.state { display: flex; align-items: center; gap: 6px; margin-right: auto }
.state b::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: var(--running); margin-right: 6px }
.state b { font-weight: 600 }
.state.held b::before { background: var(--ready); border-radius: 2px }
.state.off { color: var(--muted) }
.pace { display: flex; gap: 6px }
.pace button { display: flex; align-items: center; gap: 7px }
.pace .primary { background: var(--accent); border-color: transparent; color: light-dark(#fff, #0d1117); font-weight: 600; min-width: 94px; justify-content: center }
.pace .primary:hover { background: color-mix(in srgb, var(--accent) 85%, var(--text)) }
.pace i { width: 10px; height: 10px; background: currentColor }
.pace .pause { mask: linear-gradient(90deg, #000 36%, transparent 36% 64%, #000 64%) }
.pace .play { clip-path: polygon(10% 0, 100% 50%, 10% 100%) }
.pace .step { clip-path: polygon(0 0, 62% 50%, 62% 0, 90% 0, 90% 100%, 62% 100%, 62% 50%, 0 100%) }
input[type="search"] {
  width: 200px; min-height: 28px; padding: 4px 10px; border-radius: 7px; border: 1px solid var(--line);
  background: var(--page);
}
input::placeholder { color: var(--muted) }

.metrics { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); background: var(--surface); border-bottom: 1px solid var(--line) }
.metric { position: relative; padding: 8px 14px 9px; border-left: 1px solid var(--line); overflow: hidden }
.metric:first-child { border-left: 0 }
.metric dt { color: var(--muted); font-size: 12px }
.metric dd { font-size: 18px; font-weight: 650; line-height: 1.2 }
.metric svg { position: absolute; right: 0; bottom: 0; width: 56%; height: 26px }
.metric .line { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke }
.metric .area { fill: color-mix(in srgb, var(--accent) 14%, transparent) }

section.queue { padding: 10px 14px 12px; border-bottom: 1px solid var(--line); background: var(--page) }
.lane {
  position: relative; display: flex; align-items: center; height: 42px; margin-top: 7px; padding-left: 20px;
  border: 1px solid var(--line); border-radius: 9px; background: var(--surface); overflow: hidden;
}
.lane ol { position: relative; display: flex; gap: 6px; min-width: 0; overflow: hidden; padding: 4px 2px; mask: linear-gradient(90deg, #000 calc(100% - 32px), transparent) ; flex: 1 }
.lane .empty { position: absolute; left: 30px; color: var(--muted) }
.mouth { position: absolute; left: 0; top: 0; bottom: 0; width: 14px; background: linear-gradient(90deg, var(--running), color-mix(in srgb, var(--running) 40%, transparent)); clip-path: polygon(0 0, 40% 0, 100% 50%, 40% 100%, 0 100%) }
.chip, .chip button { white-space: nowrap }
.lane .chip button, button.chip {
  min-height: 26px; padding: 2px 9px; border-radius: 7px; max-width: 190px; overflow: hidden; text-overflow: ellipsis;
  border-color: color-mix(in srgb, var(--hue, var(--ready)) 45%, transparent);
  background: color-mix(in srgb, var(--hue, var(--ready)) 12%, var(--surface)); opacity: 1;
}
.chip i { font-style: normal; margin-right: 6px; color: var(--hue, var(--ready)) }
.lane .task { --hue: var(--ready) } .chip.callback { --hue: var(--outside) } .chip.timer { --hue: var(--sleep) }
.chip.user-blocking { --hue: var(--bad) } .chip.background { --hue: var(--waiting) }
.chip.current { outline: 2px solid var(--accent) }
.more { padding: 0 12px; color: var(--muted); white-space: nowrap }

.body { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(340px, 38%) minmax(0, 1fr) }
.show-tasks .body { grid-template: auto minmax(0, 1fr) / 1fr }
.side { display: flex; flex-direction: column; min-height: 0; border-right: 1px solid var(--line) }
.show-tasks .side { order: 1 }
.tasks { flex: 1; min-height: 0; display: flex; flex-direction: column }
.phases { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; padding: 8px 12px; border-bottom: 1px solid var(--line) }
.phases button { padding: 2px 9px; min-height: 24px; border-radius: 12px; font-size: 12px }
[aria-pressed="true"] { border-color: var(--accent) !important; background: color-mix(in srgb, var(--accent) 14%, var(--surface)) }
.phases .shown { margin-left: auto; color: var(--muted); font-size: 12px }
.tree { flex: 1; min-height: 0; overflow: auto; position: relative; contain: strict }
.rows { position: relative }
.row {
  position: absolute; inset: 0 0 auto; height: 26px; padding: 0 12px; display: grid; align-items: center;
  grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr) 62px; gap: 10px; cursor: default;
}
.row:hover { background: var(--raised) }
.row.current { background: color-mix(in srgb, var(--accent) 10%, var(--surface)) }
.row.current::before { content: ""; position: absolute; left: 0; top: 0; bottom: 0; width: 3px; background: var(--accent) }
.row.context { opacity: .55 }
.row span { min-width: 0 }
.row .name { display: flex; align-items: center; overflow: hidden; white-space: nowrap }
.row b { font-weight: 550; overflow: hidden; text-overflow: ellipsis }
.row small { margin-left: 7px; overflow: hidden; text-overflow: ellipsis; flex: 0 9 auto }
.row em { flex: none; margin-left: 7px; padding: 0 6px; border-radius: 8px; font-size: 11px; font-style: normal; background: var(--raised); color: var(--muted) }
.row em.bad { color: var(--bad) }
.twisty { flex: none; width: 16px; color: var(--muted); cursor: pointer; font-size: 11px }
.twisty.leaf { cursor: default }
.wait { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 12px; color: var(--hue, var(--muted)) }
.sleep { --hue: var(--sleep) } .lock { --hue: var(--lock) } .queue { --hue: var(--queue) } .call { --hue: var(--call) }
.task { --hue: var(--task) } .outside { --hue: var(--outside) } .running { --hue: var(--running) } .ready { --hue: var(--ready) }
.age { text-align: right; color: var(--muted); font-size: 12px }
.detail { position: relative; flex: none; max-height: 46%; overflow: auto; padding: 12px 14px; border-top: 1px solid var(--line); background: var(--surface) }
.detail h3 { display: flex; align-items: center; padding-right: 30px; overflow-wrap: anywhere }
.detail dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 14px; margin-top: 8px }
.detail dt { color: var(--muted) }
.detail dd { overflow-wrap: anywhere }
.detail .hint { margin-top: 10px }
.detail .cancel { margin-top: 10px; color: var(--bad) }
.close { position: absolute; right: 8px; top: 8px; width: 28px; padding: 0; border-color: transparent; background: none; font-size: 16px }
.link { min-height: 0; padding: 0; border: 0; background: none !important; color: var(--accent); text-align: left; white-space: normal; overflow-wrap: anywhere }
.link:hover { text-decoration: underline }
.links { display: flex; flex-wrap: wrap; gap: 0 10px }
.stack, .place { font: 12px/1.6 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere }

.main { display: flex; flex-direction: column; min-width: 0; min-height: 0 }
.main .tabs { display: flex; flex-wrap: wrap; gap: 2px; padding: 6px 10px 0; border-bottom: 1px solid var(--line) }
.tabs button { border: 0; border-radius: 7px 7px 0 0; background: none; padding: 6px 11px 8px; color: var(--muted); border-bottom: 2px solid transparent }
.tabs [aria-selected="true"] { color: var(--text); font-weight: 600; border-color: var(--accent) }
.tabs .bad, .tabs .bad small { color: var(--bad) }
.panel { flex: 1; min-height: 0; overflow: auto; position: relative }
[hidden] { display: none !important }

.timeline { height: 100%; min-height: 220px; display: flex; flex-direction: column }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; padding: 8px 12px }
.tools .summary { color: var(--muted); font-size: 12px; margin-right: auto }
.record i { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 7px; background: var(--waiting) }
.record[aria-pressed="true"] i { background: var(--bad) }
.chart { flex: 1; min-height: 0; position: relative; overflow: hidden; touch-action: pan-y; cursor: crosshair; border-top: 1px solid var(--line) }
.chart canvas { position: absolute; inset: 0; width: 100%; height: 100% }
.tip {
  position: absolute; left: 0; top: 0; max-width: 220px; padding: 5px 9px; border-radius: 7px; pointer-events: none;
  background: var(--text); color: var(--page); font-size: 12px; display: grid; overflow-wrap: anywhere;
}
.scroll { overflow: auto; flex: 1; min-height: 0 }

.timers { padding: 14px }
.heap { display: block; width: 100%; height: auto; margin: auto }
.timers figure { overflow-x: auto }
.heap .edge { fill: none; stroke: var(--line); stroke-width: 1.5 }
.timer { --hue: var(--outside); cursor: pointer; fill: color-mix(in srgb, var(--hue) 16%, var(--surface)); stroke: var(--hue) }
.timer.sleep { --hue: var(--sleep) } .timer.timeout { --hue: var(--lock) }
.timer text { fill: var(--text); stroke: none; font-size: 12px; text-anchor: middle }
.timer:hover rect, circle.timer:hover { stroke-width: 2.5 }
figcaption { color: var(--muted); font-size: 12px; text-align: center }
.beside { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 24px; margin-top: 18px; align-items: start }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: 600; font-size: 12px; padding-bottom: 6px }
th { font-weight: 500; color: var(--muted); font-size: 12px; text-align: left }
th, td { padding: 3px 10px 3px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
.scroll table { margin: 0 12px; width: calc(100% - 24px) }
.histogram th { width: 110px } .histogram td:last-child { width: 60px; text-align: right }
.bar { display: block; height: 10px; border-radius: 3px; background: var(--sleep); min-width: 2px }

.waits { height: 100%; display: flex; flex-direction: column }
.deadlock { padding: 8px 14px; background: color-mix(in srgb, var(--bad) 12%, var(--surface)); border-bottom: 1px solid var(--bad); overflow-wrap: anywhere }
.deadlock b { color: var(--bad) }
.waits .hint { padding: 6px 14px; border-top: 1px solid var(--line) }
.graph { display: block; margin: auto; font-size: 12px }
.graph .link { fill: none; stroke: var(--waiting); stroke-width: 1.4 }
.graph .held { stroke-dasharray: 5 4 }
.graph .stuck.link { stroke: var(--bad); stroke-width: 2 }
marker { fill: var(--waiting) } marker.stuck { fill: var(--bad) }
.node { --hue: var(--waiting) }
.node[role="button"] { cursor: pointer }
.node.lock { --hue: var(--lock) } .node.queue { --hue: var(--queue) } .node.call { --hue: var(--call) }
.node.running { --hue: var(--running) } .node.ready { --hue: var(--ready) } .node.resource.outside { --hue: var(--outside) }
.node rect { fill: color-mix(in srgb, var(--hue) 10%, var(--surface)); stroke: color-mix(in srgb, var(--hue) 70%, transparent); stroke-width: 1.3 }
.node circle { fill: var(--hue) } .node text { fill: var(--text) }
.node.stuck { --hue: var(--bad) } .node.stuck rect { stroke: var(--bad); stroke-width: 2 }
.node.current rect, .node:focus-visible rect { stroke: var(--accent); stroke-width: 2.5 }
.node:focus-visible { outline: none }

.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 12px; padding: 14px; align-content: start }
.card { padding: 11px 13px; border: 1px solid var(--line); border-left: 3px solid var(--hue); border-radius: 9px; background: var(--surface); min-width: 0 }
.card h3 { display: flex; justify-content: space-between; gap: 10px }
.line { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin-top: 9px }
.line ol { display: flex; flex-wrap: wrap; gap: 5px; min-width: 0 }
.line .chip { --hue: var(--waiting); min-height: 24px; font-size: 12px }
.holder { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; color: var(--muted); font-size: 12px }
.holder .chip { --hue: var(--running); color: var(--text) }
.arrow { color: var(--muted) }
.fill { display: flex; align-items: center; gap: 10px; margin-top: 8px; font-size: 12px; color: var(--muted) }
.cells { display: flex; gap: 2px; flex: 1; min-width: 0 }
.cells i { flex: 1; max-width: 16px; height: 12px; border-radius: 2px; background: var(--raised); border: 1px solid var(--line) }
.cells .full { background: var(--hue); border-color: transparent } .cells .bar { background: var(--hue); min-width: 0 }

.warnings { padding: 14px; display: grid; gap: 12px }
.warnings li { padding: 11px 13px; border: 1px solid var(--line); border-left: 3px solid var(--ready); border-radius: 9px; background: var(--surface); overflow-wrap: anywhere }
.warnings i { color: var(--ready); font-style: normal; margin-right: 8px }
.warnings p, .warnings .links { margin-top: 4px }
.place, .way { color: var(--muted) }

@container (max-width: 900px) {
  .body { grid-template: auto minmax(0, 1fr) / 1fr }
  .side { grid-row: 2; grid-column: 1; border-right: 0 }
  .main { display: contents }
  .main .tabs { grid-row: 1 }
  .panel { grid-row: 2; grid-column: 1 }
  .inspector:not(.show-tasks) .side { display: none }
  input[type="search"] { flex: 1 }
}
@container (max-width: 620px) {
  .metrics { grid-template-columns: repeat(3, minmax(0, 1fr)) }
  .metric { padding: 5px 12px 6px } .metric:nth-child(4) { border-left: 0 }
  .metric dd { font-size: 15px } .metric svg { height: 20px }
  .toolbar { padding: 8px 10px } section.queue { padding: 8px 10px }
  .state small { display: none }
  .tools .summary { order: 9; width: 100% }
  .row { grid-template-columns: minmax(0, 1.2fr) minmax(0, 1fr) 52px; padding: 0 10px; gap: 8px }
  .row small { display: none }
}
@media (prefers-reduced-motion: no-preference) {
  .state.on b::before { animation: beat 2s ease-in-out infinite }
  .record[aria-pressed="true"] i { animation: beat 1.6s ease-in-out infinite }
  .metric .line { transition: d .2s }
}
@media (forced-colors: active) {
  .dot, .bar, .cells .full, .node circle { forced-color-adjust: none }
  .row.current { outline: 2px solid Highlight; outline-offset: -2px }
}
@keyframes beat { 50% { opacity: .35 } }
`;
