/** IP addresses to places, from a CSV file of networks; see docs/configuration.md. */
import { readFileSync } from 'node:fs'
import { AppError } from '../errors.js'
import { type Obj, obj, type Value } from '../lib/value.js'
import type { Places } from '../runtime/capabilities.js'

/** Knows no address: what a server without a table uses. */
export const noPlaces: Places = { find: () => null }

interface Range {
  first: bigint
  last: bigint
  row: readonly string[]
  /** The narrowest other network around it; -1 when there is none. */
  parent: number
}

const numeric = new Set(['latitude', 'longitude', 'radius'])

/** Columns of a place, by object. A column of the file is named `country_code`, `city_name`, `latitude` …; all are optional. */
const shape: readonly (readonly [member: string, columns: readonly (readonly [name: string, column: string])[]])[] = [
  [
    'continent',
    [
      ['code', 'continent_code'],
      ['name', 'continent_name'],
    ],
  ],
  [
    'country',
    [
      ['code', 'country_code'],
      ['name', 'country_name'],
    ],
  ],
  [
    'region',
    [
      ['code', 'region_code'],
      ['name', 'region_name'],
    ],
  ],
  ['city', [['name', 'city_name']]],
  ['postal', [['code', 'postal_code']]],
  [
    'location',
    [
      ['latitude', 'latitude'],
      ['longitude', 'longitude'],
      ['tz', 'tz'],
      ['radius', 'radius'],
    ],
  ],
]

/** Reads the whole file. The first line names the columns, `network` (CIDR) among them. Throws AppError `fatal` naming the line that is wrong. */
export function loadPlaces(path: string): Places {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new AppError('fatal', `STACKHOLD_GEOIP names a file that cannot be read: ${path}`, { cause, hint: 'Correct the path, or leave the setting out.' })
  }
  return parsePlaces(text, path)
}

/** The same from text; `name` is for messages. */
export function parsePlaces(text: string, name = 'geoip'): Places {
  const [head = '', ...lines] = text.split(/\r?\n/)
  const columns = splitCsv(head).map((column) => column.trim().toLowerCase())
  const at = columns.indexOf('network')
  if (at < 0)
    throw new AppError('fatal', `${name}: the first line names no column "network".`, {
      hint: 'The file is CSV: network,country_code,country_name,city_name,latitude,longitude …',
    })
  const ranges: Record<4 | 6, Range[]> = { 4: [], 6: [] }
  lines.forEach((line, i) => {
    if (line.trim() === '') return
    const row = splitCsv(line)
    const range = rangeOf(row[at] ?? '')
    if (range === null)
      throw new AppError('fatal', `${name}: line ${i + 2} has no network: ${row[at] ?? ''}`, { hint: 'Write it as 203.0.113.0/24 or 2001:db8::/32.' })
    ranges[range.family].push({ first: range.first, last: range.last, row, parent: -1 })
  })
  for (const list of Object.values(ranges)) nest(list)
  return { find: (address) => find(ranges, columns, address) }
}

/** Sorts by start, wider networks first, and links each to the one around it. */
function nest(list: Range[]): void {
  list.sort((a, b) => (a.first === b.first ? Number(b.last > a.last) - Number(b.last < a.last) : a.first < b.first ? -1 : 1))
  const open: number[] = []
  list.forEach((range, i) => {
    while (open.length > 0 && (list[open.at(-1) as number] as Range).last < range.first) open.pop()
    range.parent = open.at(-1) ?? -1
    open.push(i)
  })
}

function find(ranges: Record<4 | 6, Range[]>, columns: readonly string[], address: string): Obj | null {
  const plain = address.trim().replace(/^::ffff:(?=\d+\.)/i, '')
  const family = familyOf(plain)
  if (family === null) return null
  const number = toNumber(plain, family)
  const list = ranges[family]
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle] as Range).first <= number) low = middle + 1
    else high = middle
  }
  for (let i = low - 1; i >= 0; i = (list[i] as Range).parent) {
    const range = list[i] as Range
    if (range.last >= number) return placeOf(columns, range.row)
  }
  return null
}

const placeOf = (columns: readonly string[], row: readonly string[]): Obj =>
  obj(shape.map(([member, parts]) => [member, obj(parts.map(([name, column]) => [name, cell(columns, row, column)]))]))

function cell(columns: readonly string[], row: readonly string[], column: string): Value {
  const text = row[columns.indexOf(column)] ?? ''
  if (text === '') return null
  return numeric.has(column) ? Number(text) : text
}

function rangeOf(network: string): { family: 4 | 6; first: bigint; last: bigint } | null {
  const [address = '', prefix] = network.trim().split('/')
  const family = familyOf(address)
  if (family === null) return null
  const bits = family === 4 ? 32 : 128
  const length = prefix === undefined ? bits : Number(prefix)
  if (!Number.isInteger(length) || length < 0 || length > bits) return null
  const host = (1n << BigInt(bits - length)) - 1n
  const first = toNumber(address, family) & ~host
  return { family, first, last: first | host }
}

function familyOf(address: string): 4 | 6 | null {
  if (/^(\d{1,3}\.){3}\d{1,3}$/.test(address)) return address.split('.').every((part) => Number(part) <= 255) ? 4 : null
  return /^[0-9a-f:.]+$/i.test(address) && URL.canParse(`http://[${address}]`) ? 6 : null
}

function toNumber(address: string, family: 4 | 6): bigint {
  if (family === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
  const [head = '', tail] = address.split('::')
  const words = (text: string): string[] => (text === '' ? [] : text.split(':').flatMap((word) => (word.includes('.') ? mapped(word) : [word])))
  const [left, right] = [words(head), words(tail ?? '')]
  const zeros = new Array<string>(tail === undefined ? 0 : 8 - left.length - right.length).fill('0')
  return [...left, ...zeros, ...right].reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n)
}

/** The dotted end of an IPv6 address as two words. */
function mapped(dotted: string): string[] {
  const number = toNumber(dotted, 4)
  return [(number >> 16n).toString(16), (number & 0xffffn).toString(16)]
}

/** One line of CSV; quotes may hold commas and doubled quotes. */
const splitCsv = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, bare]) => (quoted === undefined ? (bare ?? '') : quoted.replaceAll('""', '"')))
