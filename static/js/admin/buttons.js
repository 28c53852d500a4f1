// Enter in a field beside a button presses that button, not “Save” of the form.

for (const group of document.querySelectorAll(".verbs")) {
  const button = group.querySelector("button");
  for (const field of group.querySelectorAll("input")) {
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      button.click();
    });
  }
}
