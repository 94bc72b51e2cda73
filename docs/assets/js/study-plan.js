// The study plan: asks what the reader wants, draws the plan day by day, ticks off, and makes it anew when the reader has fallen behind.

import { addDays, calendar, COMPANIES, daysBetween, makePlan } from "./plan.js"
import { button, field, LEVELS, loadGuide, make, root, select, today } from "./practice-data.js"
import { download, forget, markChapter, read, readChapters, write } from "./practice-store.js"

const KEY = "plan"
const LONGEST = 180 // days
const guide = await loadGuide()
const urls = new Set(guide.chapters.map(chapter => chapter.url))

// State: { version, wishes: {level, company, until, hours, at}, plan, done: key of a task's part -> day }
const isTasks = tasks => Array.isArray(tasks) && tasks.every(task => [task?.id, task?.kind, task?.title, task?.url].every(text => typeof text === "string") && Number.isFinite(task.minutes))
const isState = state => state?.version === 1 && state.wishes?.level in { mid: 1, senior: 1, staff: 1 } && state.wishes.company in COMPANIES &&
  Number.isFinite(Date.parse(state.wishes.until)) && Number.isFinite(state.wishes.hours) && /^\d\d:\d\d$/.test(state.wishes.at) && state.done && typeof state.done === "object" &&
  Array.isArray(state.plan?.days) && state.plan.days.every(day => Number.isFinite(Date.parse(day?.date)) && Number.isFinite(day.minutes) && isTasks(day.tasks)) && isTasks(state.plan.left)
let state = read(KEY, null, isState)

const keyOf = task => task.id + (task.part ? `#${task.part}` : "")
const chapterOf = task => (task.id.startsWith("read:") && urls.has(task.url) ? task.url : null)

function keep() {
  warning.hidden = write(KEY, state)
}

// A task is done when it, or all its parts, were ticked, or when its chapter was read or its case rehearsed elsewhere.
function finished() {
  const chapters = readChapters()
  const mocks = read("mocks", { mocks: [] }, value => Array.isArray(value?.mocks)).mocks.map(mock => mock?.url)
  const parts = new Map()
  for (const task of state?.plan.days.flatMap(day => day.tasks) ?? []) parts.set(task.id, [...(parts.get(task.id) ?? []), keyOf(task) in state.done])
  return new Set([...Object.keys(chapters).map(url => `read:${url}`), ...mocks.map((url, place) => `${mocks.indexOf(url) < place ? "again" : "mock"}:${url}`), ...[...parts].filter(([, ticks]) => ticks.every(Boolean)).map(([id]) => id)])
}

function decide() {
  const days = daysBetween(today(), until.value)
  const wrong = !until.value || days < 1 ? "The interview must be on a later day than today." : days > LONGEST ? `A plan reaches ${LONGEST} days at most.` : !(Number(hours.value) >= 0.5 && Number(hours.value) <= 12) ? "Between half an hour and twelve hours a day." : ""
  trouble.value = wrong
  if (wrong) return
  const wishes = { level: level.value, company: company.value, until: until.value, hours: Number(hours.value), at: at.value || "19:00" }
  const known = [...finished()]
  state = { version: 1, wishes, plan: makePlan(guide, { ...wishes, days, known }, today()), done: Object.fromEntries(Object.entries(state?.done ?? {}).filter(([key]) => known.includes(key.split("#")[0]))) }
  keep()
  draw()
  result.querySelector("h2")?.focus()
}

function tick(task, yes) {
  if (yes) state.done[keyOf(task)] = today()
  else delete state.done[keyOf(task)]
  if (chapterOf(task)) markChapter(task.url, finishedTask(task) ? today() : null)
  keep()
  draw()
}

const finishedTask = task => state.plan.days.flatMap(day => day.tasks).filter(other => other.id === task.id).every(other => keyOf(other) in state.done)

