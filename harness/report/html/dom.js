'use strict';
// Elements, texts and tables. What comes from a run is set as text, never as markup.

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {}))
    if (value !== undefined && value !== null) node.setAttribute(name, value);
  for (const child of children.flat(Infinity))
    if (child !== undefined && child !== null) node.append(child);
  return node;
}

const kTones = {confirmed: 'good', refuted: 'bad', unknown: 'doubtful'};
const badge = (verdict) => el('span', {class: 'badge ' + kTones[verdict]}, verdict);

/// Rounded down: what is not all is never shown as 100 %.
function percent(share) {
  if (share === null || share === undefined) return '-';
  if (share === 0 || share === 1) return share * 100 + ' %';
  return (Math.floor(share * 10000) / 100).toFixed(2) + ' %';
}

function shown(value) {
  if (value === null || value === undefined || value === '') return '-';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  return Array.isArray(value) ? value.join(', ') || '-' : String(value);
}

function amount(value, unit) {
  return unit === 'bytes' ? value + ' bytes (' + bytes(value) + ')' : value + ' ' + unit;
}
function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let power = 0;
  for (; Math.abs(value) >= 1024 && power < units.length - 1; ++power) value /= 1024;
  return (power === 0 ? value : value.toFixed(1)) + ' ' + units[power];
}
const short = (text) => el('span', {class: 'short'}, text);
const seconds = (value) => value === null || value === undefined ? '-' : value.toFixed(3) + ' s';
const counted = (count, one, many) => count + ' ' + (count === 1 ? one : many || one + 's');

/// A value of the result, with the path at which it stands in result.json.
function of(run, path, as) {
  let value = run.result;
  for (const key of path) value = value === null || value === undefined ? value : value[key];
  return {value, path: path.join('/'), as, node: as === 'percent' ? percent(value) : shown(value)};
}

/// columns: names; a cell: text, a number, a node, or of(). `kind`: "rows" turns each row into a
/// card where the page is narrow.
function table(columns, rows, kind) {
  const named = (content) => content instanceof Object && content.path !== undefined;
  const valueOf = (content) => named(content) ? content.value : content;
  const numeric = columns.map((_, column) => rows.length > 0 &&
    rows.every((row) => typeof valueOf((row.cells || row)[column]) === 'number'));
  const cell = (content, column) => {
    const node = named(content) ? content.node : content;
    return el('td', {
      class: numeric[column] ? 'number' : null,
      'data-label': kind === 'rows' ? columns[column] : null,
      'data-of': named(content) ? content.path : null,
      'data-as': named(content) ? content.as : null,
    }, node === null || node === undefined ? '-' : node instanceof Node ? node : el('span', {}, String(node)));
  };
  const row = (cells) => {
    const [first, ...others] = cells.cells || cells;
    const name = first instanceof Node ? first : shown(first);
    return el('tr', {class: cells.marked ? 'marked' : null},
      el('th', {scope: 'row', class: numeric[0] ? 'number' : null}, name),
      others.map((one, index) => cell(one, index + 1)));
  };
  return el('table', {class: kind || null},
    el('thead', {}, el('tr', {}, columns.map((name, column) => el('th', {scope: 'col', class: numeric[column] ? 'number' : null}, name)))),
    el('tbody', {}, rows.map(row)));
}

/// The data of a figure; made when it is first opened, since it may have thousands of rows.
function dataTable(title, columns, rows) {
  const inside = el('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title + ', data'});
  const details = el('details', {}, el('summary', {}, 'Data of this figure, ', counted(rows.length, 'row')), inside);
  details.addEventListener('toggle', () => {
    if (details.open && !inside.hasChildNodes()) inside.append(table(columns, rows));
  });
  return details;
}
