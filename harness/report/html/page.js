// The page, from its data: a header for each run, all arms side by side, then arm by arm.

const data = JSON.parse(document.getElementById('data').textContent);
const several = data.runs.length > 1;
const distinct = new Set(data.runs.map((run) => run.run && run.run.run_id)).size === data.runs.length;

/// Every arm of every run, with what the figures need; arms of one name beside each other.
const armsByRun = data.runs.flatMap((run) => run.result.arms.map((verdict, index) => {
  const name = several ? `${verdict.name}, run ${runName(run)}` : verdict.name;
  return {run, verdict, index, name, id: 'arm-' + data.runs.indexOf(run) + '-' + index, ...run.arms[index]};
}));
const armNames = [...new Set(armsByRun.map((arm) => arm.verdict.name))];
const arms = armNames.flatMap((name) => armsByRun.filter((arm) => arm.verdict.name === name));

function runName(run) {
  return run.run && distinct ? run.run.run_id : run.folder;
}

function endOf(fails, most, keptOut) {
  if (keptOut) return 'kept at ' + (keptOut.fleet_size - 1);
  if (fails === null) return 'none';
  return 'fails at ' + fails + (most !== null && most !== undefined && most !== fails ? ' to ' + most : '');
}
function predictedEnd(arm) {
  if (!arm.cost_model || arm.predicted.doubt) return '-';
  return endOf(arm.predicted.fleet_size, arm.predicted.fleet_size_most, arm.predicted.admission);
}
function observedEnd(arm) {
  const seen = arm.observed;
  if (seen.fleet_size === null && !seen.admission && arm.outcome !== 'not-reached') return '-';
  return endOf(seen.fleet_size, null, seen.fleet_size === null ? seen.admission : null);
}

function runHeader(run) {
  const {result} = run;
  const facts = [['verdict', el('strong', {class: kTones[result.verdict], 'data-of': 'verdict', 'data-run': runName(run)}, result.verdict)]];
  if (run.experiment && run.experiment.description) facts.push(['about', run.experiment.description]);
  if (run.run) facts.push(['run', `${run.run.run_id}, ${run.run.started_at}, Linux ${run.run.kernel}, ${run.run.hierarchy} control groups`]);
  facts.push(['took', result.elapsed_s.toFixed(1) + ' s']);
  facts.push(['folder', el('code', {}, run.folder)]);
  if (run.command) facts.push(['to run it again', el('code', {}, run.command)]);
  return el('header', {class: kTones[result.verdict]},
    el(several ? 'h2' : 'h1', {}, result.experiment || 'a run without a name', ' ', badge(result.verdict)),
    el('dl', {}, facts.map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)])),
    run.experiment ? el('details', {}, el('summary', {}, 'experiment.yaml, as it was run'),
      el('pre', {tabindex: '0'}, run.experiment.source)) : null);
}

function damage(run) {
  const lines = run.missing.concat(run.result.damage);
  if (lines.length === 0) return null;
  return el('div', {class: 'warning doubtful', role: 'note'}, el('strong', {}, 'This folder is damaged.'),
    ' What cannot be judged without it is unknown.', el('ul', {}, lines.map((line) => el('li', {}, line))));
}

function armsTable() {
  const columns = ['arm', 'guardrails', 'predicted', 'observed', 'limit', 'lowest routable', 'expected', 'outcome', 'verdict'];
  return table(columns, arms.map(({run, verdict, index, name, id}) => [
    el('a', {href: '#' + id}, name),
    shown(verdict.guardrails), predictedEnd(verdict), observedEnd(verdict),
    shown(verdict.observed.limit || verdict.predicted.limit),
    of(run, ['arms', index, 'routable', 'lowest'], 'percent'),
    verdict.expect, of(run, ['arms', index, 'outcome']), badge(verdict.verdict),
  ]), 'rows');
}

