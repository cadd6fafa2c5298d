/** The rules of a save follow values, not spellings: renamed, moved through variables, filters, functions and addons, a program is the same program. */
import { describe, expect, it } from 'vitest'
import { securityRules } from '../../src/workspace/rules/security/index.js'
import { tables } from './idor-tables.js'
import { evasions, fair, helpers } from './rule-evasion-cases.js'
import { findings, rulesIn } from './rules-harness.js'

const around = tables + helpers

describe('rules of a save', () => {
  it.each(evasions)('%s is found: %s', (rule, _how, text) => {
    expect([text, rulesIn(findings(text, around))]).toEqual([text, expect.arrayContaining([rule])])
  })

  it.each(fair)('%s is not found: %s', (rule, _how, text) => {
    expect([
      text,
      findings(text, around)
        .filter((found) => found.rule.id === rule)
        .map(({ message }) => message),
    ]).toEqual([text, []])
  })

  it('name rules that there are', () => {
    const known = new Set(securityRules.map(({ id }) => id))
    expect([...evasions, ...fair].map(([rule]) => rule).filter((rule) => !known.has(rule))).toEqual([])
  })

  it('find nothing in the functions the cases share: each stands for the endpoint that runs it', () => {
    expect(rulesIn(findings(helpers.replace(/^\s*---/, ''), tables))).toEqual([])
  })
})
