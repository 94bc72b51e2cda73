// The interviewer's kit: shows and copies the prompt of a case, and prints the rubric sheet alone.

import { button, field, make, select } from "./practice-data.js"

const links = [...document.querySelectorAll("ul.prompts a")]
const text = make("textarea", { rows: 12, readOnly: true })
const told = make("output")
const chosen = select(links.map(link => [link.href, link.textContent]), load)

async function load() {
  const response = await fetch(chosen.value)
  text.value = response.ok ? await response.text() : ""
  told.value = response.ok ? `${text.value.split(/\s+/).length.toLocaleString("en-US")} words` : "The prompt could not be loaded."
}

async function copy() {
  try {
    await navigator.clipboard.writeText(text.value)
    told.value = "Copied."
  } catch {
    text.focus()
    text.select()
    told.value = "The text is selected: copy it with your keys."
  }
}

const form = make("form", { className: "practice-form", onsubmit: event => event.preventDefault() }, field("Case", chosen), button("Copy the prompt", copy, "md-button md-button--primary"))
form.setAttribute("aria-label", "Prompt of a case")
document.querySelector("#interviewers-kit").replaceChildren(form, field("Prompt", text), make("p", { role: "status" }, told))

const sheet = document.querySelector(".sheet")
sheet.before(make("p", { className: "card-buttons" }, button("Print the sheet", () => {
  document.body.classList.add("sheet-only")
  print()
  document.body.classList.remove("sheet-only")
})))
load()
