// The plan of study: what to do on which day. Pure functions; the page draws them, the build writes three of them into the page and the book.
//
// A task is {id, kind, title, url, minutes}: reading a chapter, a lab, a mock interview, a review. Reading may be cut over two days, a mock may not.

const LAB = 20 // minutes: predict the result, run it, compare
const REVIEW = 4 // minutes a case: its one page, once more
const PIECE = 10 // minutes: less of a chapter is not worth opening it
const CARDS = { share: 0.15, most: 20 } // of a day, in minutes

// Which families of cases a kind of company asks first. The rest follow in reading order.
export const COMPANIES = {
  platform: { name: "large platform", families: ["recommendation", "search", "trust", "ads"] },
  marketplace: { name: "marketplace", families: ["search", "marketplace", "trust", "recommendation"] },
  ads: { name: "ads", families: ["ads", "recommendation", "trust"] },
  fintech: { name: "fintech", families: ["trust", "marketplace", "generative"] },
  llm: { name: "LLM product", families: ["generative", "search", "trust"] },
  startup: { name: "startup", families: ["generative", "recommendation", "search"] },
}
// A mock takes the interview and then the time to grade it.
const MOCKS = { mid: { length: 45, minutes: 60 }, senior: { length: 45, minutes: 60 }, staff: { length: 60, minutes: 80 } }
const SHORT = { length: 35, minutes: 50 }

export const STATIC = {
  weekend: { level: "senior", company: "platform", days: 2, hours: 6 },
  fortnight: { level: "senior", company: "platform", days: 14, hours: 2 },
  weeks: { level: "senior", company: "platform", days: 42, hours: 1 },
}

// Dates are texts like 2026-11-20.
export const addDays = (date, days) => new Date(Date.parse(`${date}T00:00:00Z`) + days * 86400000).toISOString().slice(0, 10)
export const daysBetween = (from, to) => Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86400000)

// wishes: {level, company, days, hours, known: ids of tasks that need not be done}
// A plan: {days: [{date, tasks: [task and part, when it is cut], minutes}], left: tasks there is no time for, needed: id -> ids that come before it}
export function makePlan(guide, wishes, start) {
  const room = Math.floor(wishes.hours * 60)
  const mock = room >= MOCKS[wishes.level].minutes ? MOCKS[wishes.level] : room >= SHORT.minutes ? SHORT : null
  const { groups, needed } = curriculum(guide, wishes, mock)
  const known = new Set(wishes.known ?? [])
  const review = { id: "review", kind: "review", title: "Re-read the answers on one page", url: "", minutes: 0 }
  const taken = []
  const has = new Set(known)
  const left = []
  for (const group of groups) {
    const fresh = group.filter(task => !has.has(task.id))
    const cost = fresh.reduce((sum, task) => sum + task.minutes, 0)
    const spent = taken.reduce((sum, task) => sum + task.minutes, 0)
    if (spent + cost > wishes.days * (room - cardMinutes(room)) || fresh.some(task => task.needs.some(id => !has.has(id) && !fresh.some(other => other.id === id)))) {
      left.push(...fresh)
      continue
    }
    for (const task of fresh) has.add(task.id)
    taken.push(...fresh)
  }
  // Days do not fill to the minute: what was added last gives way.
  for (;;) {
    review.minutes = Math.min(room, REVIEW * taken.filter(task => task.kind === "case").length)
    const days = spread(inOrder(taken), review, wishes.days, room, start, known)
    if (days) {
      const inPlan = new Set(taken.map(task => task.id)), missing = new Map(left.map(task => [task.id, task]))
      return { days, left: [...missing.values()].filter(task => !inPlan.has(task.id)), needed }
    }
    left.unshift(taken.pop())
  }
}

