/** Login with other providers: Stackhold's own statements. */
import { inputError } from '../errors.js'
import { fromPlain, isObj, type Obj, obj, type Value } from '../lib/value.js'
import type { Identity, Provider } from '../runtime/accounts.js'
import { type Arguments, defineAsyncStatement } from '../runtime/define.js'
import { accountOf, accountsOf, idArgument, tableArgument, textOf } from './accounts.js'

const group = 'security'

const provider = {
  table: tableArgument,
  issuer: { type: 'text', summary: 'Address of the provider, with https.', required: true },
  client_id: { type: 'text', summary: 'As the provider gave it.', required: true },
  client_secret: { type: 'text', summary: 'From a workspace variable; empty for a public client.', default: '' },
  redirect_uri: { type: 'text', summary: 'Page of the front end that the provider sends people back to.', required: true },
  scope: { type: 'text', summary: 'What is asked for.', default: 'openid email profile' },
}

const providerOf = (args: Arguments): Provider => ({
  issuer: textOf(args['issuer']),
  clientId: textOf(args['client_id']),
  clientSecret: textOf(args['client_secret']),
  redirectUri: textOf(args['redirect_uri']),
  scope: textOf(args['scope']),
})

const settings = `issuer = $env.GOOGLE_ISSUER
  client_id = $env.GOOGLE_CLIENT_ID
  client_secret = $env.GOOGLE_CLIENT_SECRET
  redirect_uri = $env.GOOGLE_REDIRECT_URI`

const start = defineAsyncStatement({
  name: 'security.oauth_start',
  group,
  summary: 'Stackhold only. Begins a login with an OpenID Connect provider: authorization code with PKCE, state and nonce.',
  args: provider,
  result: '`{url, flow_token}`: the browser goes to the URL and keeps the token (10 minutes) for `security.oauth_finish`.',
  examples: [`security.oauth_start {\n  table = "user"\n  ${settings}\n} as $login`],
  async run(args, frame) {
    const { url, flow } = await accountsOf(frame).federation.start(textOf(args['table']), providerOf(args))
    return obj([
      ['url', url],
      ['flow_token', flow],
    ])
  },
})

const finish = defineAsyncStatement({
  name: 'security.oauth_finish',
  group,
  summary: 'Stackhold only. Ends a login with a provider. A flow token is good for one use.',
  args: {
    ...provider,
    flow_token: { type: 'text', summary: 'What `security.oauth_start` answered.', required: true },
    state: { type: 'text', summary: 'Parameter of the redirect.', required: true },
    code: { type: 'text', summary: 'Parameter of the redirect.', required: true },
    iss: { type: 'text', summary: 'Parameter of the redirect, when there is one (RFC 9207).', default: '' },
  },
  result: '`{issuer, subject, email, email_verified, name, id}`; `id` is the row linked to it, or null. Null for a login that is not good.',
  examples: [
    `security.oauth_finish {\n  table = "user"\n  ${settings}\n  flow_token = $input.flow_token\n  state = $input.state\n  code = $input.code\n} as $identity`,
  ],
  async run(args, frame) {
    const { federation } = accountsOf(frame)
    const table = textOf(args['table'])
    const answer = { flow: textOf(args['flow_token']), state: textOf(args['state']), code: textOf(args['code']), issuer: textOf(args['iss']) }
    const identity = await federation.finish(table, providerOf(args), answer)
    return identity === null ? null : toObj(identity, await federation.find(table, identity))
  },
})

function toObj({ issuer, subject, email, emailVerified, name }: Identity, id: Value): Obj {
  const plain = fromPlain({ issuer, subject, email, email_verified: emailVerified, name })
  return isObj(plain) ? plain.set('id', id) : obj()
}

const link = defineAsyncStatement({
  name: 'security.link_identity',
  group,
  summary: 'Stackhold only. Lets an identity of `security.oauth_finish` log in to an account.',
  args: { table: tableArgument, id: idArgument, identity: { type: 'object', summary: 'What `security.oauth_finish` answered.', required: true } },
  result: 'Id of the row; null when the identity belongs to another account.',
  examples: ['security.link_identity {\n  table = "user"\n  id = $user.id\n  identity = $identity\n} as $id'],
  async run(args, frame) {
    const { identity } = args
    const [issuer, subject] = isObj(identity) ? [textOf(identity.get('issuer')), textOf(identity.get('subject'))] : ['', '']
    if (issuer === '' || subject === '') throw inputError('identity', 'The identity must be what security.oauth_finish answered.')
    const account = accountOf(args)
    return (await accountsOf(frame).federation.link(account, { issuer, subject })) ? account.id : null
  },
})

const unlink = defineAsyncStatement({
  name: 'security.unlink_identities',
  group,
  summary: 'Stackhold only. No identity of another provider logs in to the account any more.',
  args: { table: tableArgument, id: idArgument },
  examples: ['security.unlink_identities {\n  table = "user"\n  id = $auth.id\n}'],
  async run(args, frame) {
    await accountsOf(frame).federation.unlinkAll(accountOf(args))
    return null
  },
})

export const oauthStatements = [start, finish, link, unlink]
