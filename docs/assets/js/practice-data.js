// The guide's questions, as the build collected them, and HTML from text that came with them.

export const root = new URL("../../", import.meta.url) // of the site

async function load(path) {
  const response = await fetch(new URL(path, root))
  if (!response.ok) throw new Error(`${path} could not be loaded (${response.status})`)
  return response.json()
}

export const loadQuestions = () => load("practice/questions.json")
export const loadGuide = () => load("practice/guide.json")

// Links in the data lead from the root of the site.
export function fill(element, html) {
  element.innerHTML = html
  for (const link of element.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), root)
  return element
}

// make("button", { type: "button", onclick: run }, "Draw")
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) key in element ? (element[key] = value) : element.setAttribute(key, value)
  element.append(...children)
  return element
}

// A control of a form under its label.
export function field(text, control) {
  control.id = `field-${text.toLowerCase().replace(/\W+/g, "-")}`
  return make("div", { className: "field" }, make("label", { htmlFor: control.id }, text), control)
}

export function select(options, onchange) {
  const box = make("select", { onchange })
  for (const [value, text] of options) box.append(make("option", { value }, text))
  return box
}

// A date as the forms and the records write it, 2026-11-20, where the reader is.
export const today = () => new Date().toLocaleDateString("sv")

export const button = (text, onclick, className = "md-button") => make("button", { type: "button", className, onclick }, text)

export const STEPS = {
  clarify: "Clarify the requirements", frame: "Frame the problem", data: "Prepare the data", model: "Develop the model",
  evaluate: "Evaluate", serve: "Deploy and serve", monitor: "Monitor and improve",
}
export const LEVELS = ["mid", "senior", "staff"]
