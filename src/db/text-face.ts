/** How the text that Postgres sends of a value becomes JSON text without becoming a value in between. */
import { stringify } from '../runtime/serialize.js'
import { parseTimestamp } from './type-parsers.js'

export interface TextFace {
  write(text: string): string
  /** Postgres's own text is no JSON (an array): ask for `to_json` of it. */
  toJson?: true
}

const asIs = (text: string): string => text
/** NaN and infinities are null, as everywhere. */
const number = (text: string): string => {
  const last = text.charCodeAt(text.length - 1)
  return last >= 48 && last <= 57 ? text : 'null'
}
/** `6.00` is 6. */
function decimal(text: string): string {
  if (text.charCodeAt(text.length - 1) !== 48 || !text.includes('.')) return number(text)
  return text.replace(/\.?0+$/, '')
}
const bool = (text: string): string => (text === 't' ? 'true' : 'false')
const timestamp = (text: string): string => number(String(parseTimestamp(text)))

const scalars: ReadonlyMap<string, TextFace> = new Map([
  ['int', { write: number }],
  ['decimal', { write: decimal }],
  ['bool', { write: bool }],
  ['timestamp', { write: timestamp }],
  ...['text', 'email', 'password', 'enum', 'uuid', 'date'].map((type): [string, TextFace] => [type, { write: stringify }]),
])

/** The face of a column or a computed member; none for what only its codec can read. `sqlType` is unknown of computed ones. */
export function textFace({ type, list, sqlType }: { type: string; list: boolean; sqlType?: string }): { text?: TextFace } {
  // Lists of instants are lists of epoch ms to us.
  if (list && type === 'timestamp') return {}
  const scalar = list ? undefined : scalars.get(type)
  if (scalar !== undefined) return { text: scalar }
  if (sqlType === 'jsonb') return { text: { write: asIs } }
  return sqlType === undefined || sqlType.endsWith('[]') ? { text: { write: asIs, toJson: true } } : {}
}
