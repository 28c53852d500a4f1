// Writes a view into the page. Only paths: anything computed is computed in the view.
//   data-text="path"               the node's text
//   data-show="path | !path | path=value"
//   data-bind="name:path name:!path"   properties and attributes
//   <template data-each="path" data-as="name">   its one child, once per item; with
//     data-key="name" an item that moves keeps its node, and what was chosen in it
const copies = new WeakMap(); // template -> the nodes made from it
const isCopy = new WeakSet();
const keys = new WeakMap(); // node -> its item's key
const lastValues = new WeakMap(); // node -> the values written last, by name
const numbers = new Intl.NumberFormat(document.documentElement.lang);

export function bind(node, view) {
  write(node, view);
  for (const child of [...node.children]) {
    if (child.dataset?.each) repeat(child, view);
    else if (!isCopy.has(child)) bind(child, view);
  }
}

export function valueAt(view, path) {
  return path.split(".").reduce((value, name) => value?.[name], view);
}

function isTrue(view, test) {
  if (test.startsWith("!")) return !isTrue(view, test.slice(1));
  const [path, wanted] = test.split("=");
  const value = valueAt(view, path);
  if (wanted !== undefined) return String(value) === wanted;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function write(node, view) {
  const { text, show, bind: pairs } = node.dataset ?? {};
  if (text) writeText(node, valueAt(view, text));
  if (show) node.hidden = !isTrue(view, show);
  for (const pair of pairs?.split(" ") ?? []) {
    const [name, path] = pair.split(":");
    const value = path.startsWith("!") ? isTrue(view, path) : valueAt(view, path);
    assign(node, name, value);
  }
}

// Undefined means not known: the text stays.
function writeText(node, value) {
  if (value === undefined) return;
  const text = typeof value === "number" ? numbers.format(value) : String(value ?? "");
  if (node.textContent !== text) node.textContent = text;
}

// Only a changed value is written, so that a player's input is never overwritten.
function assign(node, name, value) {
  const before = lastValues.get(node) ?? {};
  if (value === undefined || before[name] === value) return;
  lastValues.set(node, { ...before, [name]: value });
  if (value === null) node.removeAttribute(name);
  else if (name in node) node[name] = value;
  else if (typeof value === "boolean") node.toggleAttribute(name, value);
  else node.setAttribute(name, value);
}

function repeat(template, view) {
  const items = valueAt(view, template.dataset.each) ?? [];
  const nodes = copies.get(template) ?? [];
  copies.set(template, nodes);
  if (template.dataset.key) sort(template, nodes, items);
  while (nodes.length > items.length) nodes.pop().remove();
  while (nodes.length < items.length) nodes.push(copyAfter(nodes.at(-1) ?? template, template));
  nodes.forEach((node, i) => bind(node, { ...view, [template.dataset.as]: items[i] }));
}

// Sort the nodes like their items, and remove those whose item is gone.
function sort(template, nodes, items) {
  const wanted = items.map((item) => String(item[template.dataset.key]));
  const old = new Map(nodes.map((node) => [keys.get(node), node]));
  if (nodes.length && wanted.every((key, i) => keys.get(nodes[i]) === key)) return;
  nodes.filter((node) => !wanted.includes(keys.get(node))).forEach((node) => node.remove());
  nodes.length = 0;
  for (const key of wanted) {
    const node = old.get(key) ?? copyAfter(nodes.at(-1) ?? template, template);
    if (old.has(key)) (nodes.at(-1) ?? template).after(node);
    keys.set(node, key);
    nodes.push(node);
  }
}

function copyAfter(place, template) {
  const node = document.importNode(template.content.firstElementChild, true);
  isCopy.add(node);
  place.after(node);
  return node;
}
