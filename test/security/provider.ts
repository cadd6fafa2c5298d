/** An OpenID Connect provider on loopback that says whatever a test wants it to say. */
import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { CallAnswer } from '../helpers/running-server.js'
import type { SignIn } from './sign-in.js'

export const clientId = 'shop'
export const clientSecret = 'a client secret that must not leak'
export const redirectUri = 'https://app.example.com/callback'

/** What the provider says of a person, and how it lies. */
export interface Person {
  sub: string
  email?: string | undefined
  email_verified?: unknown
  name?: string
}

export interface Lies {
  nonce?: string
  issuer?: string
  audience?: string
  /** Signed with a key that is not among those it publishes. */
  foreignKey?: boolean
  expired?: boolean
  /** Signed with nothing. */
  unsigned?: boolean
  /** Leaves the address to the user-info endpoint. */
  quiet?: boolean
}

export interface Provider {
  issuer: string
  /** Workspace variables for it. */
  variables: Record<string, string>
  /** Parameters of every request for tokens. */
  tokenRequests: URLSearchParams[]
  /** How many requests came, of whatever kind. */
  requests(): number
  /** A login at the provider: from the URL of the start to the parameters of the redirect. */
  authorize(url: string, person: Person, lies?: Lies): { code: string; state: string }
  /** All of it, through the endpoints of a group. */
  logIn(app: SignIn, person: Person, group?: string, lies?: Lies): Promise<CallAnswer>
  close(): Promise<void>
}

interface Grant {
  person: Person
  lies: Lies
  challenge: string
  nonce: string
  redirectUri: string
}

export async function startProvider(): Promise<Provider> {
  const [own, foreign] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')]
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  const grants = new Map<string, Grant>()
  const people = new Map<string, Person>()
  const tokenRequests: URLSearchParams[] = []
  let issuer = ''
  let requests = 0

  const idToken = async ({ person, lies, nonce }: Grant): Promise<string> => {
    const { sub, ...about } = person
    const claims = { nonce: lies.nonce ?? nonce, ...(lies.quiet === true ? {} : about) }
    const now = Math.floor(Date.now() / 1000) - (lies.expired === true ? 86_400 : 0)
    const token = new SignJWT(claims)
      .setSubject(sub)
      .setIssuer(lies.issuer ?? issuer)
      .setAudience(lies.audience ?? clientId)
      .setIssuedAt(now)
      .setExpirationTime(now + 300)
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
    const signed = await token.sign(lies.foreignKey === true ? foreign.privateKey : own.privateKey)
    if (lies.unsigned !== true) return signed
    const [, payload] = signed.split('.')
    return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
  }

  const exchange = async (body: URLSearchParams): Promise<[number, object]> => {
    tokenRequests.push(body)
    const grant = grants.get(body.get('code') ?? '')
    grants.delete(body.get('code') ?? '')
    const verifier = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url')
    const isClient = body.get('client_id') === clientId && body.get('client_secret') === clientSecret
    if (!isClient) return [401, { error: 'invalid_client' }]
    if (grant === undefined || grant.challenge !== verifier || grant.redirectUri !== body.get('redirect_uri')) return [400, { error: 'invalid_grant' }]
    const access_token = randomUUID()
    people.set(access_token, grant.person)
    return [200, { access_token, token_type: 'Bearer', expires_in: 60, id_token: await idToken(grant) }]
  }

  const answer = async (request: IncomingMessage): Promise<[number, object]> => {
    const path = new URL(request.url ?? '', issuer).pathname
    if (path === '/.well-known/openid-configuration')
      return [
        200,
        {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          userinfo_endpoint: `${issuer}/userinfo`,
          jwks_uri: `${issuer}/jwks`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
          code_challenge_methods_supported: ['S256'],
          token_endpoint_auth_methods_supported: ['client_secret_post'],
        },
      ]
    if (path === '/jwks') return [200, { keys: [jwk] }]
    if (path === '/token') return exchange(new URLSearchParams(await readBody(request)))
    const person = people.get((request.headers.authorization ?? '').replace('Bearer ', ''))
    return person === undefined ? [401, {}] : [200, person]
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    requests++
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`

  const authorize: Provider['authorize'] = (url, person, lies = {}) => {
    const asked = new URL(url).searchParams
    const code = randomUUID()
    grants.set(code, {
      person,
      lies,
      challenge: asked.get('code_challenge') ?? '',
      nonce: asked.get('nonce') ?? '',
      redirectUri: asked.get('redirect_uri') ?? '',
    })
    return { code, state: asked.get('state') ?? '' }
  }
  return {
    issuer,
    variables: { IDP_ISSUER: issuer, IDP_CLIENT_ID: clientId, IDP_CLIENT_SECRET: clientSecret, IDP_REDIRECT_URI: redirectUri },
    tokenRequests,
    requests: () => requests,
    authorize,
    async logIn(app, person, group = 'customers', lies = {}) {
      const call = (path: string, body: object) => app.server.call('POST', `/api:${group}/auth/idp/${path}`, { body })
      const started = await call('start', {})
      if (started.status !== 200) throw new Error(started.text)
      return call('finish', { flow_token: started.body.flow_token, ...authorize(started.body.url, person, lies) })
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
