// One function a figure: from the data of an arm to figure(), or null where there is nothing to draw.

const last = (list) => list[list.length - 1];
const kGrowthLegend = [['observed-line', 'observed'], ['predicted-line', 'predicted'], ['ceiling-line', 'limit'],
                       ['refusal', 'refused']];

function growthExtent(growth) {
  const points = growth.predicted.concat(growth.observed);
  return {
    least: d3.min(points, (one) => one.fleet_size),
    size: d3.max(points, (one) => one.fleet_size),
    most: d3.max(points, (one) => one.most),
  };
}

/// `shared`: an extent for several drawings that are compared.
function growthDrawing(growth, predicted, width, shared) {
  const compact = Boolean(shared);
  const height = compact ? 170 : Math.round(Math.min(360, Math.max(230, width * 0.42)));
  const inner = {left: growth.unit === 'bytes' ? 64 : 38, right: width - 14, top: 20, bottom: height - 40};
  const extent = shared || growthExtent(growth);
  const far = growth.ceiling !== null && growth.ceiling > 4 * extent.most;
  const top = growth.ceiling === null || far ? extent.most : Math.max(extent.most, growth.ceiling);
  const x = d3.scaleLinear().domain([Math.min(extent.least, extent.size - 1), extent.size]).range([inner.left + 8, inner.right - 6]);
  const y = d3.scaleLinear().domain([0, top * 1.1]).range([inner.bottom, inner.top]);
  const drawing = canvas(width, height);

  bottomAxis(drawing, x, inner.bottom, 'fleet size', width, true);
  if (growth.unit === 'bytes') leftBytesAxis(drawing, y, inner.left, compact ? 4 : 6);
  else leftAxis(drawing, y, inner.left, String, compact ? 4 : 6);
  const line = d3.line().x((one) => x(one.fleet_size)).y((one) => y(one.most));
  const area = d3.area().x((one) => x(one.fleet_size)).y0((one) => y(one.least)).y1((one) => y(one.most));

  const met = (predicted.server === 'cache') === (growth.scope === 'cache');
  if (predicted.fleet_size !== null && met) {
    const at = x(predicted.fleet_size);
    drawing.append('line').attr('class', 'predicted-size').attr('x1', at).attr('x2', at).attr('y1', inner.top).attr('y2', inner.bottom);
    if (!compact) label(drawing, 'predicted to fail at ' + predicted.fleet_size, at - 6, inner.bottom - 8, 'end', 'quiet-text');
  }
  drawing.append('path').attr('class', 'predicted-line').attr('d', line(growth.predicted));
  if (growth.ceiling !== null && !far) {
    const at = y(growth.ceiling);
    drawing.append('line').attr('class', 'ceiling-line').attr('x1', inner.left).attr('x2', inner.right).attr('y1', at).attr('y2', at);
  }
  if (growth.ceiling !== null) {
    const text = growth.limit + ' ' + (growth.unit === 'bytes' ? bytes(growth.ceiling) : growth.ceiling) + (far ? ', far above' : '');
    label(drawing, text, inner.left + 4, far ? inner.top - 6 : y(growth.ceiling) - 6, 'start', 'ceiling-label');
  }
  drawing.append('path').attr('class', 'observed-area').attr('d', area(growth.observed));
  drawing.append('path').attr('class', 'observed-line').attr('d', line(growth.observed));
  const radius = growth.observed.length > 60 || compact ? 1.5 : 3;
  for (const one of growth.observed) {
    const range = one.least === one.most ? one.most : one.least + ' to ' + one.most;
    tooltip(drawing.append('circle').attr('class', 'observed-dot').attr('r', radius).attr('cx', x(one.fleet_size)).attr('cy', y(one.most)),
      `${one.fleet_size} frontends: ${range} ${growth.unit}`);
  }
  for (const one of growth.refusals)
    tooltip(symbol(drawing, 'refusal', x(one.fleet_size), y(one.at)), refusalText(one, growth.unit));
  return drawing;
}

function refusalText(one, unit) {
  return `${counted(one.count, 'refusal')} at ${one.fleet_size} frontends and ${one.at} ${unit}, the first of ` +
         `${one.frontend}, ${one.errno}, at ${seconds(one.first_s)}`;
}

const kCountedIn = {frontend: 'of each frontend', fleet: 'of the whole fleet', 'pid-namespace': 'of the pid namespace',
                    host: 'of the whole host', cache: 'of each cache server'};

const growthFigure = (arm) => growthFigureOf(arm.growth, arm.verdict);
const cachesFigure = (arm) => growthFigureOf(arm.caches, arm.verdict);

