// The mock room: draws a case, hides its answer, runs the clock with the budget of the steps, interrupts, and grades with the case's own table.
//
// Alone, or with two people: then this screen is the interviewer's, and a second window, opened from it, the candidate's.

import { clock, interruptions, mean, phaseAt, phasesOf, verdict } from "./mock-clock.js"
import { button, field, fill, LEVELS, loadGuide, loadQuestions, make, root, select, today } from "./practice-data.js"
import { download, forget, read, write } from "./practice-store.js"
import { isStrokes, sketch } from "./sketch.js"

const [RUNNING, RECORD] = ["mock", "mocks"]
const place = document.querySelector("#mock-room")
const wall = new BroadcastChannel("field-guide-mock") // from the interviewer's screen to the candidate's
const [guide, questions] = await Promise.all([loadGuide(), loadQuestions()])
const byId = new Map(questions.map(question => [question.id, question]))
const cases = new Map(guide.cases.map(item => [item.url, item]))
const signals = Object.keys(guide.rubric)
const grades = ["strong no", "no", "yes", "strong yes"]

// What runs: { version, url, level, length, alone, started: ms or null, planned: [{id, at}], asked: [{id, at}], notes, strokes, ended: second or null, grades: signal -> grade }
const isGrades = value => value && typeof value === "object" && Object.entries(value).every(([signal, grade]) => signals.includes(signal) && grades.includes(grade))
const isRunning = mock => mock?.version === 1 && cases.has(mock.url) && LEVELS.includes(mock.level) && String(mock.length) in guide.budgets && (mock.started === null || Number.isFinite(mock.started)) &&
  [mock.planned, mock.asked].every(list => Array.isArray(list) && list.every(({ id, at }) => byId.has(id) && Number.isFinite(at))) && typeof mock.notes === "string" && isStrokes(mock.strokes) && isGrades(mock.grades)
const isRecord = record => record?.version === 1 && Array.isArray(record.mocks) &&
  record.mocks.every(mock => [mock.day, mock.url, mock.title].every(text => typeof text === "string") && Number.isFinite(mock.length) && LEVELS.includes(mock.level) && Number.isFinite(mock.seconds) && isGrades(mock.grades) && Object.keys(mock.grades).length === signals.length)
let mock = read(RUNNING, null, isRunning)
let record = read(RECORD, { version: 1, mocks: [] }, isRecord)

const warning = make("p", { className: "card-warning", hidden: true, role: "alert" }, "Your browser refuses to keep anything for this page; export the record before you leave.")
const said = make("p", { className: "mock-signal", role: "status" })
const box = make("div")
const keep = () => (warning.hidden = write(RUNNING, mock))
const seconds = () => (mock.ended ?? (mock.started === null ? 0 : Math.max(0, (Date.now() - mock.started) / 1000)))
const phases = () => phasesOf(guide.budgets[mock.length])

// A screen replaces the one before it; what ran there stops.
let timer
function show(...content) {
  clearInterval(timer)
  box.replaceChildren(...content)
  const head = box.querySelector("h2")
  if (head && shown) head.focus()
  shown = true
}
let shown = false // the first screen does not take the focus from the page

const title = text => make("h2", { tabIndex: -1 }, text)
const html = (name, text, className = "") => fill(make(name, { className }), text)

// 1. Before

function lobby() {
  const family = select([["", "any"], ...Object.entries(guide.families).filter(([key]) => guide.cases.some(item => item.family === key))], () => {})
  const level = select(LEVELS.map(name => [name, name]), () => {})
  const length = select(Object.keys(guide.budgets).map(minutes => [minutes, `${minutes} minutes`]), () => {})
  const alone = select([["yes", "I answer, alone"], ["", "I interview somebody"]], () => {})
  const wished = cases.get(new URLSearchParams(location.search).get("case"))
  level.value = "senior"
  length.value = "45"
  const form = make("form", { className: "practice-form", onsubmit: event => {
    event.preventDefault()
    const done = new Set(record.mocks.map(item => item.url))
    const of = guide.cases.filter(item => !family.value || item.family === family.value)
    const fresh = of.filter(item => !done.has(item.url))
    const from = fresh.length ? fresh : of // what was not rehearsed yet comes first
    begin(wished ?? from[Math.floor(Math.random() * from.length)], level.value, Number(length.value), alone.value === "yes")
  } }, ...(wished ? [] : [field("Family", family)]), field("Level", level), field("Length", length), field("Who you are", alone), make("button", { className: "md-button md-button--primary" }, wished ? "Open the room" : "Draw a case"))
  form.setAttribute("aria-label", "Which interview")
  show(...(wished ? [make("p", {}, `From your plan: ${wished.title}.`)] : []), form, ...history())
}

