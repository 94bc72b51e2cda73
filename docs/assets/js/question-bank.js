// The question bank: answers in place, filters, a random draw. Without it the page is a list of links.

import { field, fill, LEVELS, loadQuestions, make, root, select, STEPS } from "./practice-data.js"

const place = document.querySelector("#question-bank")
const questions = await loadQuestions()
const byId = new Map(questions.map(question => [question.id, question]))
const items = [...document.querySelectorAll("ul.questions > li")].map(element => ({ element, ...byId.get(element.id.replace("bank-", "")) }))

// A link becomes a question that opens to its answer.
for (const { element, text, answer, url, level, chapter } of items) {
  const summary = fill(make("summary"), text)
  summary.append(" ", make("span", { className: "tags" }, `${level} · ${chapter}`))
  const details = make("details", { className: "question" }, summary)
  details.addEventListener("toggle", () => details.children.length > 1 || details.append(answered(answer, url)), { once: true })
  element.replaceChildren(details)
}

function answered(answer, url) {
  const box = fill(make("div"), answer)
  box.append(make("p", {}, make("a", { href: new URL(url, root) }, "In its chapter")))
  return box
}

// Filters
const distinct = key => [...new Set(questions.map(question => question[key]))].filter(Boolean).map(value => [value, value])
const chosen = {}
const filters = [
  ["step", "Step", Object.entries(STEPS)],
  ["level", "Level", LEVELS.map(level => [level, level])],
  ["family", "Family of case", distinct("family")],
  ["chapter", "Chapter", distinct("chapter")],
].map(([key, label, options]) => field(label, (chosen[key] = select([["", "all"], ...options], show))))
const words = make("input", { type: "search", oninput: show, autocomplete: "off" })
const count = make("output")
const drawn = make("section", { className: "drawn", hidden: true, tabIndex: -1 })
drawn.setAttribute("aria-label", "Drawn question")

function passing() {
  const sought = words.value.toLowerCase().split(/\s+/).filter(Boolean)
  return items.filter(item =>
    Object.entries(chosen).every(([key, box]) => !box.value || item[key] === box.value) &&
    sought.every(word => `${item.text} ${item.answer}`.toLowerCase().includes(word)))
}

function show() {
  const shown = new Set(passing().map(item => item.element))
  for (const { element } of items) element.hidden = !shown.has(element)
  for (const list of document.querySelectorAll("ul.questions")) {
    list.hidden = ![...list.children].some(item => !item.hidden)
    document.querySelectorAll("article h2").forEach(heading => heading.nextElementSibling === list && (heading.hidden = list.hidden))
  }
  count.value = `${shown.size} of ${items.length} questions`
}

function draw() {
  const from = passing().filter(item => item.id !== drawn.dataset.id)
  if (!from.length) return
  const { id, text, answer, url, level, chapter } = from[Math.floor(Math.random() * from.length)]
  drawn.dataset.id = id
  const reveal = make("button", { type: "button", className: "md-button", onclick: () => {
    const shown = answered(answer, url)
    shown.tabIndex = -1
    reveal.replaceWith(shown)
    shown.focus()
  } }, "Show the answer")
  drawn.replaceChildren(fill(make("p", { className: "drawn-question" }), text), make("p", { className: "tags" }, `${level} · ${chapter}`), reveal)
  drawn.hidden = false
  drawn.focus()
}

const form = make("form", { className: "practice-form", onsubmit: event => event.preventDefault() },
  ...filters,
  field("Words", words),
  make("button", { type: "button", className: "md-button", onclick: draw }, "Draw one"))
form.setAttribute("aria-label", "Which questions")
place.replaceChildren(form, make("p", { role: "status" }, count), drawn)
show()
