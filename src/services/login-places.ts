/**
 * Where each account logged in from before, so that a login from elsewhere stands out. Only keyed hashes are kept: of the account, and of
 * network and country together with the account, so that nobody reads or compares them without the key.
 */
import { createHmac } from 'node:crypto'
import type { Database } from '../db/client.js'
import { isObj } from '../lib/value.js'
import type { Clock, Places } from '../runtime/capabilities.js'
import type { NewEvent } from './event-log.js'

/** Reasons that logins from elsewhere get. */
export const newCountry = 'new country'
export const newNetwork = 'new network'

export interface LoginPlaces {
  /** Sets the reason of successful logins from a place that is new for an account of which others are known, and remembers the place. */
  judge(events: readonly NewEvent[]): Promise<void>
  close(): void
}

export interface LoginPlacesOptions {
  db: Pick<Database, 'query'>
  clock: Clock
  /** 32 bytes, derived for this alone. */
  key: Uint8Array
  /** Countries of addresses; without a table no country is known, and networks alone count. */
  places: Places
  /** Places of one account and kind, rows of all, days without a login after which a place is forgotten. */
  keep?: { perAccount: number; rows: number; days: number }
  onError?(error: unknown): void
}

type Kind = 'network' | 'country'
const kinds: readonly Kind[] = ['country', 'network']
const day = 86_400_000
const sweepMs = 3_600_000

interface PlaceRow {
  account: Buffer
  kind: Kind
  place: Buffer
  last_at: number
}

const find = 'select account, kind, place, last_at from stackhold.login_place where account = any($1)'
const remember = `insert into stackhold.login_place (account, kind, place, first_at, last_at)
  select account, kind, place, to_timestamp(at / 1000), to_timestamp(at / 1000)
  from unnest($1::bytea[], $2::text[], $3::bytea[], $4::float8[]) as e (account, kind, place, at)
  on conflict (account, kind, place) do update set last_at = greatest(login_place.last_at, excluded.last_at)`
const trim = `delete from stackhold.login_place p using (
    select account, kind, place, row_number() over (partition by account, kind order by last_at desc) as rank from stackhold.login_place where account = any($1)
  ) as ranked where p.account = ranked.account and p.kind = ranked.kind and p.place = ranked.place and ranked.rank > $2`
const forgetOld = 'delete from stackhold.login_place where last_at < to_timestamp($1::float8 / 1000)'
const forgetMost = `delete from stackhold.login_place where last_at < (select last_at from stackhold.login_place order by last_at desc offset $1 limit 1)`

/** `192.0.2.0/24`, or the first 48 bits of an IPv6 address: what one connection keeps when its address changes. */
export function networkOf(ip: string): string {
  const plain = ip.replace(/^::ffff:(?=\d+\.)/i, '')
  if (/^\d+(\.\d+){3}$/.test(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`
  const [head = '', tail] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return `${[...left, ...zeros, ...right]
    .slice(0, 3)
    .map((word) => word.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/48`
}

export function createLoginPlaces({
  db,
  clock,
  key,
  places,
  keep = { perAccount: 20, rows: 1_000_000, days: 180 },
  onError = () => {},
}: LoginPlacesOptions): LoginPlaces {
  const hash = (...parts: string[]): Buffer => createHmac('sha256', key).update(JSON.stringify(parts)).digest().subarray(0, 16)

  const countryOf = (ip: string): string | null => {
    const country = places.find(ip)?.get('country')
    const code = isObj(country) ? country.get('code') : null
    return typeof code === 'string' && code !== '' ? code : null
  }
  const placesOf = ({ subject, ip }: NewEvent): [Kind, Buffer][] => {
    const country = countryOf(ip)
    return [
      ...(country === null ? [] : ([['country', hash(subject, 'country', country)]] as [Kind, Buffer][])),
      ['network', hash(subject, 'network', networkOf(ip))],
    ]
  }
  const sweep = async (): Promise<void> => {
    await db.query(forgetOld, [clock.now() - keep.days * day])
    await db.query(forgetMost, [keep.rows])
  }
  const timer = setInterval(() => void sweep().catch(onError), sweepMs)
  timer.unref()

  return {
    async judge(events) {
      const logins = events.filter((event) => event.kind === 'authn_login_success' && event.subject !== '' && event.ip !== '')
      if (logins.length === 0) return
      const accounts = new Map(logins.map(({ subject }) => [subject, hash(subject)]))
      const known = new Map<string, Map<string, number>>()
      const of = (account: Buffer, kind: Kind): Map<string, number> => {
        const name = `${account.toString('hex')}|${kind}`
        const found = known.get(name) ?? new Map<string, number>()
        known.set(name, found)
        return found
      }
      for (const row of await db.query<PlaceRow>(find, [[...accounts.values()]])) of(row.account, row.kind).set(row.place.toString('hex'), row.last_at)

      const fresh = new Map<string, readonly [Buffer, Kind, Buffer, number]>()
      for (const event of logins) {
        const account = accounts.get(event.subject) as Buffer
        const found = new Map(placesOf(event))
        for (const kind of kinds) {
          const place = found.get(kind)
          if (place === undefined) continue
          const before = of(account, kind)
          const id = place.toString('hex')
          const last = before.get(id)
          if (last === undefined && before.size > 0 && event.reason === '') event.reason = kind === 'country' ? newCountry : newNetwork
          // Once a day says often enough that a place is in use.
          if (last === undefined || event.createdAt - last > day) fresh.set(`${account.toString('hex')}|${id}`, [account, kind, place, event.createdAt])
          before.set(id, Math.max(last ?? 0, event.createdAt))
        }
      }
      if (fresh.size === 0) return
      const column = <I extends 0 | 1 | 2 | 3>(i: I) => [...fresh.values()].map((row) => row[i])
      await db.query(remember, [column(0), column(1), column(2), column(3)])
      const crowded = [...known].filter(([, list]) => list.size > keep.perAccount).map(([name]) => Buffer.from(name.split('|')[0] ?? '', 'hex'))
      if (crowded.length > 0) await db.query(trim, [crowded, keep.perAccount])
    },
    close: () => clearInterval(timer),
  }
}