/// The arms on one scale, where they count the same.
function multiples() {
  const drawn = arms.filter((arm) => arm.growth && arm.growth.predicted.length + arm.growth.observed.length > 0);
  if (drawn.length < 2) return null;
  const shared = {};
  for (const {growth} of drawn) {
    const one = growthExtent(growth);
    const all = shared[growth.unit + growth.scope] || one;
    shared[growth.unit + growth.scope] = {least: Math.min(all.least, one.least), size: Math.max(all.size, one.size), most: Math.max(all.most, one.most)};
  }
  return el('section', {}, el('h2', {}, 'Side by side'), el('div', {class: 'multiples'}, drawn.map((arm) => el('div', {},
    el('h3', {}, el('a', {href: '#' + arm.id}, arm.name), ' ', badge(arm.verdict.verdict)),
    figure({
      title: arm.name, compact: true,
      note: `predicted: ${predictedEnd(arm.verdict)}, observed: ${observedEnd(arm.verdict)}`,
      draw: (width) => growthDrawing(arm.growth, arm.verdict.predicted, width, shared[arm.growth.unit + arm.growth.scope]),
    }),
    el('p', {class: 'quiet'}, `predicted: ${predictedEnd(arm.verdict)}; observed: ${observedEnd(arm.verdict)}; ` +
                              `lowest routable: ${percent(arm.verdict.routable.lowest)}`)))),
    el('ul', {class: 'legend'}, kGrowthLegend.map(([name, text]) => el('li', {}, sample(name), text))));
}

function comparison({run, index, verdict}) {
  const pair = (name, ...path) => [name, of(run, ['arms', index, 'predicted', ...path]), of(run, ['arms', index, 'observed', ...path])];
  const rows = [pair('fleet size at the failure', 'fleet_size'), pair('threads in the scope', 'threads'), pair('limit', 'limit'),
                pair('first to fail', 'member'), pair('frontends that failed', 'frontends_failed')];
  const kept = verdict.predicted.admission || verdict.observed.admission;
  if (kept) {
    const what = kept.limit === 'RLIMIT_NOFILE' ? 'connections' : 'threads';
    rows.push(pair('addition kept out', 'admission', 'fleet_size'), pair(`${what} that it needed`, 'admission', 'needed'),
              pair(`${what} that were left`, 'admission', 'left'));
  }
  if (verdict.predicted.alarm || verdict.observed.alarm) rows.push(pair('alarm at fleet size', 'alarm', 'fleet_size'));
  return table(['', 'predicted', 'observed'], rows);
}

function limits({limits: rows, verdict}) {
  if (rows.length === 0) return null;
  return [el('h3', {}, 'Limits'),
    el('p', {class: 'quiet'}, 'The fullest that each was seen that has a value, with the room that it left; ',
      verdict.attribution.limit ? 'the binding one is that which refused.' : 'none is proved to have refused.'),
    table(['limit', 'scope', 'value', 'used', 'left', 'refusals', 'file', 'binding'], rows.map((one) => ({
      marked: one.binding,
      cells: [one.limit, one.scope, short(amount(one.value, one.unit)), short(amount(one.used, one.unit)),
              one.value - one.used, shown(one.refusals === null ? one.oom_kills : one.refusals),
              el('code', {}, one.where), one.binding ? 'yes' : 'no'],
    })), 'rows')];
}

function evidence({run, index, verdict}) {
  const facts = Object.keys(verdict.attribution.evidence);
  if (facts.length === 0) return null;
  const others = Object.keys(verdict.attribution.ruled_out);
  return [el('h3', {}, verdict.attribution.limit ? `Refused by ${verdict.attribution.limit}` : 'Refused by no limit that could be proved'),
    verdict.attribution.where ? el('p', {}, el('code', {}, verdict.attribution.where)) : null,
    table(['fact', 'value'], facts.map((fact) => [fact, of(run, ['arms', index, 'attribution', 'evidence', fact])])),
    others.length === 0 ? null : [el('h3', {}, 'Ruled out'),
      table(['limit', 'evidence'], others.map((limit) => [limit, of(run, ['arms', index, 'attribution', 'ruled_out', limit])]))]];
}

function invariants({run, index, verdict}) {
  if (verdict.invariants.length === 0) return null;
  const state = (one) => one.holds === null ? ['unknown', 'doubtful'] : one.holds ? ['holds', 'good']
    : one.judged ? ['broken', 'bad'] : ['seen', 'quiet'];
  return [el('h3', {}, 'Invariants'), table(['invariant', 'state', 'checked', 'evidence', 'judged'], verdict.invariants.map((one, at) => {
    const [text, tone] = state(one);
    return [one.name, el('strong', {class: tone}, text), of(run, ['arms', index, 'invariants', at, 'checked']),
            of(run, ['arms', index, 'invariants', at, 'evidence']), one.judged ? 'yes' : 'reported only'];
  }), 'rows')];
}