const dayName = date => new Date(`${date}T12:00:00`).toLocaleDateString("en-US", { weekday: "short", month: "short", day: "numeric" })
const time = minutes => (minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`)
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`

function draw() {
  if (!state) return result.replaceChildren()
  const { plan, wishes } = state
  const done = finished()
  const ticked = task => keyOf(task) in state.done || ((chapterOf(task) || task.kind === "mock room") && done.has(task.id))
  const tasks = plan.days.flatMap(day => day.tasks)
  const late = plan.days.filter(day => day.date < today()).flatMap(day => day.tasks).filter(task => task.kind !== "cards" && !ticked(task))
  const count = kind => new Set(tasks.filter(task => kind.includes(task.kind)).map(task => task.id)).size
  const title = make("h2", { id: "your-plan", tabIndex: -1 }, `Your plan to ${dayName(wishes.until)}`)
  const summary = make("p", {}, `${plural(plan.days.length, "day")}, ${time(tasks.reduce((sum, task) => sum + task.minutes, 0))}: `,
    [plural(count(["interview", "overview", "framework", "deep-dive", "tradeoff", "mock"]), "chapter"), plural(count(["case"]), "case"), plural(count(["mock room"]), "mock"), plural(count(["lab"]), "lab")].join(", "), `, and cards on ${plural(plan.days.filter(day => day.tasks.some(task => task.kind === "cards")).length, "day")}.`)
  const behind = make("p", { className: "card-warning plan-screen", hidden: !late.length }, `${plural(late.length, "task")} behind, ${time(late.reduce((sum, task) => sum + task.minutes, 0))}. `,
    button("Plan the rest from today", () => { fill(wishes); decide() }))
  const rows = plan.days.map(day => {
    const list = day.tasks.map(task => {
      const box = make("input", { type: "checkbox", checked: Boolean(ticked(task)), onchange: () => tick(task, box.checked) })
      const name = task.url ? make("a", { href: new URL(task.url, root) }, task.title) : task.title
      box.setAttribute("aria-label", `Done: ${task.title}${task.part ? `, part ${task.part}` : ""}, ${dayName(day.date)}`)
      box.dataset.task = keyOf(task)
      return make("li", { className: task.kind === "cards" ? "cards" : "" }, box, make("span", {}, name, task.part ? `, part ${task.part}` : "", make("span", { className: "tags" }, ` ${task.minutes} min`)))
    })
    const row = make("tr", {}, make("th", { scope: "row" }, dayName(day.date)), make("td", {}, make("ul", {}, ...list)), make("td", {}, time(day.minutes)))
    if (day.date === today()) row.setAttribute("aria-current", "date")
    return row
  })
  const long = tasks.filter(task => task.kind !== "cards").length > 50 // on one printed page in three columns
  const table = make("table", { className: long ? "data dated long" : "data dated" }, make("thead", {}, make("tr", {}, ...["Day", "What", "Time"].map(name => make("th", { scope: "col" }, name)))), make("tbody", {}, ...rows))
  const left = [...new Set(plan.left.filter(task => task.kind !== "lab" && !task.id.startsWith("again:")).map(task => task.title))]
  result.replaceChildren(title, summary, behind,
    make("p", { className: "plan-screen card-buttons" },
      button("Print on one page", () => print()),
      button("Calendar file", () => download("study-plan.ics", calendar(plan, { at: wishes.at, address: String(root), stamp: new Date().toISOString().replace(/[-:]|\.\d+/g, "") }), "text/calendar")),
      button("Forget this plan", () => { forget(KEY); state = null; draw() })),
    table,
    ...(left.length ? [make("p", { className: "plan-screen" }, `No time for: ${left.join("; ")}.`)] : []))
}

function fill(wishes) {
  level.value = wishes.level
  company.value = wishes.company
  until.value = wishes.until
  hours.value = wishes.hours
  at.value = wishes.at
}

// The form
const level = select(LEVELS.map(name => [name, name]), () => {})
const company = select(Object.entries(COMPANIES).map(([key, { name }]) => [key, name]), () => {})
const until = make("input", { type: "date", required: true, value: addDays(today(), 14) })
until.min = addDays(today(), 1)
until.max = addDays(today(), LONGEST)
const hours = make("input", { type: "number", min: 0.5, max: 12, step: 0.5, value: 2, required: true })
const at = make("input", { type: "time", value: "19:00" })
const trouble = make("output")
const warning = make("p", { className: "card-warning", hidden: true, role: "alert" }, "Your browser refuses to keep anything for this page; take the calendar file or a print before you leave.")
const result = make("section", { className: "plan-result" })
result.setAttribute("aria-label", "Your plan")

const knowledge = make("details", { className: "card-settings" }, make("summary", {}, "What you know already"), make("p", {}, "What is ticked here counts as read and is left out."))
for (const part of new Set(guide.chapters.map(chapter => chapter.part))) {
  const boxes = guide.chapters.filter(chapter => chapter.part === part).map(chapter => {
    const box = make("input", { type: "checkbox", checked: chapter.url in readChapters(), onchange: () => markChapter(chapter.url, box.checked ? today() : null) })
    return make("label", {}, box, ` ${chapter.title}`)
  })
  knowledge.append(make("fieldset", {}, make("legend", {}, part), ...boxes))
}

level.value = "senior"
if (state) fill(state.wishes)
const form = make("form", { className: "practice-form", onsubmit: event => { event.preventDefault(); decide() } },
  field("Level", level), field("Kind of company", company), field("Interview on", until), field("Hours a day", hours), field("Begin at", at),
  make("button", { className: "md-button md-button--primary" }, "Make the plan"))
form.noValidate = true
form.setAttribute("aria-label", "Your interview")
document.querySelector("#study-plan").replaceChildren(form, knowledge, make("p", { role: "status" }, trouble), warning, result)
draw()
