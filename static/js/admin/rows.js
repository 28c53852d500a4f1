// Rows of a form that can be added, removed and moved. The server reads them in the
// order in which they stand, so nothing needs numbering anew.

const BLANK = "__row__";

for (const rows of document.querySelectorAll("[data-rows]")) {
  const list = rows.querySelector(".rows-list");
  const template = rows.querySelector("template");
  const add = rows.querySelector("[data-add]");
  let next = list.children.length;

  for (const row of list.children) enable(row);
  add.hidden = false;
  add.addEventListener("click", () => insert(null));
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) insert(button.closest(".row"));
  });

  /** A new row: a copy below this one, or else a blank one at the end. */
  function insert(copied) {
    const row = fresh(template, String(next));
    next += 1;
    if (copied) fill(row, copied);
    if (copied) copied.after(row);
    else list.append(row);
    fields(row)[0]?.focus();
  }
}

/** What staff fill in. */
function fields(row) {
  return [...row.querySelectorAll("input:not([type=hidden]), textarea, select")];
}

/** Let a row say what another says. */
function fill(row, other) {
  const filled = fields(other);
  fields(row).forEach((field, place) => {
    field.value = filled[place].value;
    field.checked = filled[place].checked;
  });
}

/** A copy of the blank row under its own number. */
function fresh(template, number) {
  const row = template.content.firstElementChild.cloneNode(true);
  for (const element of row.querySelectorAll("*")) {
    for (const name of ["name", "id", "for", "value", "aria-describedby"]) {
      const said = element.getAttribute(name);
      if (said?.includes(BLANK)) element.setAttribute(name, said.replace(BLANK, number));
    }
  }
  enable(row);
  return row;
}

/** Show the row's buttons and let them work. */
function enable(row) {
  row.querySelector(".row-tools").hidden = false;
  row.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("remove" in button.dataset) row.remove();
    if (button.dataset.move === "up") row.previousElementSibling?.before(row);
    if (button.dataset.move === "down") row.nextElementSibling?.after(row);
    if (button.dataset.move) button.focus();
  });
}
