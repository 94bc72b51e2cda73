// Keeps the whole site on the device when the reader asks for it. The network goes first, so that what is read online is never old; without it, the kept copy answers.

const ROOT = new URL("./", self.location)
const PREFIX = "field-guide-"

self.addEventListener("install", () => self.skipWaiting())
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()))

// {keep: true}: fetches every file of the list and checks it against its hash; the copy before it goes only when all have come. Answers on the port {done, all} and {kept} or {failed}.
self.addEventListener("message", event => {
  if (event.data?.keep) event.waitUntil(keep(event.ports[0]))
})

async function keep(port) {
  let name
  try {
    const { version, files } = await (await fetch(new URL("offline.json", ROOT), { cache: "no-cache" })).json()
    name = PREFIX + version
    const cache = await caches.open(name), paths = Object.keys(files)
    for (let first = 0; first < paths.length; first += 8) {
      await Promise.all(paths.slice(first, first + 8).map(async path => {
        const address = new URL(path, ROOT)
        if (await cache.match(address)) return // kept by an attempt that was cut off
        const response = await fetch(address, { integrity: files[path], cache: "no-cache" })
        if (!response.ok) throw new Error(`${path}: ${response.status}`)
        await cache.put(address, response)
      }))
      port.postMessage({ done: Math.min(first + 8, paths.length), all: paths.length })
    }
    for (const other of await caches.keys()) if (other.startsWith(PREFIX) && other !== name) await caches.delete(other)
    port.postMessage({ kept: version })
  } catch (error) {
    port.postMessage({ failed: String(error.message) })
  }
}

self.addEventListener("fetch", event => {
  const address = new URL(event.request.url)
  if (event.request.method === "GET" && address.href.startsWith(ROOT.href)) event.respondWith(fetch(event.request).catch(error => fromCopy(address, event.request, error)))
})

async function fromCopy(address, request, error) {
  const page = new URL(address.pathname.endsWith("/") ? `${address.pathname}index.html` : address.pathname, address)
  const found = (await caches.match(page)) ?? (request.mode === "navigate" ? await caches.match(new URL("404.html", ROOT)) : undefined)
  if (!found) throw error
  return found
}
