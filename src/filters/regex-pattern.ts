/** Delimited patterns as PHP writes them (`/ab+/i`), for an engine whose time is linear in the text. */
import { RE2JS } from 're2js'
import { fatal } from '../errors.js'
import { Cache } from '../runtime/cache.js'

const compiled = new Cache<string, RE2JS>(500)
const maxPatternLength = 10_000

interface Pattern {
  source: string
  flags: string
}

/** `/…/flags`; the other delimiters PHP programs use are # ~ % @ ! and braces. */
function parseDelimited(text: string): Pattern | null {
  const open = text[0] ?? ''
  const close = open === '{' ? '}' : open
  if (!'/#~%@!{'.includes(open) || open === '') return null
  const end = text.lastIndexOf(close)
  const flags = text.slice(end + 1)
  return end > 0 && /^[imsxuUADXSJg]*$/.test(flags) ? { source: text.slice(1, end), flags } : null
}

/** Whether a text is a pattern with delimiters. */
export const isDelimited = (text: string): boolean => parseDelimited(text) !== null

/** Whether a text has signs that only a pattern would have. */
export const looksLikePattern = (text: string): boolean => /[\\^$*+?[\](){}|]/.test(text)

const escapes: Record<string, string> = { h: '[ \\t]', H: '[^ \\t]', R: '(?:\\r\\n|\\n|\\r)', Z: '\\n?\\z', e: '\\x1b' }
/** An escape, a character class, a comment or blank of the x flag, or any other character. */
const patternPart = /\\(.)|(\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\])|(\s+|#[^\n]*)|./gsu

/** Spells what the engine spells differently; with the x flag, drops white space and comments. */
function translate(source: string, extended: boolean): string {
  return source.replace(patternPart, (whole: string, escaped?: string, _class?: string, blank?: string) => {
    if (escaped !== undefined) return escapes[escaped] ?? whole
    return blank !== undefined && extended ? '' : whole
  })
}

function compile({ source, flags }: Pattern): RE2JS {
  let mode = RE2JS.LOOKBEHINDS
  if (flags.includes('i')) mode |= RE2JS.CASE_INSENSITIVE
  if (flags.includes('m')) mode |= RE2JS.MULTILINE
  if (flags.includes('s')) mode |= RE2JS.DOTALL
  const body = translate(source, flags.includes('x'))
  const anchored = flags.includes('A') ? `\\A(?:${body})` : body
  return RE2JS.compile(flags.includes('U') ? `(?U)${anchored}` : anchored, mode)
}

/** The pattern of a text, with or without delimiters. Throws AppError when the engine cannot run it. */
export function patternOf(filter: string, text: string): RE2JS {
  const known = compiled.get(text)
  if (known) return known
  if (text.length > maxPatternLength) throw fatal(`Filter "${filter}": the pattern is longer than ${maxPatternLength} characters.`)
  try {
    const pattern = compile(parseDelimited(text) ?? { source: text, flags: '' })
    compiled.set(text, pattern)
    return pattern
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw fatal(`Filter "${filter}": invalid pattern ${JSON.stringify(text.slice(0, 200))}: ${reason}`, {
      hint: 'Patterns run in linear time: lookahead, back-references and possessive quantifiers are not possible.',
      cause: error,
    })
  }
}
