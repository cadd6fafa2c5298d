/** Single-use tokens for links in mails: Stackhold's own statements. */
import { obj } from '../lib/value.js'
import { toInt } from '../runtime/convert.js'
import { defineAsyncStatement } from '../runtime/define.js'
import { accountOf, accountsOf, idArgument, tableArgument, textOf } from './accounts.js'

const group = 'security'
const purpose = { type: 'text', summary: 'What it is for: it is good for nothing else.', required: true }

const createOneTimeToken = defineAsyncStatement({
  name: 'security.create_one_time_token',
  group,
  summary: 'Stackhold only. A secret for a link in a mail, good for one use; kept as a hash.',
  args: {
    table: tableArgument,
    id: idArgument,
    purpose,
    expiration: { type: 'int', summary: 'Seconds, at most 600.', default: 600 },
    data: { type: 'any', summary: 'Handed back when it is used; at most 2 KB.', default: null },
  },
  result: 'The token.',
  examples: ['security.create_one_time_token {\n  table = "user"\n  id = $user.id\n  purpose = "reset"\n} as $token'],
  run: (args, frame) =>
    accountsOf(frame).oneTime.create(accountOf(args), {
      purpose: textOf(args['purpose']),
      seconds: toInt(args['expiration'] ?? null),
      data: args['data'] ?? null,
    }),
})

const useOneTimeToken = defineAsyncStatement({
  name: 'security.use_one_time_token',
  group,
  summary: 'Stackhold only. Uses a token: of many at once, one succeeds. In a db.transaction that is undone, it is not used.',
  args: { table: tableArgument, purpose, token: { type: 'text', summary: 'The token.', required: true } },
  result: '`{id, data}`, or null for a token that is not good.',
  examples: ['security.use_one_time_token {\n  table = "user"\n  purpose = "reset"\n  token = $input.token\n} as $used'],
  async run({ table, purpose: wanted, token }, frame) {
    const used = await accountsOf(frame).oneTime.use(textOf(table), textOf(wanted), textOf(token))
    return used === null
      ? null
      : obj([
          ['id', used.id],
          ['data', used.data],
        ])
  },
})

export const oneTimeStatements = [createOneTimeToken, useOneTimeToken]
