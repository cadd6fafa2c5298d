/** Takes secrets out of what is kept of a request: by name, by form, and wherever a secret that was named occurs again. */
import { isBinary, isList, isNumber, isObj, type Obj, type Value } from '../lib/value.js'

export const masked = '(masked)'

/** Names that hold secrets whoever chose them. */
const secretName =
  /pass(?:word|phrase|wd|code)|^pass$|^pwd$|secret|token|authorization|api[-_]?key|private[-_]?key|access[-_]?key|cookie|credential|session|signature|otp$|totp|recovery[-_]?codes?|^pin$|cvv|cvc|card[-_]?number|^iban$|^ssn$/i
/** Admin tokens and password hashes. Each looks at a text once: whoever writes it shall not choose how long that takes. */
const secretForms = /shk_[A-Za-z0-9_-]{20,}|\$(?:argon2(?:id|i|d)|2[aby])\$[^\s"']{20,}/g
/** Where a JWE or JWT may be: its header is JSON, so it begins with `eyJ`. */
const tokenRun = /[A-Za-z0-9_.-]{24,}/g
/** More than that is somebody who wants the masking to take long. */
const mostLearned = 50
/** Shorter texts occur anywhere. */
const shortestSecret = 4

export interface Redactor {
  /** A copy without secrets; values deeper than 32 levels are left out. */
  value(value: Value): Value
  /** A URL, a message, the value of a header. */
  text(text: string): string
  /** `Name: value` lines of a flat list of headers. */
  headers(flat: readonly string[]): string[]
}

/** `names` are those that builders marked. Learns secrets from what it is given first: begin with the input. */
export function createRedactor(names: ReadonlySet<string>): Redactor {
  const learned = new Set<string>()
  const isSecret = (name: string): boolean => names.has(name) || secretName.test(name)

  const learn = (value: Value): void => {
    if (typeof value === 'string' || isNumber(value)) {
      const text = String(value)
      if (learned.size <= mostLearned && text.length >= shortestSecret) for (const spelling of new Set([text, encoded(text)])) learned.add(spelling)
    } else if (isList(value)) for (const item of value) learn(item)
    else if (isObj(value)) for (const member of value.values()) learn(member)
  }
  const redactText = (text: string): string => {
    if (learned.size > mostLearned) return masked
    let out = text.replace(secretForms, masked).replace(tokenRun, hideToken)
    for (const secret of learned) out = out.replaceAll(secret, masked)
    return out
  }
  const redact = (value: Value, depth: number): Value => {
    if (typeof value === 'string') return redactText(value)
    if (isNumber(value)) return learned.has(String(value)) ? masked : value
    if (typeof value !== 'object' || value === null) return value
    if (depth > 32) return masked
    if (isList(value)) return value.map((item) => redact(item, depth + 1))
    if (isBinary(value)) return `(${value.length} bytes)`
    if (!isObj(value)) return null
    const out: Obj = new Map()
    for (const [name, member] of value) out.set(name, isSecret(name) && hasContent(member) ? masked : redact(member, depth + 1))
    return out
  }
  const learnFrom = (value: Value, depth: number): void => {
    if (depth > 32) return
    if (isList(value)) for (const item of value) learnFrom(item, depth + 1)
    else if (isObj(value)) for (const [name, member] of value) isSecret(name) ? learn(member) : learnFrom(member, depth + 1)
  }

  return {
    value(value) {
      learnFrom(value, 0)
      return redact(value, 0)
    },
    text: (text) =>
      redactText(text).replace(/([?&])([^=&#?]*)=([^&#]*)/g, (whole, start: string, name: string) =>
        isSecret(decoded(name)) ? `${start}${name}=${masked}` : whole,
      ),
    headers(flat) {
      const lines: string[] = []
      for (let i = 0; i + 1 < flat.length; i += 2) lines.push(`${flat[i]}: ${isSecret(flat[i] ?? '') ? masked : redactText(flat[i + 1] ?? '')}`)
      return lines
    },
  }
}

/** Three to five parts after the header's beginning. */
function hideToken(run: string): string {
  const at = run.indexOf('eyJ')
  return at >= 0 && run.slice(at).split('.').length >= 3 ? run.slice(0, at) + masked : run
}

const hasContent = (value: Value): boolean => value !== null && value !== '' && value !== false

function encoded(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return text
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
