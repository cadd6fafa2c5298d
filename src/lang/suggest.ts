/** Did-you-mean: the known name nearest to an unknown one. */

/** The nearest of the candidates, or undefined when none is near enough (a third of the length, at most 3 edits). */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  const limit = Math.min(3, Math.max(1, Math.floor(wanted.length / 3)))
  let best: string | undefined
  let bestDistance = limit + 1
  for (const candidate of candidates) {
    if (candidate === name) continue
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance - 1)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best ?? sameWords(wanted, candidates)
}

/** A hint sentence with the suggestion, or undefined. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const near = suggest(name, candidates)
  return near === undefined ? undefined : `Did you mean \`${near}\`?`
}

/** Damerau-Levenshtein distance (adjacent transpositions count once); `limit + 1` as soon as it must be larger. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let smallest = i
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (beforePrevious[j - 2] ?? 0) + 1)
      row.push(cost)
      if (cost < smallest) smallest = cost
    }
    if (smallest > limit) return limit + 1
    beforePrevious = previous
    previous = row
  }
  return previous[b.length] ?? limit + 1
}

/** `query.db` or `toLower` for `db.query` and `to_lower`: the same letters under another spelling. */
function sameWords(wanted: string, candidates: Iterable<string>): string | undefined {
  if (wanted.length > 60) return undefined
  const key = wordKey(wanted)
  for (const candidate of candidates) if (wordKey(candidate.toLowerCase()) === key) return candidate
  return undefined
}

const wordKey = (name: string): string => (name.includes('.') ? name.split('.').sort().join('') : name).replace(/[_-]/g, '')
