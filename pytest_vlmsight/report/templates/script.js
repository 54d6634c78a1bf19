"use strict";
// Sorting and filtering; the report is whole without.
(() => {
  const table = document.querySelector("table.tasks");
  const form = document.querySelector("form.filter");
  if (!table || !form) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const told = form.querySelector("output");

  const key = (row, column) => {
    const { sort } = row.cells[column].dataset;
    return sort === undefined ? row.cells[column].textContent.trim() : Number(sort);
  };
  const compare = (a, b) => {
    // What was not measured has no number and stays last, whichever way is sorted.
    if (Number.isNaN(a) || Number.isNaN(b)) return 0;
    return typeof a === "number" ? a - b : a.localeCompare(b);
  };
  const sort = (column) => {
    const head = table.tHead.rows[0].cells[column];
    const sign = head.ariaSort === "ascending" ? -1 : 1;
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
    const lacks = (row) => Number(Number.isNaN(key(row, column)));
    const sorted = rows.toSorted((one, other) =>
      lacks(one) - lacks(other) || sign * compare(key(one, column), key(other, column)));
    body.append(...sorted);
  };
  [...table.tHead.rows[0].cells].forEach((cell, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...cell.childNodes);
    button.addEventListener("click", () => sort(column));
    cell.append(button);
  });

  const searched = (element) => element.textContent.toLowerCase();
  const filter = () => {
    const words = form.elements.text.value.toLowerCase().trim();
    const outcome = form.elements.outcome.value;
    let shown = 0;
    for (const row of rows) {
      const section = document.getElementById(row.dataset.section);
      const outcomes = row.dataset.outcomes.split(" ");
      const named = searched(row).includes(words) ||
        searched(section.querySelector("header")).includes(words);
      let found = named;
      for (const item of section.querySelectorAll(".item")) {
        item.hidden = !named && !searched(item).includes(words);
        found ||= !item.hidden;
      }
      const visible = found && (outcome === "" || outcomes.includes(outcome));
      row.hidden = section.hidden = !visible;
      shown += Number(visible);
    }
    told.textContent = `${shown} of ${rows.length} tasks shown`;
  };
  for (const event of ["input", "change"]) form.addEventListener(event, filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
