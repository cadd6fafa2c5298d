/**
 * Whether a text may become a password: pure decisions over the text, what is known of its owner, and a block list.
 * Lengths count Unicode code points of the NFKC form, which is what is hashed (NIST SP 800-63B-4, OWASP ASVS 5 §6.2).
 */
import type { PasswordPolicy } from '../fields/password-policy.js'
import type { PasswordRules } from '../runtime/capabilities.js'
import type { BlockList } from '../services/block-list.js'

interface Preset {
  minLength: number
  maxLength: number
  /** All four classes of characters are needed. */
  classes: boolean
}

/** `strict`: 12 and four classes. `nist`: 15 and no classes, as SP 800-63B-4 wants a password that stands alone. */
export const presets: Readonly<Record<Exclude<PasswordPolicy, 'filters'>, Preset>> = {
  strict: { minLength: 12, maxLength: 128, classes: true },
  nist: { minLength: 15, maxLength: 128, classes: false },
}

const classes: readonly { name: string; has: RegExp }[] = [
  { name: 'a lower-case letter', has: /\p{Ll}/u },
  { name: 'an upper-case letter', has: /[\p{Lu}\p{Lt}]/u },
  { name: 'a digit', has: /\p{Nd}/u },
  { name: 'a symbol', has: /[^\p{L}\p{N}\p{M}\s]/u },
]

/** Shorter ones would forbid too much: "al" is part of "always". */
const minWordLength = 4

/** Why the text may not become a password, to follow `Input "password" …`; null when it may. */
export function judgePassword(text: string, { policy, words }: PasswordRules, blocked: BlockList): string | null {
  if (!isWellFormed(text)) return 'contains characters that are not valid text.'
  const password = text.normalize('NFKC')
  if (policy !== 'filters') {
    const problem = judgePreset(password, presets[policy], words)
    if (problem !== null) return problem
  }
  return isCommon(password, blocked) || (policy !== 'filters' && isPattern(password, blocked)) ? 'is a commonly used password. Choose another one.' : null
}

function judgePreset(password: string, { minLength, maxLength, classes: needsClasses }: Preset, words: readonly string[]): string | null {
  const { length } = [...password]
  if (length < minLength) return `must have at least ${minLength} characters.`
  if (length > maxLength) return `must have at most ${maxLength} characters.`
  const missing = needsClasses ? classes.filter(({ has }) => !has.test(password)).map(({ name }) => name) : []
  if (missing.length > 0) return `must contain ${missing.join(', ')}.`
  return containsWord(password, words) ? 'must not contain your name, your e-mail address or the name of this app.' : null
}

function containsWord(password: string, words: readonly string[]): boolean {
  const folded = fold(password)
  return words.some((word) => [...word].length >= minWordLength && folded.includes(fold(word)))
}

/** One unit again and again, or the keys in a row: `Abc1Abc1Abc1`, `123456789012345`. */
function isPattern(password: string, blocked: BlockList): boolean {
  const chars = [...password]
  const period = chars.findIndex((_, size) => size > 0 && chars.every((char, i) => char === chars[i % size]))
  if (period > 0 && (period <= 4 || isCommon(chars.slice(0, period).join(''), blocked))) return true
  const steps = chars.slice(1).map((char, i) => (char.codePointAt(0) ?? 0) - (chars[i]?.codePointAt(0) ?? 0))
  return steps.length > 2 && [1, -1].some((step) => steps.every((taken) => taken === step || taken === -9 * step))
}

/** On a list as it is or with its usual disguises undone; on the shorter one also with nothing but digits and symbols put around it. */
function isCommon(password: string, blocked: BlockList): boolean {
  if (blocked.isBreached(password) || blocked.isBreached(plain(password))) return true
  const head = password.replace(/\P{L}+$/u, '')
  const core = head.replace(/^\P{L}+/u, '')
  return [password, plain(password), plain(head), core, plain(core)].some((form) => form !== '' && blocked.has(form))
}

const disguises: Readonly<Record<string, string>> = { '@': 'a', '4': 'a', '3': 'e', '1': 'i', '!': 'i', '0': 'o', $: 's', '5': 's', '7': 't' }
const plain = (text: string): string => text.replace(/[@431!0$57]/g, (char) => disguises[char] ?? char)
const fold = (text: string): string => text.normalize('NFKC').toLowerCase()
/** A lone half of a surrogate pair is hashed as a replacement character, like any other: two passwords would be one. */
const isWellFormed = (text: string): boolean => !/\p{Cs}/u.test(text)