function dependents({run, index, verdict}) {
  if (verdict.dependents.length === 0) return null;
  const field = (at, name) => of(run, ['arms', index, 'dependents', at, name]);
  return [el('h3', {}, 'Dependents'), table(['dependent', 'outcome', 'expected', 'after the first refusal', 'reason', 'ended', 'buffered', 'dropped', 'back after the recovery', 'back after'],
    verdict.dependents.map((one, at) => [one.name, field(at, 'outcome'), field(at, 'expect'), seconds(one.after_outage_s), field(at, 'reason'),
                                         field(at, 'ended'), field(at, 'buffered'), field(at, 'dropped'),
                                         field(at, 'back'), seconds(one.back_after_s)]), 'rows')];
}

function recovery({run, index, verdict}) {
  if (!verdict.recovery) return null;
  const names = {strategy: 'strategy', rate: 'rate', completed: 'completed', routable_after_s: 'until all was routable',
                 fleet_size: 'frontends', restarts: 'restarts', wasted_restarts: 'wasted', requests: 'requests meanwhile',
                 failed_requests: 'failed', safe: 'safe', expect_safe: 'expected to be safe', expect_back: 'dependents expected back'};
  return [el('h3', {}, 'Recovery'),
    table(['', 'value'], Object.entries(names).map(([name, text]) => [text,
      name.endsWith('_s') ? seconds(verdict.recovery[name]) : of(run, ['arms', index, 'recovery', name])]), 'facts')];
}

function clients({run, index, verdict}) {
  if (verdict.clients.length === 0) return null;
  const names = ['puts_acknowledged', 'puts_failed', 'puts_unknown', 'records_read'];
  return [el('h3', {}, 'Clients'), table(['client', 'puts acknowledged', 'failed', 'unknown', 'records read'],
    verdict.clients.map((one, at) => [one.name, ...names.map((name) => of(run, ['arms', index, 'clients', at, name]))]), 'rows')];
}

function armSection(arm) {
  const {run, verdict, index, id, name} = arm;
  const model = verdict.cost_model;
  const share = (which) => el('span', {'data-of': `arms/${index}/routable/${which}`, 'data-as': 'percent', 'data-run': runName(run)},
    percent(verdict.routable[which]));
  return el('section', {id, 'data-run': runName(run)},
    el('h2', {}, 'Arm ' + name, ' ', badge(verdict.verdict)),
    el('p', {}, `Outcome ${verdict.outcome}, expected ${verdict.expect}; `,
      verdict.guardrails.length === 0 ? 'no guardrails' : shown(verdict.guardrails), '. Routable: ', share('before'), ' before, ',
      share('lowest'), ' lowest, ', share('after'), ' after.'),
    model ? el('p', {class: 'quiet'}, `A frontend is ${counted(model.base, 'task')} and ${model.per_peer} a peer, ${model.source}` +
      (model.measured_at.length ? ` at ${model.measured_at.join(' and ')} frontends.` : '.')) : null,
    verdict.reasons.length === 0 ? null : el('ul', {class: kTones[verdict.verdict]}, verdict.reasons.map((reason) => el('li', {}, reason))),
    comparison(arm),
    kFigures.map((make) => make(arm)),
    limits(arm), evidence(arm), invariants(arm), dependents(arm), recovery(arm), clients(arm));
}

const page = document.getElementById('page');
if (several) page.append(el('h1', {}, 'Comparison of ' + counted(data.runs.length, 'run')));
page.append(...data.runs.flatMap((run) => [runHeader(run), damage(run)]).filter(Boolean));
if (arms.length > 0) {
  page.append(el('h2', {id: 'arms'}, 'Arms'), armsTable());
  const beside = multiples();
  if (beside) page.append(beside);
  const rates = ratesFigure();
  if (rates) page.append(el('section', {id: 'recovery'}, el('h2', {}, 'Recovery'), rates));
  page.append(...arms.map(armSection));
}
document.documentElement.dataset.drawn = 'yes';
