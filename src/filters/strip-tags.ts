/** Removes HTML tags in one pass over the text. */

/** Names of the tags in a list such as `<b><i>`. */
const tagNames = (allowed: string): Set<string> => new Set(allowed.toLowerCase().match(/[a-z][a-z0-9-]*/g) ?? [])

/** Where the tag that opens at `open` ends, past its `>`; the end of the text when it never closes. `>` in quotes does not count; a `<` nests. */
function tagEnd(text: string, open: number): number {
  let depth = 0
  let quote = ''
  for (let at = open; at < text.length; at++) {
    const character = text[at] as string
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '<') depth++
    else if (character === '>') {
      depth--
      if (depth === 0) return at + 1
    } else if ((character === '"' || character === "'") && depth > 0) quote = character
  }
  return text.length
}

function commentEnd(text: string, open: number): number {
  const end = text.indexOf('-->', open + 4)
  return end < 0 ? text.length : end + 3
}

const startsTag = /^<[a-zA-Z/!?]/
const tagName = /^<\/?([a-zA-Z][a-zA-Z0-9-]*)/

/** Text without tags and comments, except tags whose name is in `allowed` (`<b><i>`). A `<` before a blank is text. */
export function stripTags(text: string, allowed: string): string {
  const keep = tagNames(allowed)
  let out = ''
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('<', at)
    if (open < 0) return out + text.slice(at)
    out += text.slice(at, open)
    if (!startsTag.test(text.slice(open, open + 2))) {
      out += '<'
      at = open + 1
      continue
    }
    at = text.startsWith('<!--', open) ? commentEnd(text, open) : tagEnd(text, open)
    const name = tagName.exec(text.slice(open, open + 64))?.[1]?.toLowerCase()
    if (name !== undefined && keep.has(name)) out += text.slice(open, at)
  }
  return out
}
