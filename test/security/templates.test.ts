/** The endpoints we hand out pass our own rules in strict mode, with confirmed addresses and without. */
import { describe, expect, it } from 'vitest'
import type { Definition } from '../../src/lang/tree.js'
import { modelOfTable } from '../../src/workspace/models.js'
import { createContext, runRules } from '../../src/workspace/rules/security/index.js'
import { authenticationEndpoints } from '../../src/workspace/templates/authentication.js'
import { magicLinkEndpoints } from '../../src/workspace/templates/magic-link.js'
import { oauthEndpoints } from '../../src/workspace/templates/oauth.js'
import { passwordResetEndpoints } from '../../src/workspace/templates/password-reset.js'
import { secondFactorEndpoints } from '../../src/workspace/templates/second-factor.js'
import { sessionEndpoints } from '../../src/workspace/templates/sessions.js'
import { authenticationGroup, userTable } from '../../src/workspace/templates/user-table.js'
import { parseAll } from './rules-harness.js'
import { customerTable } from './sign-in.js'

const customer = (): Definition => parseAll(customerTable)[0] as Definition

describe.each([
  ['without confirmed addresses', userTable],
  ['with confirmed addresses', customer],
])('templates for a table %s', (_, makeTable) => {
  const table = makeTable()
  const model = modelOfTable({ id: 1, guid: '', definition: table })
  const group = 'authentication'
  const endpoints = [
    ...authenticationEndpoints({ table: model, group }),
    ...sessionEndpoints(model, group),
    ...passwordResetEndpoints(model, group),
    ...magicLinkEndpoints(model, group),
    ...secondFactorEndpoints(model, group),
    ...oauthEndpoints(model, group, 'google'),
  ]

  it.each(endpoints.map((endpoint): [string, Definition] => [endpoint.name, endpoint]))('%s has no findings', (_path, endpoint) => {
    const context = createContext([table, authenticationGroup(), ...endpoints])
    expect(runRules([endpoint], context).map(({ message }) => message)).toEqual([])
  })

  it('have paths of their own', () => {
    const names = endpoints.map(({ name, headAttributes }) => JSON.stringify([name, headAttributes]))
    expect(new Set(names).size).toBe(names.length)
  })
})
