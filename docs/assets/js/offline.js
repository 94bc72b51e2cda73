// Keeps the site on the device for reading without a network, when asked.

import { button, make, root } from "./practice-data.js"

const place = document.querySelector("#offline")
const told = make("output")
const keep = button("Keep the site on this device", save)

async function save() {
  keep.disabled = true
  try {
    await navigator.serviceWorker.register(new URL("sw.js", root))
    const { active } = await navigator.serviceWorker.ready
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }) => {
      if (data.all) told.value = `${data.done} of ${data.all} files`
      if (data.kept) told.value = "Kept. It opens without a network now, search included."
      if (data.failed) told.value = `Not kept (${data.failed}); what was kept before is as it was. Try again.`
      keep.disabled = !(data.kept || data.failed)
    }
    active.postMessage({ keep: true }, [port2])
  } catch (error) {
    told.value = `Your browser refuses to keep it (${error.message}).`
    keep.disabled = false
  }
}

async function forget() {
  for (const name of await caches.keys()) if (name.startsWith("field-guide-")) await caches.delete(name)
  const registration = await navigator.serviceWorker.getRegistration(root)
  await registration?.unregister()
  told.value = "The kept copy is deleted."
}

const list = "serviceWorker" in navigator && window.isSecureContext ? await fetch(new URL("offline.json", root)).catch(() => null) : null
if (list?.ok) {
  const { bytes } = await list.json()
  place.replaceChildren(make("p", {}, keep, " ", button("Delete the copy", forget)), make("p", {}, `About ${Math.round(bytes / 1e6)} MB, without the PDFs. What you read online stays up to date all the same.`), make("p", { role: "status" }, told))
}
