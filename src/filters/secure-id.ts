/** Reversible, unguessable text for ids: a synthetic IV (HMAC of the id) and the id masked by it, under a key of the instance and the salt. */
import { createHmac, timingSafeEqual } from 'node:crypto'

const macLength = 8
const keyOf = ({ instance, salt }: SecureIdKey, purpose: string): Buffer =>
  createHmac('sha256', instance).update(`stackhold secure id ${purpose}\0`).update(salt).digest()
const digest = (key: Buffer, data: Uint8Array): Buffer => createHmac('sha256', key).update(data).digest()
const mask = (data: Uint8Array, key: Buffer, iv: Uint8Array): Buffer => {
  const stream = digest(key, iv)
  return Buffer.from(data.map((byte, i) => byte ^ (stream[i] ?? 0)))
}

export interface SecureIdKey {
  /** Known to this instance only: without it a salt that leaks lets anyone make and read ids. */
  instance: Uint8Array
  salt: Uint8Array
}

/** `id` is an int from 0 to 2^53 - 1. */
export function encodeSecureId(id: number, key: SecureIdKey): string {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(id))
  const data = bytes.subarray(id < 2 ** 32 ? 4 : 0)
  const mac = digest(keyOf(key, 'mac'), data).subarray(0, macLength)
  return `${mask(data, keyOf(key, 'mask'), mac).toString('base64url')}.${mac.toString('base64url')}`
}

/** Null for text that this key did not make. */
export function decodeSecureId(text: string, key: SecureIdKey): number | null {
  const match = /^([A-Za-z0-9_-]{6}|[A-Za-z0-9_-]{11})\.([A-Za-z0-9_-]{11})$/.exec(text)
  if (!match) return null
  const mac = Buffer.from(match[2] ?? '', 'base64url')
  const data = mask(Buffer.from(match[1] ?? '', 'base64url'), keyOf(key, 'mask'), mac)
  if (!timingSafeEqual(digest(keyOf(key, 'mac'), data).subarray(0, macLength), mac)) return null
  const id = Number(Buffer.concat([Buffer.alloc(8 - data.length), data]).readBigUInt64BE())
  return encodeSecureId(id, key) === text ? id : null
}
