// The clock of a mock interview, and when the interviewer interrupts. Pure functions of the guide's data.

const RANK = { mid: 0, senior: 1, staff: 2 }
const INTERRUPTIONS = { 35: 3, 45: 4, 60: 6 }

// budget: [{phase, minutes}] -> [{phase, from, to}] in seconds
export function phasesOf(budget) {
  let at = 0
  return budget.map(({ phase, minutes }) => ({ phase, from: at, to: (at += minutes * 60) }))
}

export const phaseAt = (phases, second) => phases.find(phase => second < phase.to) ?? phases.at(-1)

// Which follow-ups interrupt, and at which second: questions up to the candidate's level, one a step as far as they go, in the middle or late part of their step.
// chance: a function like Math.random.
export function interruptions(followUps, level, length, phases, chance) {
  const rest = followUps.filter(question => RANK[question.level] <= RANK[level]).map(question => ({ question, order: chance() })).sort((a, b) => a.order - b.order).map(item => item.question)
  const chosen = []
  while (chosen.length < INTERRUPTIONS[length] && rest.length) {
    const fresh = rest.findIndex(question => !chosen.some(other => other.step === question.step))
    chosen.push(...rest.splice(Math.max(fresh, 0), 1))
  }
  const planned = chosen.map(question => {
    const { from, to } = phases.find(({ phase }) => phase === question.step)
    return { id: question.id, at: Math.round(from + (to - from) * (0.4 + 0.5 * chance())) }
  })
  return planned.sort((a, b) => a.at - b.at)
}

export const clock = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`

// The rule of "What is graded", as far as six grades decide it. grades: signal -> strong no, no, yes, strong yes
const WORTH = { "strong no": 1, no: 2, yes: 3, "strong yes": 4 }
export const mean = grades => Object.values(grades).reduce((sum, grade) => sum + WORTH[grade], 0) / Object.values(grades).length
export function verdict(grades) {
  const of = grade => Object.keys(grades).filter(signal => grades[signal] === grade)
  if (of("strong no").length) return `No at this level: a strong no in ${of("strong no").join(" and ")} ends it, whatever the rest.`
  if (of("no").length) return `Mean ${mean(grades).toFixed(1)}, with a no in ${of("no").join(" and ")}: unless a strong yes outweighs it, read one column to the left.`
  return `Yes at this level, mean ${mean(grades).toFixed(1)}. Now read the column to the right.`
}
