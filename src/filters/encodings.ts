/** Character encodings: bytes to text by the decoders of the platform, text to bytes by their tables turned round. */

/** Canonical names as PHP spells them, with the label of the platform's decoder. */
const singleByte: Record<string, string> = {
  'ISO-8859-2': 'iso-8859-2',
  'ISO-8859-3': 'iso-8859-3',
  'ISO-8859-4': 'iso-8859-4',
  'ISO-8859-5': 'iso-8859-5',
  'ISO-8859-6': 'iso-8859-6',
  'ISO-8859-7': 'iso-8859-7',
  'ISO-8859-8': 'iso-8859-8',
  'ISO-8859-9': 'windows-1254',
  'ISO-8859-10': 'iso-8859-10',
  'ISO-8859-13': 'iso-8859-13',
  'ISO-8859-14': 'iso-8859-14',
  'ISO-8859-15': 'iso-8859-15',
  'Windows-1250': 'windows-1250',
  'Windows-1251': 'windows-1251',
  'Windows-1252': 'windows-1252',
  'Windows-1253': 'windows-1253',
  'Windows-1254': 'windows-1254',
  'Windows-1255': 'windows-1255',
  'Windows-1256': 'windows-1256',
  'Windows-1257': 'windows-1257',
  'Windows-1258': 'windows-1258',
  'KOI8-R': 'koi8-r',
  'KOI8-U': 'koi8-u',
  CP866: 'ibm866',
}
const doubleByte: Record<string, string> = { SJIS: 'shift_jis', 'EUC-JP': 'euc-jp', 'EUC-KR': 'euc-kr', 'BIG-5': 'big5', GBK: 'gbk' }

const aliases: Record<string, string> = {
  UTF8: 'UTF-8',
  LATIN1: 'ISO-8859-1',
  'LATIN-1': 'ISO-8859-1',
  'US-ASCII': 'ASCII',
  'UTF-16': 'UTF-16BE',
  'UTF-32': 'UTF-32BE',
  SHIFT_JIS: 'SJIS',
  'SHIFT-JIS': 'SJIS',
  BIG5: 'BIG-5',
  GB2312: 'GBK',
  IBM866: 'CP866',
}

export interface Encoding {
  decode(bytes: Uint8Array): string
  /** Characters the encoding lacks become `?`. */
  encode(text: string): Uint8Array
}

const questionMark = 0x3f

/** Encodings whose bytes are the first code points. */
const codePointBytes = (limit: number): Encoding => ({
  decode: (bytes) => Array.from(bytes, (byte) => (byte < limit ? String.fromCharCode(byte) : '?')).join(''),
  encode: (text) => Uint8Array.from(Array.from(text), (character) => byteBelow(limit, character)),
})
function byteBelow(limit: number, character: string): number {
  const code = character.codePointAt(0) ?? questionMark
  return code < limit ? code : questionMark
}

/** Encodings of 2 or 4 bytes a unit. */
const wide = (size: 2 | 4, littleEndian: boolean): Encoding => ({
  decode(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let out = ''
    for (let at = 0; at + size <= bytes.length; at += size) {
      const code = size === 2 ? view.getUint16(at, littleEndian) : view.getUint32(at, littleEndian)
      out += size === 2 ? String.fromCharCode(code) : code <= 0x10ffff ? String.fromCodePoint(code) : '?'
    }
    return out.startsWith('\ufeff') ? out.slice(1) : out
  },
  encode(text) {
    const units =
      size === 2
        ? Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))
        : Array.from(text, (character) => character.codePointAt(0) ?? questionMark)
    const view = new DataView(new ArrayBuffer(units.length * size))
    units.forEach((unit, index) => {
      if (size === 2) view.setUint16(index * 2, unit, littleEndian)
      else view.setUint32(index * 4, unit, littleEndian)
    })
    return new Uint8Array(view.buffer)
  },
})

/** All byte sequences of an encoding and the character each stands for. */
function* sequences(label: string, double: boolean): Generator<[character: string, bytes: number[]]> {
  const decoder = new TextDecoder(label, { fatal: true })
  const read = (bytes: number[]): string | null => {
    try {
      return decoder.decode(Uint8Array.from(bytes))
    } catch {
      return null
    }
  }
  for (let lead = 0; lead < 256; lead++) {
    const single = read([lead])
    if (single !== null) yield [single, [lead]]
    else if (double) {
      for (let trail = 0x40; trail < 256; trail++) {
        const pair = read([lead, trail])
        if (pair !== null && Array.from(pair).length === 1) yield [pair, [lead, trail]]
      }
    }
  }
}

function tableEncoding(name: string, label: string, double: boolean): Encoding {
  // ISO 8859 leaves 80–9F to control characters; the platform reads some of them as Windows does.
  const controls = name.startsWith('ISO-8859')
  const decoder = new TextDecoder(label)
  let table: Map<string, number[]> | undefined
  const bytesOf = (character: string): number[] => {
    if (!table) {
      table = new Map()
      for (const [known, bytes] of sequences(label, double)) if (!table.has(known)) table.set(known, bytes)
    }
    const code = character.codePointAt(0) ?? 0
    if (controls && code >= 0x80 && code < 0xa0) return [code]
    const bytes = table.get(character)
    return bytes === undefined || (controls && bytes[0] !== undefined && bytes[0] >= 0x80 && bytes[0] < 0xa0) ? [questionMark] : bytes
  }
  return {
    decode: (bytes) =>
      controls
        ? Array.from(bytes, (byte) => (byte >= 0x80 && byte < 0xa0 ? String.fromCharCode(byte) : decoder.decode(Uint8Array.of(byte)))).join('')
        : decoder.decode(bytes),
    encode: (text) => Uint8Array.from(Array.from(text).flatMap(bytesOf)),
  }
}

/** Builds of the platform without full language data lack some decoders. */
function hasDecoder(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== ''
  } catch {
    return false
  }
}

const tables = (labels: Record<string, string>, double: boolean): [string, Encoding][] =>
  Object.entries(labels)
    .filter(([, label]) => hasDecoder(label))
    .map(([name, label]) => [name, tableEncoding(name, label, double)])

const encodings = new Map<string, Encoding>([
  ['UTF-8', { decode: (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), encode: (text) => Buffer.from(text, 'utf8') }],
  ['ISO-8859-1', codePointBytes(0x100)],
  ['ASCII', codePointBytes(0x80)],
  ['UTF-16BE', wide(2, false)],
  ['UTF-16LE', wide(2, true)],
  ['UTF-32BE', wide(4, false)],
  ['UTF-32LE', wide(4, true)],
  ...tables(singleByte, false),
  ...tables(doubleByte, true),
])
const byUpperName = new Map(Array.from(encodings.keys(), (name) => [name.toUpperCase(), name]))

/** Canonical names. */
export const encodingNames: readonly string[] = [...encodings.keys()]

/** The encoding of that name or alias, in any case; `undefined` when unknown. */
export function findEncoding(name: string): Encoding | undefined {
  const upper = name
    .trim()
    .toUpperCase()
    .replace(/^CP125/, 'WINDOWS-125')
    .replace(/^ISO8859/, 'ISO-8859')
  return encodings.get(byUpperName.get(Object.hasOwn(aliases, upper) ? (aliases[upper] as string).toUpperCase() : upper) ?? '')
}
