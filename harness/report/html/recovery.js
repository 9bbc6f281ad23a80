// Restarts after the outage: each arm over time, and all arms against their rate.

function rateName(recovery) {
  if (recovery.strategy === 'all-at-once') return 'all at once';
  return recovery.rate + (recovery.strategy === 'paced' ? ' at a time' : ` every ${recovery.every_ms / 1000} s`);
}

function recoveryDrawing(recovery, width) {
  const lanes = ['restarts', 'removals'].filter((name) => name === 'restarts' || recovery.stretches.some((one) => one[name] > 0));
  const inner = {left: 72, right: width - 14, top: 10, bottom: 150};
  const laneAt = (name) => inner.bottom + 22 + 22 * lanes.indexOf(name);
  const axisAt = laneAt(last(lanes)) + 14;
  const x = d3.scaleLinear().domain([0, Math.max(recovery.to_s, 0.001)]).range([inner.left, inner.right]);
  const y = d3.scaleLinear().domain([0, 1]).range([inner.bottom, inner.top]);
  const drawing = canvas(width, axisAt + 40);
  leftAxis(drawing, y, inner.left, (share) => share * 100 + ' %', 4);
  bottomAxis(drawing, x, axisAt, 'seconds since the first restart', width - inner.left, false);
  for (const name of lanes) {
    drawing.append('line').attr('class', 'grid').attr('x1', inner.left).attr('x2', inner.right).attr('y1', laneAt(name)).attr('y2', laneAt(name));
    label(drawing, name, inner.left - 8, laneAt(name) + 4, 'end', 'quiet-text');
  }
  const middle = (one) => x(Math.min(one.t_s + recovery.stretch_s / 2, recovery.to_s));
  const asked = recovery.stretches.filter((one) => one.requests > 0);
  const share = (one) => (one.requests - one.failed) / one.requests;
  drawing.append('path').attr('class', 'observed-line').attr('d', d3.line().x(middle).y((one) => y(share(one)))(asked));
  for (const one of asked)
    tooltip(drawing.append('circle').attr('class', 'observed-dot').attr('r', 2).attr('cx', middle(one)).attr('cy', y(share(one))),
      `${seconds(one.t_s)}: ${one.failed} of ${one.requests} requests failed`);
  for (const one of recovery.sweeps)
    tooltip(symbol(drawing, 'sweep', x(one.t_s), y(one.share)), `${seconds(one.t_s)}: a sweep found ${percent(one.share)} of ${one.pairs} pairs`);
  for (const one of recovery.stretches) {
    if (one.restarts + one.again > 0)
      tooltip(symbol(drawing, one.again > 0 ? 'refusal' : 'restart', middle(one), laneAt('restarts')),
        `${seconds(one.t_s)}: ${counted(one.restarts, 'planned restart')}, ${one.again} once more`);
    if (one.removals > 0)
      tooltip(symbol(drawing, 'removal', middle(one), laneAt('removals')), `${seconds(one.t_s)}: ${counted(one.removals, 'removal')} by the health check`);
  }
  return drawing;
}

function recoveryFigure(arm) {
  const {recovery, verdict} = arm;
  if (!recovery) return null;
  const rows = recovery.stretches.map((one) => [one.t_s, one.requests, one.failed, one.restarts, one.again, one.removals, '-']);
  for (const one of recovery.sweeps) rows.push([one.t_s, '-', '-', '-', '-', '-', `${percent(one.share)} of ${one.pairs} pairs`]);
  rows.sort((one, other) => one[0] - other[0]);
  return figure({
    title: 'Recovery over time',
    note: `${verdict.recovery.strategy}, ${rateName(verdict.recovery)}: the share that succeeded of the requests begun in each ` +
          'stretch; below it who was restarted.',
    draw: (width) => recoveryDrawing(recovery, width),
    legend: [['observed-line', 'requests that succeeded'], ['sweep', 'sweep of every shard through every frontend'],
             ['restart', 'restarted'], ['refusal', 'restarted once more']],
    columns: ['seconds', 'requests', 'failed', 'restarts', 'once more', 'removals', 'swept'],
    rows,
  });
}

/// By rate within a strategy; all at once is last.
const kStrategies = ['paced', 'batches', 'all-at-once'];
function byRate(one, other) {
  const pace = ({verdict: {recovery}}) => recovery.strategy === 'batches' ? recovery.rate / recovery.every_ms : recovery.rate;
  const strategy = ({verdict: {recovery}}) => kStrategies.indexOf(recovery.strategy);
  return strategy(one) - strategy(other) || pace(one) - pace(other);
}
const columnOf = ({verdict: {recovery}}) => `${recovery.strategy}, ${rateName(recovery)}`;
const isFastest = ({run, verdict}) => run.result.fastest_safe_recovery === verdict.name;

