import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildXorFilter, openXorFilter } from '../../src/lib/xor-filter.js'

describe('a xor filter', () => {
  it('has every text it was made of, however few or odd', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 300 }), (texts) => {
        const filter = openXorFilter(buildXorFilter(texts))
        return texts.every((text) => filter.has(text))
      }),
      { numRuns: 200 },
    )
  })

  it('takes one other text in 65,536 for one of them, and 20 bits for each', () => {
    const texts = Array.from({ length: 20_000 }, (_, i) => `member ${i}`)
    const bytes = buildXorFilter(texts)
    const filter = openXorFilter(bytes)
    expect(texts.filter((text) => !filter.has(text))).toEqual([])
    expect((bytes.length * 8) / texts.length).toBeLessThan(20)
    // 200,000 texts that are always the same: three are expected, and no more than a dozen.
    expect(Array.from({ length: 200_000 }, (_, i) => `stranger ${i}`).filter((text) => filter.has(text)).length).toBeLessThan(12)
  })

  it('is the same bytes again, and has a form that other programs can read', () => {
    const [once, again] = [buildXorFilter(['a', 'b', 'c', 'a']), buildXorFilter(['a', 'b', 'c'])]
    expect(Buffer.from(once).equals(Buffer.from(again))).toBe(true)
    const view = new DataView(once.buffer)
    const [seed, third] = [view.getUint32(0, true), view.getUint32(4, true)]
    expect(once.length).toBe(8 + 6 * third)
    for (const text of ['a', 'b', 'c']) {
      const digest = createHash('sha256').update(`${seed}:${text}`).digest()
      const cell = (block: number) => view.getUint16(8 + 2 * (block * third + Math.floor((digest.readUInt32LE(4 * block) / 2 ** 32) * third)), true)
      expect(cell(0) ^ cell(1) ^ cell(2)).toBe(digest.readUInt16LE(12))
    }
  })

  it('refuses bytes that are no filter, or part of one', () => {
    const bytes = buildXorFilter(['a'])
    for (const broken of [new Uint8Array(0), new Uint8Array(7), bytes.subarray(0, bytes.length - 1)]) expect(() => openXorFilter(broken)).toThrow(RangeError)
  })
})
