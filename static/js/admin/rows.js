// Rows of a form that can be added, removed and moved. The server reads them in their
// order on the page, so they need no new numbers.

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

  /** Insert a copy below the given row, or without one a blank row at the end. */
  function insert(source) {
    const row = newRow(template, String(next));
    next += 1;
    if (source) copyValues(source, row);
    if (source) source.after(row);
    else list.append(row);
    fields(row)[0]?.focus();
  }
}

/** The fields that staff fill in. */
function fields(row) {
  return [...row.querySelectorAll("input:not([type=hidden]), textarea, select")];
}

function copyValues(source, target) {
  const sourceFields = fields(source);
  fields(target).forEach((field, i) => {
    field.value = sourceFields[i].value;
    field.checked = sourceFields[i].checked;
  });
}

/** A blank row with its own number. */
function newRow(template, number) {
  const row = template.content.firstElementChild.cloneNode(true);
  for (const element of row.querySelectorAll("*")) {
    for (const name of ["name", "id", "for", "value", "aria-describedby"]) {
      const value = element.getAttribute(name);
      if (value?.includes(BLANK)) element.setAttribute(name, value.replace(BLANK, number));
    }
  }
  enable(row);
  return row;
}

/** Show the row's buttons and connect them. */
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
