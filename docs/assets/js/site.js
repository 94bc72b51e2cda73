// What the pages need beyond Material: larger drawings, keys for the search, a menu that keyboards reach.

// Material announces every page it shows, also when it replaces only the content.
const everyPage = run => window.document$ ? window.document$.subscribe(run) : run()

function zoomDiagrams() {
  for (const diagram of document.querySelectorAll(".diagram")) {
    if (diagram.querySelector(".diagram-zoom")) continue
    const drawing = diagram.querySelector("svg")
    if (!drawing) continue
    const button = document.createElement("button")
    button.type = "button"
    button.className = "diagram-zoom"
    button.title = "Enlarge"
    button.setAttribute("aria-label", `Enlarge the diagram: ${drawing.querySelector("title")?.textContent ?? ""}`)
    button.addEventListener("click", () => enlarge(drawing))
    diagram.append(button)
  }
}

function enlarge(drawing) {
  const dialog = document.createElement("dialog")
  dialog.className = "diagram-dialog"
  dialog.setAttribute("aria-label", drawing.querySelector("title")?.textContent ?? "Diagram")
  const close = document.createElement("button")
  close.type = "button"
  close.textContent = "Close"
  close.addEventListener("click", () => dialog.close())
  const scroll = document.createElement("div")
  scroll.className = "diagram-large"
  scroll.tabIndex = 0
  scroll.setAttribute("role", "group")
  scroll.setAttribute("aria-label", "Enlarged drawing")
  // The copy keeps its ids: the same markers and labels, defined alike.
  scroll.append(drawing.cloneNode(true))
  dialog.append(close, scroll)
  dialog.addEventListener("click", event => event.target === dialog && dialog.close())
  dialog.addEventListener("close", () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}

function mendSearch() {
  const toggle = document.querySelector("#__search")
  if (!toggle || toggle.dataset.mended) return
  toggle.dataset.mended = "yes"
  const meta = document.querySelector(".md-search-result__meta")
  meta?.setAttribute("role", "status")
  meta?.setAttribute("aria-live", "polite")
  // After Enter on a result the focus would stay in the closed box, and `/` would do nothing.
  toggle.addEventListener("change", () => toggle.checked || document.activeElement?.closest?.(".md-search")?.querySelector("input")?.blur())
  addEventListener("keydown", event => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault()
      toggle.checked || toggle.click()
      document.querySelector(".md-search__input")?.focus()
    }
  })
}

// The menu button of narrow screens is a label, which no keyboard reaches: a real button takes its place.
function mendDrawer() {
  const toggle = document.querySelector("#__drawer")
  const label = document.querySelector('.md-header label[for="__drawer"]')
  if (!toggle || !label) return
  const button = document.createElement("button")
  button.type = "button"
  button.className = "md-header__button md-icon menu-button"
  button.setAttribute("aria-label", "Menu")
  button.append(...label.cloneNode(true).childNodes)
  const tell = () => button.setAttribute("aria-expanded", toggle.checked)
  button.addEventListener("click", () => toggle.click())
  toggle.addEventListener("change", tell)
  tell()
  label.replaceWith(button)
}

// Two navigation landmarks of one page must not have one name: Material calls a section and its first page alike.
function nameSections() {
  for (const nav of document.querySelectorAll(".md-nav .md-nav[aria-labelledby]")) {
    nav.removeAttribute("aria-labelledby")
    nav.setAttribute("aria-label", `Section: ${nav.querySelector(".md-nav__title")?.textContent.trim() ?? ""}`)
  }
}

// Progress costs nothing until there is some, or a reader comes to the end of a chapter.
function awaitProgress() {
  const show = () => import("./progress.js").then(({ showProgress }) => showProgress())
  const end = document.querySelector(".chapter-end")
  if ("keeps" in document.documentElement.dataset) show() // the loader has looked
  else if (end) {
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return
      observer.disconnect()
      show()
    }, { rootMargin: "400px" })
    observer.observe(end)
  }
}

everyPage(() => {
  awaitProgress()
  zoomDiagrams()
  mendSearch()
  mendDrawer()
  nameSections()
})
