/** Second factors: Stackhold's own statements. */
import { obj } from '../lib/value.js'
import { toInt } from '../runtime/convert.js'
import { defineAsyncStatement } from '../runtime/define.js'
import { accountOf, accountsOf, idArgument, tableArgument, textOf } from './accounts.js'

const group = 'security'
const code = { type: 'text', summary: 'The code as typed.', required: true }
const args = { table: tableArgument, id: idArgument }

const enrol = defineAsyncStatement({
  name: 'security.enrol_second_factor',
  group,
  summary: 'Stackhold only. A new secret for an authenticator app; in force once a code of it is confirmed.',
  args: {
    ...args,
    issuer: { type: 'text', summary: 'Name of the app, for people.', required: true },
    label: { type: 'text', summary: 'Name of the account, for people.', required: true },
  },
  result: '`{secret, uri}`; the URI is what a QR code holds. Null when a second factor is in force already.',
  examples: ['security.enrol_second_factor {\n  table = "user"\n  id = $auth.id\n  issuer = "Shop"\n  label = $user.email\n} as $factor'],
  async run(given, frame) {
    const made = await accountsOf(frame).secondFactors.enrol(accountOf(given), { issuer: textOf(given['issuer']), label: textOf(given['label']) })
    return made === null
      ? null
      : obj([
          ['secret', made.secret],
          ['uri', made.uri],
        ])
  },
})

const confirm = defineAsyncStatement({
  name: 'security.confirm_second_factor',
  group,
  summary: 'Stackhold only. Puts an enrolled secret in force by its first code.',
  args: { ...args, code },
  result: 'Ten recovery codes, each good once and never shown again; null for a wrong code.',
  examples: ['security.confirm_second_factor {\n  table = "user"\n  id = $auth.id\n  code = $input.code\n} as $recovery_codes'],
  run: (given, frame) => accountsOf(frame).secondFactors.confirm(accountOf(given), textOf(given['code'])),
})

const check = defineAsyncStatement({
  name: 'security.check_second_factor',
  group,
  summary:
    'Stackhold only. Whether a code of the app, or a recovery code, is right; each is right once. After five wrong ones every try waits longer. Not inside db.transaction.',
  args: { ...args, code },
  result: 'A bool.',
  examples: ['security.check_second_factor {\n  table = "user"\n  id = $id\n  code = $input.code\n} as $matches'],
  run: (given, frame) => accountsOf(frame).secondFactors.check(accountOf(given), textOf(given['code'])),
})

const has = defineAsyncStatement({
  name: 'security.has_second_factor',
  group,
  summary: 'Stackhold only. Whether an account has a second factor in force.',
  args,
  result: 'A bool.',
  examples: ['security.has_second_factor {\n  table = "user"\n  id = $auth.id\n} as $is_on'],
  run: (given, frame) => accountsOf(frame).secondFactors.isOn(accountOf(given)),
})

const remove = defineAsyncStatement({
  name: 'security.remove_second_factor',
  group,
  summary: 'Stackhold only. Takes the second factor and its recovery codes from an account.',
  args,
  examples: ['security.remove_second_factor {\n  table = "user"\n  id = $auth.id\n}'],
  async run(given, frame) {
    await accountsOf(frame).secondFactors.remove(accountOf(given))
    return null
  },
})

const createChallenge = defineAsyncStatement({
  name: 'security.create_challenge',
  group,
  summary: 'Stackhold only. What a login answers instead of a token when the account has a second factor.',
  args: { ...args, expiration: { type: 'int', summary: 'Seconds.', default: 300 } },
  result: 'The challenge; null when the account has no second factor.',
  examples: ['security.create_challenge {\n  table = "user"\n  id = $user.id\n} as $challenge'],
  run: (given, frame) => accountsOf(frame).secondFactors.challenge(accountOf(given), toInt(given['expiration'] ?? null)),
})

const readChallenge = defineAsyncStatement({
  name: 'security.read_challenge',
  group,
  summary: 'Stackhold only. Whose challenge it is.',
  args: { table: tableArgument, challenge: { type: 'text', summary: 'The challenge.', required: true } },
  result: 'Id of the row; null for a challenge that is not good.',
  examples: ['security.read_challenge {\n  table = "user"\n  challenge = $input.challenge\n} as $id'],
  run: ({ table, challenge }, frame) => accountsOf(frame).secondFactors.readChallenge(textOf(table), textOf(challenge)),
})

export const secondFactorStatements = [enrol, confirm, check, has, remove, createChallenge, readChallenge]