function begin(item, level, length, alone) {
  mock = { version: 1, url: item.url, level, length, alone, started: null, planned: [], asked: [], notes: "", strokes: [], ended: null, grades: {} }
  mock.planned = alone ? interruptions(item.follow_ups.map(id => byId.get(id)), level, length, phases(), Math.random) : []
  keep()
  room()
}

// 2. The interview

function room() {
  const item = cases.get(mock.url)
  const face = make("time", { className: "mock-clock" })
  const steps = phases().map(phase => {
    const bar = make("li", {}, guide.phases[phase.phase], make("span", { className: "tags" }, `${(phase.to - phase.from) / 60} min`))
    bar.style.setProperty("--share", phase.to - phase.from)
    return bar
  })
  const questionsAsked = make("ol", { className: "mock-asked" })
  const start = button(mock.started === null ? "Start the clock" : "Running", () => {
    mock.started = Date.now()
    keep()
    start.disabled = true
    start.textContent = "Running"
    tick()
  }, "md-button md-button--primary")
  start.disabled = mock.started !== null
  const sound = make("input", { type: "checkbox", id: "mock-sound" })
  const notes = make("textarea", { value: mock.notes, rows: 9, oninput: () => { mock.notes = notes.value; keep() } })
  let phaseBefore = mock.started === null ? null : phaseAt(phases(), seconds()).phase

  const signal = text => {
    said.textContent = text
    if (sound.checked) chime()
  }
  const ask = id => {
    mock.asked.push({ id, at: Math.round(seconds()) })
    keep()
    signal(mock.alone ? `The interviewer asks: ${plain(byId.get(id).text)}` : "")
    list()
  }
  const list = () => questionsAsked.replaceChildren(...mock.asked.map(({ id, at }) => fill(make("li", {}), `<span class="tags">${clock(at)}</span> ${byId.get(id).text}`)))
  const tick = () => {
    const now = seconds(), all = phases(), phase = phaseAt(all, now), over = now >= mock.length * 60
    face.textContent = `${clock(now)} of ${mock.length}:00`
    steps.forEach((bar, number) => {
      const { from, to } = all[number]
      bar.style.setProperty("--done", mock.started === null ? 0 : Math.min(1, Math.max(0, (now - from) / (to - from))))
      all[number] === phase && mock.started !== null && !over ? bar.setAttribute("aria-current", "step") : bar.removeAttribute("aria-current")
    })
    if (mock.started !== null) {
      if (over && phaseBefore !== "over") {
        phaseBefore = "over"
        signal("Time. Finish your sentence, then grade yourself.")
      } else if (!over && phaseBefore !== phase.phase) {
        if (phaseBefore !== null) signal(`By the budget you are in “${guide.phases[phase.phase]}” now.`)
        phaseBefore = phase.phase
      }
      for (const next of mock.planned.filter(({ id, at }) => at <= now && !over && !mock.asked.some(other => other.id === id))) ask(next.id)
    }
    tell(now)
  }
  const tell = now => mock.alone || wall.postMessage({ prompt: item.prompt, now, length: mock.length, asked: mock.asked.map(({ id }) => byId.get(id).text) })

  const desk = mock.alone
    ? [make("h3", {}, "Sketch"), sketch(mock.strokes, keep), field("Notes", notes)]
    : [
        make("p", { className: "card-buttons" }, button("Open the candidate's screen", () => open(new URL("?candidate", location.href), "field-guide-candidate"))),
        make("p", {}, "The candidate's window shows the prompt, the clock, what you asked and a board. Put it on the other screen, or share it. Everything below is yours alone."),
        field("Private notes", notes),
        make("p", { className: "card-buttons" }, button("Note the time", () => {
          notes.value += `${notes.value && !notes.value.endsWith("\n") ? "\n" : ""}${clock(seconds())} `
          notes.dispatchEvent(new Event("input"))
          notes.focus()
        })),
        make("h3", {}, "Follow-ups"),
        make("ul", { className: "questions" }, ...item.follow_ups.map(id => {
          const { text, answer, level, step } = byId.get(id)
          const entry = make("details", { className: "question" }, html("summary", `${text} <span class="tags">${level} · ${guide.phases[step]}</span>`), html("div", answer))
          entry.append(make("p", {}, button("Ask it now", () => ask(id))))
          return make("li", {}, entry)
        })),
        make("h3", {}, "What a full answer holds"),
        html("ol", item.decisions.map(decision => `<li>${decision}</li>`).join("")),
      ]
  const steer = make("ol", { className: "mock-steps" }, ...steps)
  steer.setAttribute("aria-label", "Budget of the steps")
  show(
    title(mock.alone ? "The interview" : `You interview: ${item.title}`),
    make("p", { className: "prompt" }, `“${item.prompt}”`),
    make("p", { className: "mock-bar" }, face, start, button("Finish and grade", () => { mock.ended = seconds(); keep(); grading() }), button("Leave", leave), make("span", {}, sound, make("label", { htmlFor: "mock-sound" }, "sound"))),
    steer,
    make("h3", {}, mock.alone ? "The interviewer asked" : "Asked"),
    questionsAsked,
    ...desk,
  )
  list()
  tick()
  timer = setInterval(tick, 500)
}

