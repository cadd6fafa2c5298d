/** Sessions: Stackhold's own statements, beside `security.create_auth_token`. */
import { fromPlain, isObj, type Obj, obj, type Value } from '../lib/value.js'
import type { SessionTokens } from '../runtime/accounts.js'
import { toInt } from '../runtime/convert.js'
import { defineAsyncStatement } from '../runtime/define.js'
import { accountOf, accountsOf, idArgument, tableArgument, textOf } from './accounts.js'

const group = 'security'

const toObj = ({ authToken, refreshToken, expiresIn, session }: SessionTokens): Obj =>
  obj([
    ['authToken', authToken],
    ['refreshToken', refreshToken],
    ['expires_in', expiresIn],
    ['session', session],
  ])

const tokensResult = '`{authToken, refreshToken, expires_in, session}`'

const createSession = defineAsyncStatement({
  name: 'security.create_session',
  group,
  summary: 'Stackhold only. Opens a session: a short auth token that ends with it, and a refresh token for the next one.',
  args: {
    table: tableArgument,
    id: idArgument,
    extras: { type: 'object', summary: 'Readable as $auth.extras; at most 2 KB.', default: null },
    expiration: { type: 'int', summary: 'Seconds the auth token lives.', default: 900 },
    idle: { type: 'int', summary: 'Seconds without a refresh after which the session is over.', default: 1_209_600 },
    absolute: { type: 'int', summary: 'Seconds after which it is over in any case.', default: 2_592_000 },
    label: { type: 'text', summary: 'What its owner recognises it by.', default: '' },
  },
  result: `${tokensResult}.`,
  examples: ['security.create_session {\n  table = "user"\n  id = $user.id\n  label = "Phone"\n} as $session'],
  async run(args, frame) {
    const { extras, expiration, idle, absolute, label } = args
    const tokens = await accountsOf(frame).sessions.create(accountOf(args), {
      extras: isObj(extras) ? extras : obj(),
      accessSeconds: toInt(expiration ?? null),
      idleSeconds: toInt(idle ?? null),
      absoluteSeconds: toInt(absolute ?? null),
      label: textOf(label),
      ip: frame.run.request.remoteIp,
    })
    return toObj(tokens)
  },
})

const rotateSession = defineAsyncStatement({
  name: 'security.rotate_session',
  group,
  summary: 'Stackhold only. Takes a refresh token, good for one use, and answers the next tokens. A second use ends the session. Not inside db.transaction.',
  args: { table: tableArgument, refresh_token: { type: 'text', summary: 'The refresh token.', required: true } },
  result: `${tokensResult}, or null for a token that is not good.`,
  examples: ['security.rotate_session {\n  table = "user"\n  refresh_token = $input.refresh_token\n} as $session'],
  async run({ table, refresh_token }, frame) {
    const tokens = await accountsOf(frame).sessions.rotate(textOf(table), textOf(refresh_token))
    return tokens === null ? null : toObj(tokens)
  },
})

const listSessions = defineAsyncStatement({
  name: 'security.list_sessions',
  group,
  summary: 'Stackhold only. The open sessions of an account, the last used one first.',
  args: { table: tableArgument, id: idArgument },
  result: 'A list of `{session, label, ip, created_at, last_used_at, expires_at, current}`.',
  examples: ['security.list_sessions {\n  table = "user"\n  id = $auth.id\n} as $sessions'],
  async run(args, frame) {
    const { caller } = frame.run
    const found = await accountsOf(frame).sessions.list(accountOf(args))
    return found.map(
      (one): Value =>
        fromPlain({
          session: one.session,
          label: one.label,
          ip: one.ip,
          created_at: one.createdAt,
          last_used_at: one.lastUsedAt,
          expires_at: one.expiresAt,
          current: one.session === caller.session,
        }),
    )
  },
})

const revokeSession = defineAsyncStatement({
  name: 'security.revoke_session',
  group,
  summary: 'Stackhold only. Ends a session of an account: its tokens are void at once, on every server.',
  args: { table: tableArgument, id: idArgument, session: { type: 'text', summary: 'Id of the session; the one of the caller when absent.', default: null } },
  result: 'Whether the account had such an open session.',
  examples: ['security.revoke_session {\n  table = "user"\n  id = $auth.id\n  session = $input.session\n} as $ended'],
  async run(args, frame) {
    const { session } = args
    const wanted = session === null || session === undefined ? (frame.run.caller.session ?? '') : textOf(session)
    return wanted !== '' && accountsOf(frame).sessions.revoke(accountOf(args), wanted)
  },
})

const revokeTokens = defineAsyncStatement({
  name: 'security.revoke_tokens',
  group,
  summary: 'Stackhold only. Logs an account out everywhere: every token, session and link in a mail is void at once.',
  args: { table: tableArgument, id: idArgument },
  examples: ['security.revoke_tokens {\n  table = "user"\n  id = $auth.id\n}'],
  async run(args, frame) {
    await accountsOf(frame).sessions.revokeAll(accountOf(args))
    return null
  },
})

export const sessionStatements = [createSession, rotateSession, listSessions, revokeSession, revokeTokens]
