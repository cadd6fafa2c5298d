/** What a run did about somebody's login, as it did it: who was let in, who has the second factor before him, whose code was wrong. */
import type { Account, Accounts, SecondFactors, Sessions } from '../runtime/accounts.js'
import type { Tokens } from '../runtime/capabilities.js'
import type { Fact } from '../services/observe.js'
import { accountHash } from './account-key.js'

export interface LoginNotes {
  /** Got a token or a session. */
  entered?: Account
  /** Got a challenge instead. */
  challenged?: Account
  /** Sent a second factor that was not right. */
  refused?: Account
}

/** Where the notes are taken. */
export interface Noted {
  login: LoginNotes | null
}

const note = (run: Noted, notes: LoginNotes): void => {
  run.login = { ...run.login, ...notes }
}

export const noteTokens = (tokens: Tokens, run: Noted): Tokens => ({
  async issue(claims) {
    const token = await tokens.issue(claims)
    note(run, { entered: { table: claims.table, id: claims.id } })
    return token
  },
})

export function noteAccounts(accounts: Accounts, run: Noted): Accounts {
  let sessions: Sessions | undefined
  let secondFactors: SecondFactors | undefined
  return {
    get sessions() {
      sessions ??= noteSessions(accounts.sessions, run)
      return sessions
    },
    get secondFactors() {
      secondFactors ??= noteFactors(accounts.secondFactors, run)
      return secondFactors
    },
    get oneTime() {
      return accounts.oneTime
    },
    get federation() {
      return accounts.federation
    },
  }
}

const noteSessions = (sessions: Sessions, run: Noted): Sessions => ({
  ...sessions,
  async create(account, options) {
    const made = await sessions.create(account, options)
    note(run, { entered: account })
    return made
  },
})

const noteFactors = (factors: SecondFactors, run: Noted): SecondFactors => ({
  ...factors,
  async check(account, code) {
    const right = await factors.check(account, code)
    if (!right) note(run, { refused: account })
    return right
  },
  async challenge(account, seconds) {
    const challenge = await factors.challenge(account, seconds)
    if (challenge !== null) note(run, { challenged: account })
    return challenge
  },
})

/** Where a login happened; `account` is there when the caller named one. */
interface Place {
  ip: string
  workspaceId: number
  endpoint: string
  table: string
  account?: string
}

const subjectOf = ({ workspaceId }: Place, { table, id }: Account): string => JSON.stringify([workspaceId, table, String(id)])

/** An account that was not named is told apart by what it is. */
const placeOf = (place: Place, account: Account): Place => ({
  ...place,
  table: account.table,
  account: place.account ?? accountHash(subjectOf(place, account)),
})

/** Facts of an endpoint that lets in and answered well. One that hands out tokens has let nobody in without. */
export function toLoginFacts(notes: LoginNotes | null, issuesTokens: boolean, place: Place): Fact[] {
  const { entered, challenged, refused } = notes ?? {}
  if (entered !== undefined) return [{ kind: 'authn_login_success', subject: subjectOf(place, entered), ...placeOf(place, entered) }]
  if (challenged !== undefined) return [{ kind: 'authn_login_challenge', ...placeOf(place, challenged) }]
  if (refused !== undefined) return [toRefusalFact(notes, place)]
  return issuesTokens ? [] : [{ kind: 'authn_login_success', ...place }]
}

/** The fact of a login that was refused. */
export function toRefusalFact(notes: LoginNotes | null, place: Place): Fact {
  const refused = notes?.refused
  if (refused === undefined) return { kind: 'authn_login_fail', reason: 'credentials', ...place }
  return { kind: 'authn_login_fail', reason: 'second factor', ...placeOf(place, refused) }
}