function leave() {
  if (!confirm("Leave this interview? Nothing of it is kept.")) return
  mock = null
  forget(RUNNING)
  lobby()
}

const plain = text => fill(document.createElement("p"), text).textContent

// Two soft tones; nothing is loaded for it.
function chime() {
  const audio = new AudioContext()
  for (const [number, pitch] of [523, 659].entries()) {
    const tone = audio.createOscillator(), volume = audio.createGain()
    tone.frequency.value = pitch
    volume.gain.setValueAtTime(0.06, audio.currentTime + number * 0.18)
    volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + number * 0.18 + 0.5)
    tone.connect(volume).connect(audio.destination)
    tone.start(audio.currentTime + number * 0.18)
    tone.stop(audio.currentTime + number * 0.18 + 0.5)
  }
}

// 3. After

function grading() {
  said.textContent = ""
  const item = cases.get(mock.url)
  const outcome = make("output")
  const save = make("button", { className: "md-button md-button--primary", disabled: true }, "Keep it in the record")
  const judge = () => {
    const complete = signals.every(signal => mock.grades[signal])
    outcome.value = complete ? verdict(mock.grades) : `${signals.filter(signal => !mock.grades[signal]).length} signals to grade.`
    save.disabled = !complete
  }
  const rubric = signals.map(signal => make("fieldset", { className: "mock-signal-grades" }, make("legend", {}, signal), ...grades.map(grade => {
    const choice = make("input", { type: "radio", name: signal, value: grade, checked: mock.grades[signal] === grade, onchange: () => {
      mock.grades[signal] = grade
      keep()
      judge()
    } })
    return make("label", {}, choice, make("span", {}, make("strong", {}, grade), ` ${guide.rubric[signal][grade][mock.level]}`))
  })))
  const asked = mock.asked.length ? mock.asked.map(({ id }) => id) : item.follow_ups.slice(0, 3)
  const form = make("form", { onsubmit: event => {
    event.preventDefault()
    record.mocks.push({ day: today(), url: mock.url, title: item.title, level: mock.level, length: mock.length, seconds: Math.round(mock.ended), alone: mock.alone, grades: mock.grades, asked: mock.asked, notes: mock.notes })
    const kept = write(RECORD, record)
    mock = null
    forget(RUNNING)
    lobby()
    warning.hidden = kept
  } }, ...rubric, make("p", { role: "status" }, outcome), make("p", { className: "card-buttons" }, save, button("Leave", leave)))
  form.setAttribute("aria-label", "Grades")
  show(
    title(`Grade it: ${item.title}`),
    make("p", {}, `${clock(mock.ended)} of ${mock.length}:00, ${mock.level} level. `, make("a", { href: new URL(item.url, root) }, "The case in full")),
    make("h3", {}, "What a full answer holds"),
    html("ol", item.decisions.map(decision => `<li>${decision}</li>`).join("")),
    make("h3", {}, "How this case is graded"),
    html("div", item.grading),
    make("h3", {}, mock.asked.length ? "What was asked" : "What might have been asked"),
    ...asked.map(id => make("details", { className: "question" }, html("summary", byId.get(id).text), html("div", byId.get(id).answer))),
    ...(mock.notes ? [make("h3", {}, "Your notes"), make("pre", { className: "mock-notes" }, mock.notes)] : []),
    make("h3", {}, "The six signals"),
    make("p", {}, "Choose the cell that a recording would show. What was said only after a question counts as half."),
    form,
  )
  judge()
}

