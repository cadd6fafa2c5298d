import { beforeAll, describe, expect, it } from 'vitest'
import { createPasswords } from '../../src/auth/passwords.js'
import { judgePassword } from '../../src/auth/policies.js'
import { type BlockList, createBlockList, loadCommonPasswords } from '../../src/services/block-list.js'

const common = 'is a commonly used password. Choose another one.'

describe('R11: passwords of known breaches, offline', () => {
  let list: BlockList
  let words: readonly string[]
  beforeAll(async () => {
    list = await loadCommonPasswords()
    words = (await import('@zxcvbn-ts/language-common')).dictionary['passwords-common']
  })
  const judge = (text: string, policy: 'strict' | 'nist' | 'filters' = 'filters') => judgePassword(text, { policy, words: [] }, list)

  it('refuses every one of the 49,233, in lower, upper and title case', () => {
    expect(words).toHaveLength(49_233)
    const missed = words.filter((word) => [word, word.toUpperCase(), word.charAt(0).toUpperCase() + word.slice(1)].some((form) => judge(form) === null))
    expect(missed).toEqual([])
  })

  it('refuses them with what the four classes of "strict" make people add', () => {
    const letters = words.filter((word) => /^[a-z]{6,}$/.test(word))
    const disguised = letters.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}${'2024!!'.padEnd(Math.max(6, 12 - word.length), '1')}`)
    expect(letters.length).toBeGreaterThan(10_000)
    expect(disguised.filter((password) => judge(password, 'strict') !== common)).toEqual([])
    for (const password of ['P@ssw0rd2024!!', 'Passw0rd!!!!!!', '$upermaN-1234', 'Liverpool_2023', '1234Monkey!!!!', '!!Sunshine2025'])
      expect([password, judge(password, 'strict')]).toEqual([password, common])
  })

  it('leaves alone what only contains a common word', () => {
    for (const password of ['Correct-horse-7-battery', 'Correct-Horse-42', 'My dragon eats 9 pears.', 'Tr0ub4dor&3-and-more'])
      expect([password, judge(password, 'strict')]).toEqual([password, null])
  })

  it('applies to all three policies', () => {
    expect(judge('password')).toBe(common)
    for (const password of ['passwordpassword', '123456789012345', '987654321098765', 'abcdefghijklmnop', 'aaaaaaaaaaaaaaa', 'ab1!ab1!ab1!ab1!'])
      expect([password, judge(password, 'nist')]).toEqual([password, common])
    expect(judge('aA1!xY3?aA1!xY3?', 'nist')).toBeNull()
    expect(judge('password1234567', 'nist')).toBe(common)
  })

  it('is loaded when the first password is judged, once, and can be another list', async () => {
    let loads = 0
    const passwords = createPasswords({
      blockList: async () => {
        loads++
        return createBlockList(['Our-Secret-Word'])
      },
    })
    expect(loads).toBe(0)
    expect(await passwords.judge('our-secret-word', { policy: 'filters', words: [] })).toBe(common)
    expect(await passwords.judge('password', { policy: 'filters', words: [] })).toBeNull()
  })
})
