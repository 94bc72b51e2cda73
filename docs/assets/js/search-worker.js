// Answers Material's search box from Pagefind's index.
//
// The page speaks in messages {type, data}: 0 set up, 1 ready, 2 query, 3 result. A result is
// {items: [[{location, title, text, score, terms}, …sections], …pages]}; titles and texts are HTML.

const ROOT = new URL("../../", self.location)
const PAGES = 8
const [SETUP, READY, QUERY, RESULT] = [0, 1, 2, 3]

let pagefind, vocabulary
let latest = 0
let announce
const announced = new Promise(resolve => announce = resolve) // the page listens for results once we have said we are ready

const escape = text => text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)

function loadPagefind() {
  return pagefind ??= import(new URL("pagefind/pagefind.js", ROOT)).then(async module => {
    await module.options({ baseUrl: ROOT.pathname, ranking: { termSimilarity: 8, pageLength: 0.3, termSaturation: 1.2, metaWeights: { title: 6 } } })
    await module.init()
    return module
  })
}

function loadVocabulary() {
  return vocabulary ??= fetch(new URL("assets/vocabulary.json", ROOT))
    .then(response => response.json())
    .then(({ words, synonyms }) => ({ words: words.split(" "), synonyms }))
}

// Edits between two words (a swap of neighbours counts one); more than `limit` is not measured.
function distance(a, b, limit) {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let beforePrevious, previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], beforePrevious[j - 2] + 1)
    }
    if (Math.min(...row) > limit) return limit + 1
    beforePrevious = previous
    previous = row
  }
  return previous[b.length]
}

// The word itself if some page has a word that starts so, else the nearest word, else null:
// Pagefind would cut an unknown word down until it matches something.
function respell(word, words) {
  if (word.length < 3 || /[^a-z]/.test(word) || words.some(known => known.startsWith(word))) return word
  let best = null, limit = word.length > 7 ? 2 : 1
  for (const known of words) {
    const edits = distance(word, known, limit)
    if (edits <= limit && (best === null || edits < limit)) {
      best = known
      limit = edits
    }
  }
  return best
}

// The sentence around the word at position `at`, with the words found marked. The text is HTML already.
function sentence(raw, at, found) {
  const words = raw.split(/\s+/), end = /[.!?…]$/
  let first = at, last = at
  while (first > 0 && at - first < 18 && !end.test(words[first - 1])) first--
  while (last < words.length - 1 && last - at < 26 && !end.test(words[last])) last++
  return words.slice(first, last + 1)
    .map((word, i) => found.has(first + i) ? `<mark>${word}</mark>` : word)
    .join(" ")
}

function pageItem(data, score, terms) {
  const found = new Set(data.locations)
  const item = (url, title, text, weight) =>
    ({ location: url.replace(ROOT.pathname, "").replace(ROOT.href, ""), title: escape(title), text, score: weight, terms })
  const sections = data.sub_results
    .filter(section => section.anchor && section.anchor.element !== "h1")
    .map(section => {
      const heading = section.anchor.location + section.anchor.text.split(/\s+/).length
      const best = section.weighted_locations
        .filter(place => place.location >= heading)
        .reduce((a, b) => !a || b.balanced_score > a.balanced_score ? b : a, null)
      const weight = section.weighted_locations.reduce((sum, place) => sum + place.balanced_score, 0)
      return { section, weight, text: best ? sentence(data.raw_content, best.location, found) : "" }
    })
    .sort((a, b) => b.weight - a.weight)
  const text = sections[0]?.text || sentence(data.raw_content, data.locations[0] ?? 0, found)
  return [
    item(data.url, data.meta.title, text, score),
    ...sections.map((entry, i) => item(entry.section.url, entry.section.title, entry.text, i < 2 ? score : 0)),
  ]
}

async function search(text) {
  const [module, { words, synonyms }] = await Promise.all([loadPagefind(), loadVocabulary()])
  const terms = {}
  const query = text.toLowerCase().trim().split(/\s+/).filter(Boolean)
    .map(word => {
      const known = respell(word, words)
      terms[word] = known === word
      if (known) terms[known] = true
      return known
    })
    .filter(Boolean).join(" ")
  if (!query) return { items: [] }
  const results = (await module.search(query)).results
  if (synonyms[query]) {
    const seen = new Set(results.map(result => result.id))
    results.push(...(await module.search(synonyms[query])).results.filter(result => !seen.has(result.id)))
  }
  const items = results.slice(0, PAGES)
    .map(async (result, i) => pageItem(await result.data(), PAGES - i + 1, terms))
  return { items: await Promise.all(items) }
}

self.onmessage = async ({ data: { type, data } }) => {
  if (type === SETUP) {
    self.postMessage({ type: READY })
    return announce()
  }
  if (type !== QUERY) return
  const mine = ++latest
  await announced
  await new Promise(resolve => setTimeout(resolve, 120)) // let the reader finish the word
  if (mine !== latest) return
  let answer = { items: [] }
  try {
    if (data) answer = await search(data)
  } catch (error) {
    console.error("search:", error)
    pagefind = vocabulary = undefined // try again with the next query
  }
  if (mine === latest) self.postMessage({ type: RESULT, data: answer })
}
