/** The value an error is about, for the builder's eyes, and how it is kept from telling a secret. */
import { AppError } from '../errors.js'
import { isList, isObj, type Value } from '../lib/value.js'
import { shown, toText } from './convert.js'
import { ThrownError } from './thrown.js'

const hidden = '(hidden)'

/** The error, about this value when nothing nearer to the cause has named one. */
export function blame(error: unknown, value: Value): unknown {
  if (error instanceof AppError && error.kind === 'fatal' && error.value === undefined && error.errorName !== 'LimitError') error.value = shown(value)
  return error
}

/** Which names hold secrets: inputs of the program, columns of the workspace. */
export interface SensitiveNames {
  readonly inputs: ReadonlySet<string>
  readonly columns: ReadonlySet<string>
}

/** Hides every secret that the inputs and variables hold in what the error says of its own accord; texts a builder chose stay. */
export function hideSecrets(error: AppError, names: SensitiveNames, input: ReadonlyMap<string, Value>, variables: Iterable<Value | undefined>): AppError {
  if (error.kind !== 'fatal' || error instanceof ThrownError || error.position?.statement === 'precondition') return error
  if (names.inputs.size === 0 && names.columns.size === 0) return error
  const secrets = new Set<string>()
  for (const [name, value] of input) if (names.inputs.has(name)) collect(value, secrets)
  if (names.columns.size > 0) for (const value of variables) if (value !== undefined) search(value, names.columns, secrets)
  if (error.value !== undefined) error.value = hideValue(error.value, secrets)
  error.message = hideIn(error.message, secrets)
  if (error.detail !== undefined) error.detail = hideIn(error.detail, secrets)
  return error
}

const visitedAtMost = 5_000

function search(root: Value, columns: ReadonlySet<string>, secrets: Set<string>): void {
  const open: Value[] = [root]
  for (let visited = 0; open.length > 0 && visited < visitedAtMost; visited++) {
    const value = open.pop() ?? null
    if (isList(value)) open.push(...value.slice(0, visitedAtMost))
    else if (isObj(value))
      for (const [key, member] of value) {
        if (columns.has(key)) collect(member, secrets)
        else if (typeof member === 'object') open.push(member)
      }
  }
}

/** Scalars of a value as text; whole containers too. */
function collect(value: Value, secrets: Set<string>): void {
  if (value === null || value === '' || typeof value === 'boolean') return
  secrets.add(toText(value))
  if (isList(value)) for (const item of value) collect(item, secrets)
  else if (isObj(value)) for (const member of value.values()) collect(member, secrets)
}

/** Shorter texts occur anywhere. */
const shortestHidden = 3

function hideIn(text: string, secrets: ReadonlySet<string>): string {
  let out = text
  for (const secret of secrets) if (secret.length >= shortestHidden) out = out.replaceAll(secret, hidden)
  return out
}

function hideValue(value: unknown, secrets: ReadonlySet<string>): unknown {
  const text = String(value)
  const cut = text.endsWith('…') ? text.slice(0, -1) : null
  for (const secret of secrets) {
    if (text === secret || (secret.length >= shortestHidden && text.includes(secret))) return hidden
    if (cut !== null && secret.startsWith(cut)) return hidden
  }
  return value
}
