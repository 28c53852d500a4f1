// Writes a view into the page. Paths only: what needs thought is thought in the view.
//   data-text="path"               the node's text
//   data-show="path | !path | path=value"
//   data-bind="name:path name:!path"   properties and attributes
//   <template data-each="path" data-as="name">   its one child, once an item; with
//     data-key="name" an item keeps its node, and what was chosen in it, where items move
const copies = new WeakMap(); // template -> the nodes made from it
const copied = new WeakSet();
const keys = new WeakMap(); // node -> its item's key
const written = new WeakMap(); // node -> what was written last, by name
const numbers = new Intl.NumberFormat(document.documentElement.lang);

export function bind(node, view) {
  write(node, view);
  for (const child of [...node.children]) {
    if (child.dataset?.each) repeat(child, view);
    else if (!copied.has(child)) bind(child, view);
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

// Undefined means not known: what stands there stays.
function writeText(node, value) {
  if (value === undefined) return;
  const text = typeof value === "number" ? numbers.format(value) : String(value ?? "");
  if (node.textContent !== text) node.textContent = text;
}

// Only what has changed is written, so that a player's own input is never overwritten.
function assign(node, name, value) {
  const before = written.get(node) ?? {};
  if (value === undefined || before[name] === value) return;
  written.set(node, { ...before, [name]: value });
  if (value === null) node.removeAttribute(name);
  else if (name in node) node[name] = value;
  else if (typeof value === "boolean") node.toggleAttribute(name, value);
  else node.setAttribute(name, value);
}

function repeat(template, view) {
  const items = valueAt(view, template.dataset.each) ?? [];
  const made = copies.get(template) ?? [];
  copies.set(template, made);
  if (template.dataset.key) sort(template, made, items);
  while (made.length > items.length) made.pop().remove();
  while (made.length < items.length) made.push(copyAfter(made.at(-1) ?? template, template));
  made.forEach((node, i) => bind(node, { ...view, [template.dataset.as]: items[i] }));
}

// The nodes in the order of their items; those of items that are gone are removed.
function sort(template, made, items) {
  const wanted = items.map((item) => String(item[template.dataset.key]));
  const old = new Map(made.map((node) => [keys.get(node), node]));
  if (made.length && wanted.every((key, i) => keys.get(made[i]) === key)) return;
  made.filter((node) => !wanted.includes(keys.get(node))).forEach((node) => node.remove());
  made.length = 0;
  for (const key of wanted) {
    const node = old.get(key) ?? copyAfter(made.at(-1) ?? template, template);
    if (old.has(key)) (made.at(-1) ?? template).after(node);
    keys.set(node, key);
    made.push(node);
  }
}

function copyAfter(place, template) {
  const node = document.importNode(template.content.firstElementChild, true);
  copied.add(node);
  place.after(node);
  return node;
}