function growthFigureOf(growth, verdict) {
  if (!growth || growth.predicted.length + growth.observed.length === 0) return null;
  const observed = new Map(growth.observed.map((one) => [one.fleet_size, one]));
  const predicted = new Map(growth.predicted.map((one) => [one.fleet_size, one]));
  const counts = new Map();
  for (const one of growth.refusals) counts.set(one.fleet_size, (counts.get(one.fleet_size) || 0) + one.count);
  const sizes = [...new Set([...observed.keys(), ...predicted.keys()])].sort((one, other) => one - other);
  const range = (one) => !one ? '-' : one.least === one.most ? one.most : one.least + ' to ' + one.most;
  return figure({
    title: (growth.unit === 'tasks' ? 'Threads' : `${growth.unit} counted by ${growth.limit}`) + ' ' +
           kCountedIn[growth.scope] + ' against fleet size',
    note: growth.ceiling === null ? 'No limit has a value.' : `${growth.limit} is ${amount(growth.ceiling, growth.unit)}.`,
    draw: (width) => growthDrawing(growth, verdict.predicted, width),
    legend: kGrowthLegend,
    columns: ['fleet size', 'predicted ' + growth.unit, 'observed ' + growth.unit, 'refusals'],
    rows: sizes.map((size) => [size, range(predicted.get(size)), range(observed.get(size)), counts.get(size) || 0]),
  });
}

function routableDrawing(course, width) {
  const kinds = [...new Set(course.marks.map((one) => one.kind))];
  const failures = course.canary.counts.some((one) => one.failed > 0);
  const lanes = ['fleet size', ...(failures ? ['failed ops'] : []), ...kinds];
  const inner = {left: 100, right: width - 14, top: 10, bottom: 160};
  const laneAt = (name) => inner.bottom + 22 + 22 * lanes.indexOf(name);
  const axisAt = laneAt(last(lanes)) + 14;
  const x = d3.scaleLinear().domain([course.from_s, Math.max(course.to_s, course.from_s + 0.001)]).range([inner.left, inner.right]);
  const y = d3.scaleLinear().domain([0, 1]).range([inner.bottom, inner.top]);
  const drawing = canvas(width, axisAt + 40);

  leftAxis(drawing, y, inner.left, (share) => share * 100 + ' %', 4);
  bottomAxis(drawing, x, axisAt, 'seconds since the start of the run', width - inner.left, false);
  for (const name of lanes) {
    drawing.append('line').attr('class', 'grid').attr('x1', inner.left).attr('x2', inner.right).attr('y1', laneAt(name)).attr('y2', laneAt(name));
    label(drawing, name, inner.left - 8, laneAt(name) + 4, 'end', 'quiet-text');
  }
  // What was swept holds until the next sweep.
  const swept = course.routable.concat(course.routable.length ? [{...last(course.routable), t_s: course.to_s}] : []);
  drawing.append('path').attr('class', 'observed-line')
    .attr('d', d3.line().x((one) => x(one.t_s)).y((one) => y(one.share)).curve(d3.curveStepAfter)(swept));
  for (const one of course.routable)
    tooltip(drawing.append('circle').attr('class', 'observed-dot').attr('r', course.routable.length > 80 ? 1.5 : 3)
      .attr('cx', x(one.t_s)).attr('cy', y(one.share)),
      `${seconds(one.t_s)}: ${percent(one.share)} of ${one.pairs} pairs, ${one.fleet_size} frontends`);
  let free = -Infinity;
  for (const one of course.steps) {
    const at = x(one.t_s);
    tooltip(drawing.append('line').attr('class', 'mark-span').attr('x1', at).attr('x2', at).attr('y1', laneAt('fleet size') - 3)
      .attr('y2', laneAt('fleet size') + 3),
      `${seconds(one.t_s)}: ${one.fleet_size} frontends, ${one.in_service} in service, ${one.failed} failed`);
    if (at < free || at > inner.right - 4) continue;
    label(drawing, String(one.fleet_size), at, laneAt('fleet size') - 5, 'middle');
    free = at + 22;
  }
  const bucket = Math.max(1, x(course.from_s + course.canary.bucket_s) - x(course.from_s));
  for (const one of course.canary.counts) {
    if (one.failed === 0) continue;
    const height = 3 + 13 * one.failed / (one.ok + one.failed + one.unknown);
    tooltip(drawing.append('rect').attr('class', 'failures').attr('x', x(one.t_s)).attr('width', bucket)
      .attr('y', laneAt('failed ops') - height / 2).attr('height', height),
      `${seconds(one.t_s)}: ${one.failed} failed, ${one.ok} ok`);
  }
  for (const one of course.marks) {
    if (one.until_s > one.t_s)
      drawing.append('line').attr('class', 'mark-span').attr('x1', x(one.t_s)).attr('x2', x(one.until_s))
        .attr('y1', laneAt(one.kind)).attr('y2', laneAt(one.kind));
    tooltip(symbol(drawing, one.kind, x(one.t_s), laneAt(one.kind)), markText(one));
  }
  return drawing;
}

