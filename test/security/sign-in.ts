/** A server with every template about accounts, a mail server, and accounts whose addresses are confirmed. */
import { type CallAnswer, type CallOptions, type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { goodPassword } from './accounts.js'
import { type MailSink, startMailSink } from './mail-sink.js'

export const customerTable = `table customer {
  auth = true
  schema {
    int id
    timestamp created_at?=now
    text name? filters=trim|max:200
    email email filters=trim|lower|max:254 {
      sensitive = true
    }
    password password {
      sensitive = true
    }
    timestamp? verified_at? {
      visibility = "private"
    }
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "email", op: "asc"}]}
  ]
}`

/** The same without confirmed addresses. */
const visitorTable = customerTable.replace('table customer', 'table visitor').replace(/ {4}timestamp\? verified_at[^}]*}\n/, '')

export const appUrl = 'https://app.example.com'

export interface SignIn {
  server: ListeningServer
  mails: MailSink
  /** An endpoint below `/auth` of the group of customers, or of visitors. */
  post(path: string, body?: object, options?: CallOptions): Promise<CallAnswer>
  visitor(path: string, body?: object, options?: CallOptions): Promise<CallAnswer>
  get(path: string, token: string, url?: string): Promise<CallAnswer>
  call(method: string, path: string, options?: CallOptions): Promise<CallAnswer>
  /** Signs up, confirms the address, and answers the session. */
  customer(email: string, password?: string): Promise<Session>
  /** Status of `auth/me`. */
  me(token: string, url?: string): Promise<number>
  close(): Promise<void>
}

export interface Session {
  authToken: string
  refreshToken: string
  expires_in: number
  session: string
}

export interface SignInOptions {
  environment?: Record<string, string>
  /** Workspace variables. */
  variables?: Record<string, string>
  insecureIssuers?: boolean
  mailDelayMs?: number
}

/** An answer as it came over the wire, but for the time and the caller's own count. */
export const face = (answer: CallAnswer): string =>
  JSON.stringify([answer.status, [...answer.headers].filter(([name]) => name !== 'date' && !name.startsWith('ratelimit')), answer.text])

/** The token of the link in a mail. */
export function tokenIn(text: string): string {
  const token = /#token=([A-Za-z0-9_-]{43})/.exec(text)?.[1]
  if (token === undefined) throw new Error(`No link in: ${text}`)
  return token
}

export async function startSignIn({ environment = {}, variables = {}, insecureIssuers = false, mailDelayMs = 0 }: SignInOptions = {}): Promise<SignIn> {
  const mails = await startMailSink({ delayMs: mailDelayMs })
  const server = await startListeningServer(
    {
      STACKHOLD_ARGON2_MEMORY_KIB: '8192',
      STACKHOLD_ARGON2_TIME: '1',
      STACKHOLD_SMTP_URL: mails.url,
      STACKHOLD_MAIL_FROM: 'Shop <shop@example.com>',
      STACKHOLD_PUBLIC_URL: 'https://api.example.com',
      ...environment,
    },
    { insecureIssuers },
  )
  await server.pushText([customerTable, visitorTable, group('customers'), group('visitors')].join('\n---\n'))
  await setVariables(server, { app_url: appUrl, ...variables })
  for (const [table, name] of [
    ['customer', 'customers'],
    ['visitor', 'visitors'],
  ])
    for (const kind of ['auth', 'sessions', 'password-reset', 'magic-link', 'second-factor', 'oauth']) {
      const answer = await server.meta('POST', '/workspace/1/scaffold', { kind, table, api_group: name, provider: 'idp' })
      if (answer.status !== 200) throw new Error(answer.text)
    }
  const call: SignIn['call'] = (method, path, options) => server.call(method, `/api:customers/auth/${path}`, options)
  const post: SignIn['post'] = (path, body = {}, options = {}) => call('POST', path, { body, ...options })
  return {
    server,
    mails,
    post,
    call,
    visitor: (path, body = {}, options = {}) => server.call('POST', `/api:visitors/auth/${path}`, { body, ...options }),
    get: (path, token, url) => call('GET', path, { token, ...(url === undefined ? {} : { url }) }),
    me: async (token, url) => (await call('GET', 'me', { token, ...(url === undefined ? {} : { url }) })).status,
    async customer(email, password = goodPassword) {
      const signup = await post('signup', { email, password, name: 'N' })
      if (signup.status !== 200) throw new Error(signup.text)
      const token = tokenIn((await mails.next(email)).text)
      const answer = await post('verify', { token, password })
      if (answer.status !== 200) throw new Error(answer.text)
      return answer.body as Session
    },
    async close() {
      await server.close()
      await mails.close()
    },
  }
}

const group = (name: string): string => `api_group ${name} {\n  canonical = "${name}"\n}`

export async function setVariables(server: ListeningServer, variables: Record<string, string>): Promise<void> {
  const entries = Object.entries(variables).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  const answer = await server.meta('POST', '/workspace/1/multidoc?partial=true&env=true', `workspace shop {\n  env = {${entries.join(', ')}}\n}`)
  if (answer.status !== 200) throw new Error(answer.text)
}
