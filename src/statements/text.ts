/** Changing and searching text. */
import { fatal } from '../errors.js'
import { isBinary, unmarked, type Value } from '../lib/value.js'
import { toText, typeName } from '../runtime/convert.js'
import type { ArgumentSpec, StatementSpec } from '../runtime/define.js'
import { concat } from '../runtime/operators.js'

const group = 'text'

function textOf(name: string, value: Value): string {
  if (value !== null && typeof unmarked(value) === 'object' && !isBinary(value)) throw fatal(`${name} needs text, not ${typeName(value)}.`)
  return toText(value)
}

function changing(name: string, summary: string, value: ArgumentSpec, change: (text: Value, value: Value) => Value): StatementSpec {
  return {
    name,
    group,
    summary,
    head: { kind: 'variable', summary: 'The text that changes.' },
    args: { value },
    examples: [`${name} $s { value = "x" }`],
    compile(step) {
      const place = step.place()
      const read = step.value('value')
      return { async: false, run: (frame) => void place.write(frame, change(place.read(frame), read(frame))) }
    },
  }
}

const piece: ArgumentSpec = { type: 'text', summary: 'The text to add.', required: true }
const characters: ArgumentSpec = { type: 'text', summary: 'Characters to strip; white space when absent.' }

/** The text without the characters at its start, its end or both. */
function strip(text: string, set: string | null, start: boolean, end: boolean): string {
  const chars = [...text]
  const strips = set === null || set === '' ? (char: string) => /[\s\0]/.test(char) : (char: string) => set.includes(char)
  let from = 0
  let to = chars.length
  while (start && from < to && strips(chars[from] ?? '')) from++
  while (end && to > from && strips(chars[to - 1] ?? '')) to--
  return chars.slice(from, to).join('')
}

function trimming(name: string, summary: string, start: boolean, end: boolean): StatementSpec {
  return changing(name, summary, characters, (text, value) => strip(textOf(name, text), value === null ? null : toText(value), start, end))
}

function searching(name: string, summary: string, matches: (text: string, value: string) => boolean, ignoresCase: boolean): StatementSpec {
  const fold = (text: string): string => (ignoresCase ? text.toLowerCase() : text)
  return {
    name,
    group,
    summary,
    head: { kind: 'subject', summary: 'The text searched.' },
    args: { value: { type: 'text', summary: 'The text looked for.', required: true } },
    result: 'A bool.',
    examples: [`${name} $s { value = "x" } as $found`],
    compile(step) {
      const [read, readValue] = [step.head(), step.value('value')]
      return { async: false, run: (frame) => void step.store(frame, matches(fold(textOf(name, read(frame))), fold(toText(readValue(frame))))) }
    },
  }
}

export const textStatements = [
  changing('text.append', 'Adds text at the end.', piece, (text, value) => concat(text, value)),
  changing('text.prepend', 'Adds text at the start.', piece, (text, value) => concat(value, text)),
  trimming('text.trim', 'Strips characters at both ends.', true, true),
  trimming('text.ltrim', 'Strips characters at the start.', true, false),
  trimming('text.rtrim', 'Strips characters at the end.', false, true),
  searching('text.contains', 'Whether the text contains another.', (text, value) => text.includes(value), false),
  searching('text.icontains', 'Whether the text contains another, case ignored.', (text, value) => text.includes(value), true),
  searching('text.starts_with', 'Whether the text starts with another.', (text, value) => text.startsWith(value), false),
  searching('text.istarts_with', 'Whether the text starts with another, case ignored.', (text, value) => text.startsWith(value), true),
  searching('text.ends_with', 'Whether the text ends with another.', (text, value) => text.endsWith(value), false),
  searching('text.iends_with', 'Whether the text ends with another, case ignored.', (text, value) => text.endsWith(value), true),
]