// 4. The record

function history() {
  if (!record.mocks.length) return []
  const last = record.mocks.slice(-4)
  const short = { "strong no": "− −", no: "−", yes: "+", "strong yes": "+ +" }
  const rows = record.mocks.toReversed().map(item => make("tr", {}, make("th", { scope: "row" }, item.day), make("td", {}, make("a", { href: new URL(item.url, root) }, item.title), make("span", { className: "tags" }, `${item.level}, ${clock(item.seconds)} of ${item.length}:00${item.alone ? "" : ", as interviewer"}`)),
    make("td", {}, ...signals.flatMap(signal => [make("abbr", { title: `${signal}: ${item.grades[signal]}` }, short[item.grades[signal]]), " "])), make("td", {}, mean(item.grades).toFixed(1))))
  const average = signals.map(signal => [signal, mean(last.map(item => item.grades[signal]))]).sort((a, b) => a[1] - b[1])
  const wrap = make("div", { className: "table-wrap", tabIndex: 0 }, make("table", { className: "data dated" }, make("thead", {}, make("tr", {}, ...["Day", "Case", "Signals in the rubric's order", "Mean"].map(name => make("th", { scope: "col" }, name)))), make("tbody", {}, ...rows)))
  wrap.setAttribute("role", "group")
  wrap.setAttribute("aria-label", "Table: your record")
  return [
    make("h2", { tabIndex: -1 }, "Your record"),
    make("p", {}, average[0][1] === average.at(-1)[1] ? "No signal stands out yet." : `Lowest over the last ${last.length === 1 ? "interview" : `${last.length} interviews`}: ${average[0][0]} (${average[0][1].toFixed(1)} of 4). Change that one first.`),
    wrap,
    make("p", { className: "card-buttons" }, button("Export the record", () => download("field-guide-mocks.json", JSON.stringify(record, null, 1))), button("Forget the record", () => {
      if (!confirm("Forget all mock interviews on this device?")) return
      forget(RECORD)
      record = { version: 1, mocks: [] }
      lobby()
    })),
  ]
}

// The candidate's window

function candidate() {
  const prompt = make("p", { className: "prompt" }, "Waiting for the interviewer's screen."), face = make("time", { className: "mock-clock" }), asked = make("ol", { className: "mock-asked" })
  const own = read("candidate", { strokes: [], notes: "" }, value => isStrokes(value?.strokes) && typeof value.notes === "string")
  const save = () => (warning.hidden = write("candidate", own))
  const notes = make("textarea", { value: own.notes, rows: 6, oninput: () => { own.notes = notes.value; save() } })
  let heard = 0
  wall.addEventListener("message", ({ data }) => {
    prompt.textContent = `“${data.prompt}”`
    face.textContent = `${clock(data.now)} of ${data.length}:00`
    if (data.asked.length !== heard) {
      heard = data.asked.length
      asked.replaceChildren(...data.asked.map(text => html("li", text)))
      if (heard) said.textContent = `The interviewer asks: ${plain(data.asked.at(-1))}`
    }
  })
  show(title("The interview"), prompt, make("p", { className: "mock-bar" }, face), asked, make("h3", {}, "Sketch"), sketch(own.strokes, save), field("Notes", notes))
}

place.replaceChildren(warning, said, box)
if (new URLSearchParams(location.search).has("candidate")) candidate()
else if (!mock) lobby()
else if (mock.ended === null) room()
else grading()
