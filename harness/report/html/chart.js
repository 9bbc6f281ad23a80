// What all figures have in common: a caption, a drawing that follows the width, its data.

function figure({title, note, draw, legend, columns, rows, compact}) {
  const plot = el('div', {class: 'plot', role: 'img', 'aria-label': title + '. ' + (note || '')});
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.round(plot.clientWidth);
    if (now === 0 || now === width) return;
    width = now;
    plot.replaceChildren(draw(width).node());
  }).observe(plot);
  return el('figure', {},
    compact ? null : el('figcaption', {}, el('strong', {}, title), ' ', el('span', {}, note || '')),
    plot,
    legend ? el('ul', {class: 'legend'}, legend.map(([name, text]) => el('li', {}, sample(name), text))) : null,
    columns ? dataTable(title, columns, rows) : null);
}

function canvas(width, height) {
  return d3.create('svg').attr('viewBox', [0, 0, width, height].join(' ')).attr('width', width).attr('height', height);
}

const kSymbols = {refusal: 'M-5,-5L5,5M-5,5L5,-5', alarm: 'M0,-5L5,4H-5Z', admission: 'M-4,-4H4V4H-4Z', end: 'M0,-6V6',
                  sweep: 'M-4,0L-1,4L5,-5', restart: 'M-4,-5L5,0L-4,5Z', removal: 'M-5,0H5'};
/// A cross for what is refused; kinds that have no sign of their own are a diamond.
function symbol(parent, kind, x, y) {
  return parent.append('path').attr('class', 'mark ' + kind.replace(/\W/g, '-')).attr('d', kSymbols[kind] || 'M0,-5L5,0L0,5L-5,0Z')
    .attr('transform', `translate(${x},${y})`);
}

/// A piece of a legend.
function sample(name) {
  const drawing = d3.create('svg').attr('viewBox', '0 0 22 12').attr('aria-hidden', 'true');
  if (name in kSymbols) symbol(drawing, name, 11, 6);
  else if (name.endsWith('-line')) drawing.append('path').attr('class', name).attr('d', 'M0,6H22');
  else drawing.append('rect').attr('class', name).attr('width', 22).attr('height', 12).attr('rx', 2);
  return drawing.node();
}

function label(parent, text, x, y, anchor, classes) {
  return parent.append('text').attr('class', 'halo ' + (classes || '')).attr('x', x).attr('y', y)
    .attr('text-anchor', anchor || 'start').text(text);
}

function tooltip(selection, text) {
  selection.append('title').text(text);
  return selection;
}

/// Axes of a drawing, as many ticks as there is room for; whole numbers where `whole`.
function bottomAxis(parent, scale, y, text, width, whole) {
  const axis = d3.axisBottom(scale).tickSizeOuter(0);
  const count = Math.max(2, Math.floor(width / 70));
  if (whole) axis.tickValues(scale.ticks(count).filter(Number.isInteger)).tickFormat(String);
  else axis.ticks(count);
  parent.append('g').attr('transform', `translate(0,${y})`).call(axis);
  const [from, to] = scale.range();
  label(parent, text, (from + to) / 2, y + 32, 'middle', 'quiet-text');
}
function leftAxis(parent, scale, x, format, count) {
  const axis = d3.axisLeft(scale).ticks(count).tickSizeOuter(0).tickFormat(format);
  parent.append('g').attr('transform', `translate(${x},0)`).call(axis);
}
/// Ticks at whole KiB, MiB, ...
function leftBytesAxis(parent, scale, x, count) {
  const most = scale.domain()[1];
  const unit = Math.pow(1024, Math.floor(Math.log(Math.max(most, 1)) / Math.log(1024)));
  const ticks = d3.scaleLinear().domain([0, most / unit]).ticks(count).map((one) => one * unit);
  const axis = d3.axisLeft(scale).tickValues(ticks).tickSizeOuter(0).tickFormat(bytes);
  parent.append('g').attr('transform', `translate(${x},0)`).call(axis);
}
