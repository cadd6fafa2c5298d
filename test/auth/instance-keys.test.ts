import { describe, expect, it } from 'vitest'
import { createInstanceKeys } from '../../src/auth/keys.js'

const secrets = [Buffer.from('the current secret of an instance'), Buffer.from('the one before it was rotated ...')]
const hex = (keys: readonly Uint8Array[]): string[] => keys.map((key) => Buffer.from(key).toString('hex'))

describe('keys for ids that filters obscure', () => {
  it('are one per secret, the current one first, and stay', () => {
    const keysOf = createInstanceKeys(secrets)
    expect(hex(keysOf(1))).toHaveLength(2)
    expect(hex(keysOf(1))).toEqual(hex(createInstanceKeys(secrets)(1)))
    expect(hex(keysOf(1))[1]).toBe(hex(createInstanceKeys(secrets.slice(1))(1))[0])
  })

  it('differ by workspace and by secret', () => {
    const keysOf = createInstanceKeys(secrets)
    expect(new Set([...hex(keysOf(1)), ...hex(keysOf(2))]).size).toBe(4)
  })
})
