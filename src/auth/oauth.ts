/**
 * Login with another provider (OpenID Connect): authorization code with PKCE (S256), state and nonce. What the browser keeps (`flow`) is good
 * for one use and bound to state, nonce, verifier, issuer and client, so an answer that was meant for another browser or another provider
 * opens nothing (RFC 9700 §4.4, §4.7). An identity is (issuer, subject).
 */
import * as oidc from 'openid-client'
import { AppError } from '../errors.js'
import type { Federation, Identity, Provider } from '../runtime/accounts.js'
import type { Random } from '../runtime/capabilities.js'
import type { Outbound } from '../services/outbound/http.js'
import { type AccountScope, accountPlace, tablePlace } from './account-place.js'
import { maxOneTimeSeconds, ownPurpose, storeToken, useToken } from './one-time-tokens.js'

export interface FederationDeps {
  random: Random
  outbound: Pick<Outbound, 'send'>
  /** Issuers over plain http; for tests. */
  insecureIssuers?: boolean
  /** Told why a login failed: callers are not. */
  onFailure?(fact: { issuer: string; error: unknown }): void
}

const purpose = `${ownPurpose}oauth`

interface Flow {
  state: string
  nonce: string
  verifier: string
  issuer: string
  clientId: string
  redirectUri: string
}

const findIdentity = `select record_id from stackhold.auth_identity where table_id = $1 and datasource = $2 and issuer = $3 and subject = $4`
const addIdentity = `insert into stackhold.auth_identity as known (table_id, datasource, issuer, subject, record_id) values ($1, $2, $3, $4, $5)
  on conflict (table_id, datasource, issuer, subject) do update set subject = excluded.subject where known.record_id = excluded.record_id
  returning 1 as done`

export function createFederation(deps: FederationDeps, providers: Providers, scope: AccountScope): Federation {
  const { random } = deps

  const exchange = async (provider: Provider, flow: Flow, answer: { state: string; code: string; issuer: string }): Promise<Identity> => {
    const configuration = await providers.get(provider)
    const url = new URL(provider.redirectUri)
    url.search = new URLSearchParams({ code: answer.code, state: answer.state, ...(answer.issuer === '' ? {} : { iss: answer.issuer }) }).toString()
    const checks = { pkceCodeVerifier: flow.verifier, expectedState: flow.state, expectedNonce: flow.nonce, idTokenExpected: true }
    const tokens = await oidc.authorizationCodeGrant(configuration, url, checks)
    const claims = tokens.claims()
    if (claims === undefined) throw new AppError('fatal', 'The provider sent no ID token.')
    const { userinfo_endpoint } = configuration.serverMetadata()
    const more =
      claims['email'] === undefined && userinfo_endpoint !== undefined ? await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub) : {}
    return toIdentity(provider.issuer, { ...more, ...claims })
  }

  return {
    async start(table, provider) {
      const place = tablePlace(scope, table)
      const configuration = await providers.get(provider).catch((error: unknown) => {
        throw error instanceof AppError
          ? error
          : new AppError('fatal', `The provider ${provider.issuer} cannot be used.`, { cause: error, hint: reasonOf(error) })
      })
      const flow: Flow = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
        issuer: provider.issuer,
        clientId: provider.clientId,
        redirectUri: provider.redirectUri,
      }
      const url = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: provider.redirectUri,
        scope: provider.scope,
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
      })
      const token = await storeToken(place, random, { recordId: '', purpose, data: JSON.stringify(flow), seconds: maxOneTimeSeconds })
      return { url: url.href, flow: token }
    },

    async finish(table, provider, answer) {
      const used = await useToken(tablePlace(scope, table), purpose, answer.flow)
      if (used === null) return null
      const flow = JSON.parse(used.data) as Flow
      const { issuer, clientId, redirectUri } = flow
      if (issuer !== provider.issuer || clientId !== provider.clientId || redirectUri !== provider.redirectUri) return null
      if (answer.issuer !== '' && answer.issuer !== issuer) return null
      try {
        return await exchange(provider, flow, answer)
      } catch (error) {
        deps.onFailure?.({ issuer, error })
        return null
      }
    },

    async find(table, { issuer, subject }) {
      const place = tablePlace(scope, table)
      const [row] = await place.query<{ record_id: string }>(findIdentity, [place.model.id, place.datasource, issuer, subject])
      return row === undefined ? null : place.toId(row.record_id)
    },

    async link(account, { issuer, subject }) {
      const place = accountPlace(scope, account)
      return (await place.query(addIdentity, [place.model.id, place.datasource, issuer, subject, place.recordId])).length > 0
    },

    async unlinkAll(account) {
      const place = accountPlace(scope, account)
      await place.query('delete from stackhold.auth_identity where table_id = $1 and datasource = $2 and record_id = $3', [
        place.model.id,
        place.datasource,
        place.recordId,
      ])
    },
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** `true` only counts as the boolean: some providers send text, and what they mean by it is anyone's guess. */
const toIdentity = (issuer: string, claims: Record<string, unknown>): Identity => ({
  issuer,
  subject: String(claims['sub']),
  email: typeof claims['email'] === 'string' && claims['email'] !== '' ? claims['email'] : null,
  emailVerified: claims['email_verified'] === true,
  name: typeof claims['name'] === 'string' && claims['name'] !== '' ? claims['name'] : null,
})