const markText = (one) => `${seconds(one.t_s)}: ${one.text}` + (one.count > 1 ? `, and ${one.count - 1} more` : '');

function routableFigure(arm) {
  const {course} = arm;
  if (course.routable.length + course.marks.length === 0) return null;
  const rows = [];
  for (const one of course.routable) rows.push([one.t_s, 'sweep', `${percent(one.share)} of ${one.pairs} pairs`, one.fleet_size]);
  for (const one of course.steps)
    rows.push([one.t_s, 'step', `${one.in_service} in service, ${one.failed} failed`, one.fleet_size]);
  for (const one of course.canary.counts)
    rows.push([one.t_s, 'operations', `${one.ok} ok, ${one.failed} failed, ${one.unknown} unknown`, '-']);
  for (const one of course.marks) rows.push([one.t_s, one.kind, one.text + (one.count > 1 ? `, and ${one.count - 1} more` : ''), shown(one.fleet_size)]);
  rows.sort((one, other) => one[0] - other[0]);
  return figure({
    title: 'Routable share over time',
    note: 'The share of pairs of a shard and a frontend in service through which a put and its read-back succeed, swept ' +
          'at each step; below it every event, and what failed between sweeps.',
    draw: (width) => routableDrawing(course, width),
    columns: ['seconds', 'what', 'how', 'fleet size'],
    rows,
  });
}

function dependentsDrawing(course, width) {
  const kLane = 44;
  const kAbove = 34;
  const inner = {left: 6, right: width - 14, bottom: kAbove + course.dependents.length * kLane - 12};
  const x = d3.scaleLinear().domain([course.from_s, Math.max(course.to_s, course.from_s + 0.001)]).range([inner.left, inner.right]);
  const drawing = canvas(width, inner.bottom + 40);
  course.dependents.forEach((one, lane) => {
    const top = lane * kLane + kAbove;
    label(drawing, one.name, inner.left, top - 5, 'start');
    one.health.forEach((seen, index) => {
      const next = one.health[index + 1];
      const end = next ? next.t_s : one.ended ? one.ended.t_s : course.to_s;
      const from = x(seen.t_s);
      const size = Math.max(1, x(Math.max(end, seen.t_s)) - from);
      const text = seen.ok ? 'ok' : seen.reason || 'not ok';
      tooltip(drawing.append('rect').attr('class', seen.ok ? 'well' : 'ill').attr('x', from).attr('width', size).attr('y', top).attr('height', 18),
        `${one.name} from ${seconds(seen.t_s)}: ${text}, ${seen.buffered} buffered, ${seen.dropped} dropped`);
      const room = Math.floor((size - 8) / 6.5);
      const first = index === 0 || one.health[index - 1].ok !== seen.ok || one.health[index - 1].reason !== seen.reason;
      if (first && room >= Math.min(text.length, 6))
        drawing.append('text').attr('class', 'on-bar').attr('x', from + 4).attr('y', top + 13)
          .text(text.length > room ? text.slice(0, room - 1) + '…' : text);
    });
    if (one.ended) tooltip(symbol(drawing, 'refusal', x(one.ended.t_s), top + 9), `${one.name} ended at ${seconds(one.ended.t_s)}: ${one.ended.detail}`);
  });
  const refusal = course.marks.find((one) => one.kind === 'refusal');
  if (refusal) {
    const at = x(refusal.t_s);
    drawing.append('line').attr('class', 'first-refusal').attr('x1', at).attr('x2', at).attr('y1', 2).attr('y2', inner.bottom);
    const left = at > width / 2;
    label(drawing, 'first refusal', left ? at - 5 : at + 5, 10, left ? 'end' : 'start', 'ceiling-label');
  }
  bottomAxis(drawing, x, inner.bottom, 'seconds since the start of the run', width, false);
  return drawing;
}

function dependentsFigure(arm) {
  const {course} = arm;
  if (course.dependents.length === 0) return null;
  const rows = [];
  for (const one of course.dependents) {
    for (const seen of one.health)
      rows.push([one.name, seen.t_s, seen.ok ? 'ok' : seen.reason || 'not ok', seen.buffered, seen.dropped]);
    if (one.ended) rows.push([one.name, one.ended.t_s, 'ended: ' + one.ended.detail, '-', '-']);
  }
  return figure({
    title: 'Health of the dependents over time',
    note: 'As each answered over HTTP.',
    draw: (width) => dependentsDrawing(course, width),
    legend: [['well', 'does its job'], ['ill', 'does not'], ['refusal', 'ended']],
    columns: ['dependent', 'seconds', 'health', 'buffered', 'dropped'],
    rows,
  });
}

/// In the order in which an arm shows them. What an arm is also measured in gets a line here.
const kFigures = [growthFigure, cachesFigure, routableFigure, dependentsFigure, recoveryFigure];