const kRatePanels = [
  {title: 'seconds until all is routable', of: ({verdict}) => verdict.recovery.routable_after_s, height: 150, as: seconds},
  {title: 'restarts wasted', of: ({verdict}) => verdict.recovery.wasted_restarts, height: 80, whole: true},
  {title: 'requests failed', of: ({verdict}) => verdict.recovery.failed_requests, height: 80, whole: true},
];

function ratesDrawing(recovered, width) {
  const kAbove = 26;
  const columns = [...new Set(recovered.map(columnOf))];
  const inner = {left: 44, right: width - 14};
  const x = d3.scalePoint().domain(columns).range([inner.left, inner.right]).padding(0.5);
  const drawing = canvas(width, d3.sum(kRatePanels, (one) => one.height + kAbove) + 54);
  let top = 0;
  for (const panel of kRatePanels) {
    const bottom = top + kAbove + panel.height;
    const known = recovered.filter((one) => panel.of(one) !== null);
    const y = d3.scaleLinear().domain([0, 1.15 * Math.max(d3.max(known, panel.of) || 0, 1)]).range([bottom, top + kAbove]);
    label(drawing, panel.title, inner.left, top + 16, 'start');
    leftAxis(drawing, y, inner.left, String, panel.whole ? Math.min(3, y.domain()[1]) : 5);
    drawing.append('line').attr('class', 'grid').attr('x1', inner.left).attr('x2', inner.right).attr('y1', bottom).attr('y2', bottom);
    for (const run of data.runs)
      for (const strategy of kStrategies)
        drawing.append('path').attr('class', 'observed-line').attr('d', d3.line().x((one) => x(columnOf(one))).y((one) => y(panel.of(one)))(
          known.filter((one) => one.run === run && one.verdict.recovery.strategy === strategy)));
    for (const one of recovered) {
      const value = panel.of(one);
      const text = `${one.name}, ${columnOf(one)}: ${value === null ? 'not in ' + one.recovery.limit_s + ' s' : (panel.as || String)(value)}, ${panel.title}`;
      if (value === null)
        tooltip(symbol(drawing, 'refusal', x(columnOf(one)), top + kAbove + 8), text);
      else
        tooltip(drawing.append('circle').attr('class', one.verdict.recovery.safe ? 'rate safe' : 'rate unsafe').attr('r', 4.5)
          .attr('cx', x(columnOf(one))).attr('cy', y(value)), text);
      if (!panel.whole && value !== null && isFastest(one)) {
        drawing.append('circle').attr('class', 'fastest').attr('r', 8.5).attr('cx', x(columnOf(one))).attr('cy', y(value));
        label(drawing, 'fastest safe', x(columnOf(one)), y(value) - 13, 'middle');
      }
    }
    top = bottom;
  }
  columns.forEach((name, index) => {
    const [strategy, rate] = name.split(', ');
    const lower = x.step() < 70 && index % 2 ? 14 : 0;  // where names would meet
    label(drawing, rate, x(name), top + 18 + lower, 'middle', 'quiet-text');
    const first = index === 0 || !columns[index - 1].startsWith(strategy + ',');
    if (first && strategy !== 'all-at-once') label(drawing, strategy, x(name), top + 46, 'middle', 'quiet-text');
  });
  return drawing;
}

/// Of all arms that were restarted, where there is something to compare.
function ratesFigure() {
  const recovered = arms.filter((one) => one.recovery && one.verdict.recovery).sort(byRate);
  if (recovered.length < 2) return null;
  const safe = recovered.filter(isFastest).map((one) => `${columnOf(one)} (${one.name})`);
  return figure({
    title: 'Recovery against restart rate',
    note: safe.length ? `Fastest safe rate: ${safe.join('; ')}. All at once is no rate.` : 'No rate was safe.',
    draw: (width) => ratesDrawing(recovered, width),
    legend: [['rate safe', 'safe: no restart was wasted'], ['rate unsafe', 'not safe'], ['refusal', 'not in its time limit']],
    columns: ['arm', 'strategy', 'rate', 'all routable after', 'restarts', 'wasted', 'requests', 'failed', 'safe', 'fastest safe'],
    rows: recovered.map((one) => {
      const {recovery} = one.verdict;
      return [one.name, recovery.strategy, rateName(recovery), seconds(recovery.routable_after_s), recovery.restarts, recovery.wasted_restarts,
              recovery.requests, recovery.failed_requests, shown(recovery.safe), shown(isFastest(one))];
    }),
  });
}
