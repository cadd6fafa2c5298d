/** What a token says, and the strict reading of it. */
import { z } from 'zod'
import { AppError } from '../errors.js'
import { isInt, isObj, type Obj, unmarked, type Value } from '../lib/value.js'
import { stringify } from '../runtime/serialize.js'

/** Bytes of `extras` as JSON. */
export const maxExtrasBytes = 2048
const maxIdLength = 128

/** Names a token or an object gives a meaning of its own; a program's extras may not carry them. */
const reservedNames = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'dbo_id', '__proto__', 'constructor', 'prototype'])

/** `iat` and `exp` are seconds with a fraction (RFC 7519 NumericDate). */
export const claimsSchema = z.strictObject({
  dbo_id: z.number().int().positive(),
  id: z.union([z.number().int(), z.string().min(1).max(maxIdLength)]),
  extras: z.record(z.string(), z.unknown()),
  iat: z.number().nonnegative(),
  exp: z.number().nonnegative(),
  jti: z.string().min(16).max(64),
  aud: z.string().min(1).max(200),
  /** The session it belongs to: see sessions.ts. */
  sid: z.string().min(16).max(64).optional(),
})
export type Claims = z.infer<typeof claimsSchema>

/** The record a token is for. Throws AppError `fatal` for what cannot name a record. */
export function toTokenId(given: Value): number | string {
  const id = unmarked(given)
  if (isInt(id) && id > 0) return id
  if (typeof id === 'string' && id !== '' && id.length <= maxIdLength) return id
  throw new AppError('fatal', 'The id of an auth token must be the id of a record.', { hint: 'Pass the id of the row that logs in.' })
}

/** The extras as JSON text. Throws AppError `fatal` when they are too large or use a reserved name. */
export function toExtrasJson(extras: Value): string {
  if (!isObj(extras)) throw new AppError('fatal', 'The extras of an auth token must be an object.')
  refuseReserved(extras)
  const text = stringify(extras)
  if (Buffer.byteLength(text) > maxExtrasBytes)
    throw new AppError('fatal', `The extras of an auth token may have ${maxExtrasBytes} bytes as JSON.`, {
      hint: 'Keep what is large in the table and read it by $auth.id.',
    })
  return text
}

function refuseReserved(extras: Obj): void {
  for (const name of extras.keys())
    if (reservedNames.has(name))
      throw new AppError('fatal', `The extras of an auth token may not contain "${name}".`, { hint: 'The name is reserved; choose another.' })
}
