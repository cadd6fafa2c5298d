/**
 * A set of texts in 20 bits for each, from which only "surely not" and "very likely" can be asked (T. M. Graf, D. Lemire: Xor Filters, 2019).
 * A text that is in the set is always found; another one is taken for a member once in 65,536 times.
 *
 * Bytes, little endian: u32 seed, u32 cells of a third, then 3 × that many u16.
 */
import { createHash } from 'node:crypto'

export interface XorFilter {
  has(text: string): boolean
}

const headerBytes = 8

/** The filter in these bytes. Throws a RangeError when they are none. */
export function openXorFilter(bytes: Uint8Array): XorFilter {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.byteLength < headerBytes || bytes.byteLength !== headerBytes + 6 * view.getUint32(4, true))
    throw new RangeError(`${bytes.byteLength} bytes are not a filter of their own length.`)
  const [seed, third] = [view.getUint32(0, true), view.getUint32(4, true)]
  const cell = (index: number): number => view.getUint16(headerBytes + 2 * index, true)
  return {
    has(text) {
      const { cells, print } = place(text, seed, third)
      return (cell(cells[0]) ^ cell(cells[1]) ^ cell(cells[2])) === print
    },
  }
}

/** Bytes of a filter of the texts; those that are there twice count once. */
export function buildXorFilter(texts: Iterable<string>): Uint8Array {
  const members = [...new Set(texts)]
  const third = Math.ceil((1.23 * members.length + 32) / 3)
  // One in some dozens of seeds cannot be solved for small sets, hardly any for large ones.
  for (let seed = 1; ; seed++) {
    const cells = solve(
      members.map((text) => place(text, seed, third)),
      3 * third,
    )
    if (cells === undefined) continue
    const bytes = new DataView(new ArrayBuffer(headerBytes + 2 * cells.length))
    bytes.setUint32(0, seed, true)
    bytes.setUint32(4, third, true)
    cells.forEach((value, index) => {
      bytes.setUint16(headerBytes + 2 * index, value, true)
    })
    return new Uint8Array(bytes.buffer)
  }
}

interface Place {
  /** One in each third. */
  cells: readonly [number, number, number]
  /** What the three cells of a member make together. */
  print: number
}

function place(text: string, seed: number, third: number): Place {
  const digest = createHash('sha256').update(`${seed}:`).update(text, 'utf8').digest()
  const cellIn = (block: number): number => block * third + Number((BigInt(digest.readUInt32LE(4 * block)) * BigInt(third)) >> 32n)
  return { cells: [cellIn(0), cellIn(1), cellIn(2)], print: digest.readUInt16LE(12) }
}

/** Takes away, again and again, a member that is alone in a cell; filled in the opposite order, that cell is free to make its print come out. */
function solve(members: readonly Place[], size: number): Uint16Array | undefined {
  const count = new Uint32Array(size)
  const mix = new Uint32Array(size)
  const toggle = ({ cells }: Place, index: number, step: number): void => {
    for (const cell of cells) {
      count[cell] = (count[cell] ?? 0) + step
      mix[cell] = (mix[cell] ?? 0) ^ index
    }
  }
  members.forEach((member, index) => {
    toggle(member, index, 1)
  })
  const alone = [...count.keys()].filter((cell) => count[cell] === 1)
  const order: { member: Place; cell: number }[] = []
  for (let cell = alone.pop(); cell !== undefined; cell = alone.pop()) {
    if (count[cell] !== 1) continue
    const index = mix[cell] ?? 0
    const member = members[index]
    if (member === undefined) return undefined
    order.push({ member, cell })
    toggle(member, index, -1)
    alone.push(...member.cells.filter((other) => count[other] === 1))
  }
  if (order.length < members.length) return undefined
  const values = new Uint16Array(size)
  for (const { member, cell } of order.reverse())
    values[cell] = member.cells.reduce((sum, other) => (other === cell ? sum : sum ^ (values[other] ?? 0)), member.print)
  return values
}
