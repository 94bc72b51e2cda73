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
