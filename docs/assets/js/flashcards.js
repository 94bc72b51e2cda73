// Flashcards: spaced repetition over the guide's questions. FSRS decides when a card is due; the grades stay on the device.

import { createEmptyCard, fsrs, Rating } from "../vendor/ts-fsrs.js"
import { field, fill, LEVELS, loadQuestions, make, root, select, STEPS, today } from "./practice-data.js"
import { download, forget, read, write } from "./practice-store.js"

const GRADES = [["again", Rating.Again], ["hard", Rating.Hard], ["good", Rating.Good], ["easy", Rating.Easy]]
const KEY = "cards"
const SOON = 20 * 60 * 1000 // ms: a card that comes again within this time is shown early rather than sending the reader away
const scheduler = fsrs({ enable_fuzz: false })

const questions = await loadQuestions()
const byId = new Map(questions.map(question => [question.id, question]))

// State: { version, limit: new cards a day, cards: id -> FSRS card, days: date -> cards first seen on it }
const empty = () => ({ version: 1, limit: 15, cards: {}, days: {} })
const isCard = card => card && Number.isFinite(Date.parse(card.due)) && Number.isFinite(card.stability) && Number.isFinite(card.difficulty)
const isState = state => state?.version === 1 && Number.isInteger(state.limit) && state.limit >= 0 &&
  state.days && typeof state.days === "object" && state.cards && typeof state.cards === "object" && Object.values(state.cards).every(isCard)
let state = read(KEY, empty(), isState)
const undone = [] // (id, card, day's count) before each grade of this visit
let current = null, turned = false

const seenToday = () => state.days[today()] ?? 0
const dueAt = id => Date.parse(state.cards[id].due)

// What is asked next: what is due, then what is new within the day's limit, then what is about to be due.
function queues() {
  const now = Date.now()
  const wanted = questions.filter(question => (!step.value || question.step === step.value) && (!level.value || question.level === level.value))
  const known = wanted.map(question => question.id).filter(id => state.cards[id]).sort((a, b) => dueAt(a) - dueAt(b))
  const unseen = wanted.map(question => question.id).filter(id => !state.cards[id])
  return {
    due: known.filter(id => dueAt(id) <= now),
    fresh: unseen.slice(0, Math.max(0, state.limit - seenToday())),
    soon: known.filter(id => dueAt(id) > now && dueAt(id) <= now + SOON),
    later: known.filter(id => dueAt(id) > now),
    unseen,
  }
}

function keep() {
  warning.hidden = write(KEY, state)
}

function grade(rating) {
  if (!current || !turned) return
  const before = state.cards[current]
  undone.push([current, before, today(), seenToday()])
  if (!before) state.days = { [today()]: seenToday() + 1 } // earlier days count no more
  state.cards[current] = scheduler.next(before ?? createEmptyCard(new Date()), new Date(), rating).card
  keep()
  next()
}

function undo() {
  const last = undone.pop()
  if (!last) return
  const [id, card, day, seen] = last
  if (card) state.cards[id] = card
  else delete state.cards[id]
  state.days = { [day]: seen }
  keep()
  next(id)
}

function next(id) {
  const { due, fresh, soon } = queues()
  current = id ?? due[0] ?? fresh[0] ?? soon[0] ?? null
  turned = false
  draw()
  if (asked) (card.querySelector(".card-question") ?? card).focus()
  asked = true
}

function turn() {
  if (!current || turned) return
  turned = true
  draw()
  card.querySelector(".card-answer").focus()
}

const until = date => {
  const minutes = Math.max(1, Math.round((new Date(date) - Date.now()) / 60000))
  return minutes < 60 ? `${minutes} min` : minutes < 1440 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`
}

function draw() {
  const { due, fresh, later, unseen } = queues()
  counts.value = `${due.length} due · ${fresh.length} new today · ${unseen.length} not seen yet`
  back.disabled = !undone.length
  if (!current) {
    card.replaceChildren(make("p", { className: "card-question", tabIndex: -1 },
      later.length ? `Nothing is due. The next card comes in ${until(state.cards[later[0]].due)}.` : "No card is left with these settings."))
    return
  }
  const { text, answer, url, level, chapter } = byId.get(current)
  const front = [make("p", { className: "tags" }, `${level} · ${chapter}`), fill(make("p", { className: "card-question", tabIndex: -1 }), text)]
  if (!turned) {
    card.replaceChildren(...front, make("p", { className: "card-buttons" }, make("button", { type: "button", className: "md-button md-button--primary", onclick: turn }, "Show the answer")))
    return
  }
  const said = fill(make("div", { className: "card-answer", tabIndex: -1 }), answer)
  said.append(make("p", {}, make("a", { href: new URL(url, root) }, "In its chapter")))
  const outcomes = scheduler.repeat(state.cards[current] ?? createEmptyCard(new Date()), new Date())
  const buttons = GRADES.map(([name, rating], index) => make("button", { type: "button", className: "md-button", onclick: () => grade(rating) },
    make("kbd", {}, String(index + 1)), ` ${name} `, make("span", { className: "tags" }, until(outcomes[rating].card.due))))
  card.replaceChildren(...front, said, make("p", { className: "card-buttons" }, ...buttons))
}

function take(text) {
  let found
  try {
    found = JSON.parse(text)
  } catch {
    found = null
  }
  if (!isState(found)) {
    told.value = "That file is not a record of these cards; nothing was changed."
    return
  }
  state = found
  undone.length = 0
  limit.value = state.limit
  keep()
  next()
  told.value = `${Object.keys(state.cards).length} cards taken over.`
}

// The page
const card = make("section", { className: "card" })
card.setAttribute("aria-label", "Card")
const counts = make("output"), told = make("output")
const back = make("button", { type: "button", className: "md-button", onclick: undo }, "Undo ", make("kbd", {}, "U"))
const warning = make("p", { className: "card-warning", hidden: true, role: "alert" }, "Your browser refuses to keep anything for this page; export your grades before you leave.")
const step = select([["", "all"], ...Object.entries(STEPS)], () => next())
const level = select([["", "all"], ...LEVELS.map(name => [name, name])], () => next())
const limit = make("input", { type: "number", min: 0, max: 500, value: state.limit, onchange: () => {
  state.limit = Math.max(0, Math.min(500, Math.round(Number(limit.value) || 0)))
  keep()
  next()
} })
const file = make("input", { type: "file", accept: "application/json", onchange: async () => file.files[0] && take(await file.files[0].text()) })
const settings = make("details", { className: "card-settings" }, make("summary", {}, "Settings and your record"),
  make("form", { className: "practice-form", onsubmit: event => event.preventDefault() },
    field("Step", step), field("Level", level), field("New cards a day", limit),
    make("button", { type: "button", className: "md-button", onclick: () => download("field-guide-cards.json", JSON.stringify(state)) }, "Export your record"),
    field("Import a record", file),
    make("button", { type: "button", className: "md-button", onclick: () => {
      if (!confirm("Forget all grades on this device?")) return
      forget(KEY)
      state = empty()
      undone.length = 0
      next()
      told.value = "All grades are forgotten."
    } }, "Forget everything")),
  make("p", { role: "status" }, told))
let asked = false // the first card does not take the focus from the page
document.querySelector("#flashcards").replaceChildren(make("p", { className: "card-counts", role: "status" }, counts, " ", back), warning, card, settings)

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return
  if (event.key === " " && !turned && current && !event.target.closest("button, a, summary")) turn()
  else if (turned && "1234".includes(event.key)) grade(GRADES[event.key - 1][1])
  else if (event.key.toLowerCase() === "u") undo()
  else return
  event.preventDefault()
})

next()