// A lab follows its chapter, whenever it was added.
const inOrder = tasks => tasks.filter(task => task.kind !== "lab").flatMap(task => [task, ...tasks.filter(lab => lab.kind === "lab" && lab.needs[0] === task.id)])
  .concat(tasks.filter(lab => lab.kind === "lab" && !tasks.some(task => task.id === lab.needs[0])))

const cardMinutes = room => Math.min(CARDS.most, Math.floor(room * CARDS.share))

// Groups of tasks, the most valuable first. A group is taken whole or not at all; in it, and over all of them, what is needed comes before what needs it.
function curriculum(guide, { level, company }, mock) {
  const byUrl = new Map(guide.chapters.map(chapter => [chapter.url, chapter]))
  const of = kind => guide.chapters.filter(chapter => chapter.kind === kind)
  const rank = family => (COMPANIES[company].families.indexOf(family) + 1 || 99)
  const cases = of("case").sort((a, b) => rank(a.family) - rank(b.family)) // stable: reading order within a family
  const needed = {}
  const task = chapter => {
    const id = `read:${chapter.url}`
    const needs = chapter.needs.map(url => `read:${url}`)
    if (mock && chapter.kind === "case" && chapter !== cases[0]) needs.push(`mock:${chapter.url}`)
    needed[id] = needs
    return { id, kind: chapter.kind, title: chapter.title, url: chapter.url, minutes: chapter.minutes, needs }
  }
  const withNeeds = (chapter, seen = new Set()) => {
    if (seen.has(chapter.url)) return []
    seen.add(chapter.url)
    return [...chapter.needs.flatMap(url => withNeeds(byUrl.get(url), seen)), task(chapter)]
  }
  const rehearsal = chapter => {
    const id = `mock:${chapter.url}`
    needed[id] = chapter.needs.map(url => `read:${url}`)
    return { id, kind: "mock room", title: `${chapter.title}: answer it in ${mock.length} minutes before you read it`, url: `practice/mock-room/?case=${chapter.url}`, minutes: mock.minutes, needs: needed[id] }
  }
  const groups = []
  const [first, second, ...skills] = of("interview")
  for (const chapter of [...of("overview"), first, second, ...of("framework"), ...skills].filter(Boolean)) groups.push(withNeeds(chapter))
  const tradeoffs = of("tradeoff")
  cases.forEach((chapter, place) => {
    const group = withNeeds(chapter)
    if (place && mock) group.splice(-1, 0, rehearsal(chapter))
    groups.push(group)
    if (level === "staff" && tradeoffs[place]) groups.push(withNeeds(tradeoffs[place]))
    // A transcript tells the answer of its case: it comes after it.
    for (const transcript of of("mock").filter(other => other.needs.includes(chapter.url))) groups.push(withNeeds(transcript))
  })
  for (const chapter of [...of("deep-dive"), ...tradeoffs]) groups.push(withNeeds(chapter))
  for (const chapter of guide.chapters) {
    for (const name of chapter.labs) {
      const needs = (needed[`lab:${name}`] = [`read:${chapter.url}`])
      groups.push([{ id: `lab:${name}`, kind: "lab", title: `Lab ${name.replaceAll("_", " ")}: predict, measure, compare`, url: chapter.url, minutes: LAB, needs }])
    }
  }
  if (mock) {
    for (const chapter of cases) {
      const id = `again:${chapter.url}`
      needed[id] = [`read:${chapter.url}`]
      groups.push([{ id, kind: "mock room", title: `${chapter.title}: once more, against the clock`, url: `practice/mock-room/?case=${chapter.url}`, minutes: mock.minutes, needs: needed[id] }])
    }
  }
  return { groups, needed }
}