/** Metadata and keys of providers, read anew after a while. */
export interface Providers {
  /** Throws AppError `fatal` for settings that cannot be used, and whatever the discovery of the provider fails with. */
  get(provider: Provider): Promise<oidc.Configuration>
}

const freshMs = 600_000
const maxProviders = 100

export function createProviders({ outbound, insecureIssuers = false }: FederationDeps): Providers {
  const known = new Map<string, { until: number; configuration: Promise<oidc.Configuration> }>()

  const fetchGuarded: oidc.CustomFetch = async (url, { method, headers, body }) => {
    const answer = await outbound.send({ url, method, headers, redirects: 0, ...(body === null || body === undefined ? {} : { body: String(body) }) })
    const kept = Object.entries(answer.headers).filter(([name]) => !/^(content-encoding|content-length|transfer-encoding)$/.test(name))
    return new Response(/^(204|304)$/.test(String(answer.status)) ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: kept.flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, one])),
    })
  }

  /** Signatures are checked although the token comes over TLS: what a proxy or a careless provider lets through must not log anybody in. */
  const discover = (provider: Provider): Promise<oidc.Configuration> =>
    oidc.discovery(
      new URL(provider.issuer),
      provider.clientId,
      undefined,
      provider.clientSecret === '' ? oidc.None() : oidc.ClientSecretPost(provider.clientSecret),
      { [oidc.customFetch]: fetchGuarded, timeout: 10, execute: [oidc.enableNonRepudiationChecks, ...(insecureIssuers ? [oidc.allowInsecureRequests] : [])] },
    )

  return {
    get(provider) {
      assertUsable(provider, insecureIssuers)
      const key = JSON.stringify([provider.issuer, provider.clientId, provider.clientSecret])
      const found = known.get(key)
      if (found !== undefined && found.until > performance.now()) return found.configuration
      if (known.size >= maxProviders) known.clear()
      const configuration = discover(provider)
      known.set(key, { until: performance.now() + freshMs, configuration })
      configuration.catch(() => known.delete(key))
      return configuration
    },
  }
}

function assertUsable({ issuer, clientId, redirectUri, scope }: Provider, insecure: boolean): void {
  const isUrl = (text: string, pattern: RegExp): boolean => URL.canParse(text) && pattern.test(new URL(text).protocol)
  if (!isUrl(issuer, insecure ? /^https?:$/ : /^https:$/))
    throw new AppError('fatal', 'The issuer of a provider must be a URL with https.', { hint: 'Set the workspace variable that the endpoint takes it from.' })
  if (clientId === '') throw new AppError('fatal', 'The provider needs a client id.', { hint: 'Set the workspace variable that the endpoint takes it from.' })
  if (!isUrl(redirectUri, /^https?:$/) || /[?#]/.test(redirectUri))
    throw new AppError('fatal', 'The redirect URI must be a URL without query and fragment.', { hint: 'Register the same one with the provider.' })
  if (!scope.split(' ').includes('openid')) throw new AppError('fatal', 'The scope must contain "openid".')
}
