// Progress: chapters read, questions known, mock interviews done. Shown beside chapter titles and on the home page, kept on the device alone.

import { button, make, root, today } from "./practice-data.js"
import { download, everything, markChapter, read, readChapters, replaceEverything } from "./practice-store.js"

const WEEK = 7 // days: a question is known if it would be remembered, nine times in ten, after a week

export function showProgress() {
  const chapters = readChapters()
  for (const mark of document.querySelectorAll(".read-mark")) mark.remove()
  for (const link of document.querySelectorAll(".md-nav--primary a.md-nav__link[href], .steps a, .cards a, .rows a")) {
    if (!link.hash && link.href.startsWith(root.href) && link.href.slice(root.href.length) in chapters) (link.querySelector(".md-ellipsis, strong, .step-name") ?? link).append(readMark())
  }
  const end = document.querySelector(".chapter-end")
  if (end) chapterEnd(end, chapters)
  const panel = document.querySelector("#progress")
  if (panel) homePanel(panel, chapters)
}

function readMark() {
  const mark = make("span", { className: "read-mark" }, " ✓")
  mark.append(make("span", { className: "read-word" }, " read"))
  return mark
}

function chapterEnd(end, chapters) {
  const url = end.dataset.chapter
  const day = chapters[url]
  if (day) document.querySelector("article h1")?.append(readMark())
  const press = button(day ? `Read on ${day}` : "Mark as read", () => {
    const kept = markChapter(url, day ? null : today())
    showProgress()
    if (!kept) end.append(make("span", { role: "alert" }, " Your browser refuses to keep it."))
    end.querySelector("button").focus()
  })
  press.setAttribute("aria-pressed", Boolean(day))
  end.replaceChildren(press)
}

function homePanel(panel, chapters) {
  const cards = Object.values(read("cards", { cards: {} }, value => value?.cards && typeof value.cards === "object").cards)
  const mocks = read("mocks", { mocks: [] }, value => Array.isArray(value?.mocks)).mocks
  const known = cards.filter(card => card?.stability >= WEEK).length
  const rows = [
    ["chapters read", Object.keys(chapters).length, Number(panel.dataset.chapters)],
    ["questions known for a week", known, Number(panel.dataset.questions)],
    ["mock interviews", mocks.length, null],
  ]
  panel.hidden = !rows.some(([, count]) => count) && !undo
  const told = make("output")
  panel.replaceChildren(
    make("h2", {}, "Your progress"),
    make("ul", { className: "progress-counts" }, ...rows.map(([name, count, all]) => {
      const row = make("li", {}, make("strong", {}, all ? `${count} of ${all}` : String(count)), ` ${name}`)
      if (all) row.prepend(make("progress", { max: all, value: count, ariaLabel: name }))
      return row
    })),
    make("p", { className: "card-buttons" },
      button("Export all of it", () => download("field-guide-progress.json", JSON.stringify(everything()))),
      make("label", { className: "md-button" }, "Import", make("input", { type: "file", accept: "application/json", className: "read-word", onchange: async event => {
        const taken = replaceEverything(parse(await event.target.files[0].text()))
        showProgress()
        document.querySelector("#progress output").value = taken ? "Taken over." : "That file is no record of this guide, or does not fit; nothing was changed."
      } })),
      undo
        ? button("Bring it back", () => {
            replaceEverything(undo)
            undo = null
            showProgress()
          })
        : button("Delete all of it", () => {
            undo = everything()
            replaceEverything({})
            showProgress()
            document.querySelector("#progress output").value = "Deleted. Until you leave this page it can be brought back."
          })),
    make("p", { role: "status" }, told),
  )
}

let undo = null // what was deleted on this page

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
