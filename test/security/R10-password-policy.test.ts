import { describe, expect, it } from 'vitest'
import { createPasswords } from '../../src/auth/passwords.js'
import { judgePassword } from '../../src/auth/policies.js'
import { passwordPolicyOf, passwordPolicyProblem } from '../../src/fields/password-policy.js'
import type { Field } from '../../src/lang/tree.js'
import { createBlockList } from '../../src/services/block-list.js'

const none = createBlockList([])
const strict = (text: string, words: string[] = []) => judgePassword(text, { policy: 'strict', words }, none)
const nist = (text: string, words: string[] = []) => judgePassword(text, { policy: 'nist', words }, none)
/** Of four classes and the given number of code points. */
const ofLength = (length: number): string => `aA1!${'xY3?'.repeat(64)}`.slice(0, length)

describe('R10: the policy of passwords', () => {
  it('strict: 12 to 128 characters', () => {
    for (const [length, fits] of [
      [0, false],
      [11, false],
      [12, true],
      [64, true],
      [128, true],
      [129, false],
    ] as const)
      expect([length, strict(ofLength(length)) === null]).toEqual([length, fits])
    expect(strict(ofLength(11))).toBe('must have at least 12 characters.')
    expect(strict(ofLength(129))).toBe('must have at most 128 characters.')
  })

  it('strict: four classes, in any alphabet that has them', () => {
    expect(strict('abcdefghij1!')).toBe('must contain an upper-case letter.')
    expect(strict('ABCDEFGHIJ1!')).toBe('must contain a lower-case letter.')
    expect(strict('Abcdefghijk!')).toBe('must contain a digit.')
    expect(strict('Abcdefghijk1')).toBe('must contain a symbol.')
    expect(strict('abcdefghijkl')).toBe('must contain an upper-case letter, a digit, a symbol.')
    expect(strict('Жабанахлопок٣!')).toBeNull()
  })

  it('nist: 15 characters and no classes', () => {
    expect(nist('fourteen chars')).toBe('must have at least 15 characters.')
    expect(nist('fifteen chars !')).toBeNull()
    expect(nist('correct horse battery staple')).toBeNull()
    expect(strict('correct horse battery staple')).not.toBeNull()
  })

  it('counts code points of the NFKC form: an emoji is one, a letter with its accent is one, a ligature is what it stands for', () => {
    expect(strict(`aA1!${'😀'.repeat(7)}`)).toBe('must have at least 12 characters.')
    expect(strict(`aA1!${'😀'.repeat(8)}`)).toBeNull()
    expect(strict(`aA1!${'😀'.repeat(124)}`)).toBeNull()
    expect(strict(`aA1!${'😀'.repeat(125)}`)).not.toBeNull()
    expect(strict(`aA1!${'e\u0301'.repeat(7)}`)).toBe('must have at least 12 characters.')
    expect(strict(`aA1!${'e\u0301'.repeat(8)}`)).toBeNull()
    // One code point that expands to 18 is not a way around the upper bound.
    expect(strict(`aA1!${'\uFDFA'.repeat(8)}`)).toBe('must have at most 128 characters.')
  })

  it('refuses lone surrogates, of which any two would have one hash', () => {
    expect(strict(`${ofLength(20)}\uD800`)).toBe('contains characters that are not valid text.')
    expect(judgePassword('\uDC00', { policy: 'filters', words: [] }, none)).not.toBeNull()
  })

  it('does not truncate: what differs after 72 bytes differs', async () => {
    const passwords = createPasswords({ cost: { memory: 8_192, passes: 1, lanes: 1 } })
    const hash = await passwords.hash(`${'a'.repeat(72)}x`)
    expect([await passwords.verify(`${'a'.repeat(72)}x`, hash), await passwords.verify(`${'a'.repeat(72)}y`, hash)]).toEqual([true, false])
  })

  it('forbids the words of its owner, in any case and any width, but not short ones', () => {
    const message = 'must not contain your name, your e-mail address or the name of this app.'
    expect(strict('My-Lovelace-1815', ['Lovelace'])).toBe(message)
    expect(strict('My-LOVELACE-1815', ['lovelace'])).toBe(message)
    expect(strict('My-ＬＯＶＥＬＡＣＥ-1815', ['lovelace'])).toBe(message)
    expect(nist('the one with lovelace in it', ['lovelace'])).toBe(message)
    expect(strict('Always-Correct-15', ['al', 'Cor'])).toBeNull()
    expect(judgePassword('lovelace', { policy: 'filters', words: ['lovelace'] }, none)).toBeNull()
  })

  it('a column has the policy it names, else its own filters, else strict', () => {
    const column = (filters: string[], policy?: string): Field => ({
      name: 'password',
      type: 'password',
      filters: filters.map((name) => ({ name, args: [] })),
      options: policy === undefined ? [] : [{ name: 'policy', value: { type: 'text', value: policy } }],
    })
    expect(passwordPolicyOf(column([]))).toBe('strict')
    expect(passwordPolicyOf(column(['trim', 'salt']))).toBe('strict')
    expect(passwordPolicyOf(column(['min']))).toBe('filters')
    expect(passwordPolicyOf(column(['min'], 'nist'))).toBe('nist')
    expect(passwordPolicyProblem(column([], 'none'))).toBe('The policy of "password" must be strict or nist.')
    expect(passwordPolicyProblem({ ...column([], 'nist'), type: 'text' })).toContain('Only a password column has a policy')
  })
})