// The tasks over the days, about the same every day and in an order that respects what is needed; null if they do not fit.
function spread(tasks, review, count, room, start, known) {
  const days = Array.from({ length: count }, (_, number) => ({ date: addDays(start, number), tasks: [], minutes: 0 }))
  const put = (day, task, minutes = task.minutes) => {
    const { needs, ...shown } = task
    day.tasks.push({ ...shown, minutes })
    day.minutes += minutes
  }
  const open = tasks.map(task => ({ task, rest: task.minutes }))
  const done = new Set(known)
  for (const [number, day] of days.entries()) {
    const closing = number === count - 1 ? review.minutes : 0
    const work = open.reduce((sum, item) => sum + item.rest, 0)
    const goal = Math.ceil(work / (count - number))
    while (open.length && day.minutes < goal) {
      const free = room - closing - day.minutes // a mock may take the place of the day's cards, reading may not
      const ready = open.filter(({ task }) => task.needs.every(id => done.has(id)))
      const space = ({ task }) => free - (task.kind === "mock room" ? 0 : cardMinutes(room))
      const place = open.indexOf(ready.find(item => item.rest <= space(item) || (item.task.kind !== "mock room" && space(item) >= PIECE && item.rest - space(item) >= PIECE)))
      if (place < 0) break
      const item = open[place]
      const minutes = Math.min(item.rest, space(item))
      put(day, item.task, minutes)
      item.rest -= minutes
      if (!item.rest) {
        done.add(item.task.id)
        open.splice(place, 1)
      }
    }
    if (closing) put(day, review)
    const cards = Math.min(cardMinutes(room), room - day.minutes)
    if (cards > 0) put(day, { id: `cards:${day.date}`, kind: "cards", title: "Flashcards", url: "practice/flashcards/", minutes: cards })
  }
  if (open.length) return null
  const pieces = new Map()
  for (const task of days.flatMap(day => day.tasks)) pieces.set(task.id, [...(pieces.get(task.id) ?? []), task])
  for (const parts of pieces.values()) if (parts.length > 1) parts.forEach((task, place) => (task.part = `${place + 1} of ${parts.length}`))
  return days
}

// The plan as a calendar file (RFC 5545): one event a day, at a time of day where the reader is.
export function calendar(plan, { at, address, stamp }) {
  const text = value => value.replace(/[\\;,]/g, "\\$&").replace(/\n/g, "\\n")
  const clock = minutes => `${String(Math.floor(minutes / 60)).padStart(2, "0")}${String(minutes % 60).padStart(2, "0")}00`
  const begin = Number(at.slice(0, 2)) * 60 + Number(at.slice(3, 5))
  const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ML System Design Field Guide//Study plan//EN", "CALSCALE:GREGORIAN"]
  for (const day of plan.days.filter(day => day.tasks.length)) {
    const ends = begin + day.minutes
    const titles = day.tasks.map(task => task.title + (task.part ? ` (${task.part})` : ""))
    lines.push(
      "BEGIN:VEVENT",
      `UID:${day.date}@ml-system-design-field-guide`, // the same day of a newer plan takes its place
      `DTSTAMP:${stamp}`,
      `DTSTART:${day.date.replaceAll("-", "")}T${clock(begin)}`,
      `DTEND:${addDays(day.date, Math.floor(ends / 1440)).replaceAll("-", "")}T${clock(ends % 1440)}`,
      `SUMMARY:${text(`Study: ${titles[0]}${titles.length > 1 ? ` and ${titles.length - 1} more` : ""}`)}`,
      `DESCRIPTION:${text(day.tasks.map((task, place) => `${task.minutes} min: ${titles[place]}${task.url ? `\n${new URL(task.url, address)}` : ""}`).join("\n"))}`,
      "END:VEVENT",
    )
  }
  return [...lines, "END:VCALENDAR", ""].map(fold).join("\r\n")
}

// A line of a calendar has at most 75 bytes; the rest goes on in the next, after a space.
function fold(line) {
  const rows = [""]
  let size = 0
  for (const letter of line) {
    const bytes = new TextEncoder().encode(letter).length
    if (size + bytes > 74) {
      rows.push("")
      size = 0
    }
    rows[rows.length - 1] += letter
    size += bytes
  }
  return rows.join("\r\n ")
}
