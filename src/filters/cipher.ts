/** AES as OpenSSL's PHP interface offers it, for filters and statements alike. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { fatal } from '../errors.js'

/** Bytes of the key and of the IV. */
const ciphers: Readonly<Record<string, { key: number; gcm: boolean }>> = {
  'aes-128-cbc': { key: 16, gcm: false },
  'aes-192-cbc': { key: 24, gcm: false },
  'aes-256-cbc': { key: 32, gcm: false },
  'aes-128-gcm': { key: 16, gcm: true },
  'aes-192-gcm': { key: 24, gcm: true },
  'aes-256-gcm': { key: 32, gcm: true },
}
export const cipherNames: readonly string[] = Object.keys(ciphers)
const tagLength = 16

interface CipherOptions {
  algorithm: string
  key: Uint8Array
  iv: Uint8Array
}

/** Filled with zero bytes or cut to a length, as PHP does. */
const fitted = (bytes: Uint8Array, length: number): Buffer => Buffer.concat([bytes.subarray(0, length), Buffer.alloc(Math.max(0, length - bytes.length))])

function prepare({ algorithm, key, iv }: CipherOptions): { name: string; key: Buffer; iv: Buffer; gcm: boolean } {
  const name = algorithm.trim().toLowerCase()
  const cipher = Object.hasOwn(ciphers, name) ? ciphers[name] : undefined
  if (!cipher) throw fatal(`Unknown cipher "${algorithm.slice(0, 40)}".`, { hint: `Known are ${cipherNames.join(', ')}.` })
  if (key.length === 0) throw fatal('The encryption key is empty.')
  if (cipher.gcm && iv.length < 12) throw fatal(`The cipher ${name} needs an IV of at least 12 bytes.`)
  return { name, key: fitted(key, cipher.key), iv: cipher.gcm ? Buffer.from(iv) : fitted(iv, 16), gcm: cipher.gcm }
}

/** PKCS #7 padding for CBC; for GCM the 16-byte tag follows the ciphertext. */
export function encryptBytes(data: Uint8Array, options: CipherOptions): Buffer {
  const { name, key, iv, gcm } = prepare(options)
  if (!gcm) {
    const cipher = createCipheriv(name, key, iv)
    return Buffer.concat([cipher.update(data), cipher.final()])
  }
  const cipher = createCipheriv(name as 'aes-256-gcm', key, iv, { authTagLength: tagLength })
  return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()])
}

/** Throws AppError `fatal` for a wrong key, IV or changed data. */
export function decryptBytes(data: Uint8Array, options: CipherOptions): Buffer {
  const { name, key, iv, gcm } = prepare(options)
  try {
    if (!gcm) {
      const cipher = createDecipheriv(name, key, iv)
      return Buffer.concat([cipher.update(data), cipher.final()])
    }
    const cipher = createDecipheriv(name as 'aes-256-gcm', key, iv, { authTagLength: tagLength })
    cipher.setAuthTag(data.subarray(-tagLength))
    return Buffer.concat([cipher.update(data.subarray(0, -tagLength)), cipher.final()])
  } catch {
    throw fatal('The data cannot be decrypted.', { hint: 'Check algorithm, key, IV and that the data is decoded from base64 or hex first.' })
  }
}
