// What a reader does is kept on the reader's device and goes nowhere else. Storage may be denied, full or spoiled:
// then the page works all the same, and `write` says that it could not keep anything.

const name = key => `field-guide.${key}`

// The kept value if it passes `valid`, else the fallback.
export function read(key, fallback, valid) {
  try {
    const value = JSON.parse(localStorage.getItem(name(key)))
    return value !== null && valid(value) ? value : fallback
  } catch {
    return fallback
  }
}

export function write(key, value) {
  try {
    localStorage.setItem(name(key), JSON.stringify(value))
    return true
  } catch {
    return false
  }
}

export function forget(key) {
  try {
    localStorage.removeItem(name(key))
  } catch {
    // there was nothing to forget
  }
}

export function download(file, text, type = "application/json") {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = file
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

// Chapters the reader has read: address from the root of the site -> day.
const isRead = value => value && typeof value === "object" && !Array.isArray(value) && Object.values(value).every(day => typeof day === "string")
export const readChapters = () => read("chapters", {}, isRead)

export function markChapter(url, day) {
  const chapters = readChapters()
  if (day) chapters[url] = day
  else delete chapters[url]
  return write("chapters", chapters)
}

// All that is kept, as one record: key -> text; and back again, in the place of all that was kept. False, and nothing is changed, if the record is none or does not fit.
const PREFIX = name("")
const keys = () => Object.keys(localStorage).filter(key => key.startsWith(PREFIX))
export function everything() {
  try {
    return Object.fromEntries(keys().map(key => [key, localStorage.getItem(key)]))
  } catch {
    return {}
  }
}

export function replaceEverything(record) {
  if (!record || typeof record !== "object" || Array.isArray(record) || !Object.entries(record).every(([key, text]) => key.startsWith(PREFIX) && typeof text === "string")) return false
  const before = everything()
  try {
    put(record)
    return true
  } catch {
    try {
      put(before) // what did not fit must not cost what was there
    } catch {
      // storage is denied: there was nothing
    }
    return false
  }
}

function put(record) {
  for (const key of keys()) localStorage.removeItem(key)
  for (const [key, text] of Object.entries(record)) localStorage.setItem(key, text)
}
