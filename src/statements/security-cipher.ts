/** Symmetric encryption. GCM puts its tag of 16 bytes behind the ciphertext. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { fatal } from '../errors.js'
import { fromBytes, isBinary, toBytes, type Value } from '../lib/value.js'
import { toText } from '../runtime/convert.js'
import { type ArgumentSpec, type Arguments, defineStatement } from '../runtime/define.js'

const group = 'security'
const tagLength = 16

interface Cipher {
  name: 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc' | 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm'
  gcm: boolean
  keyLength: number
}

function cipherOf(value: Value): Cipher {
  const name = toText(value).toLowerCase()
  const parts = /^aes-(128|192|256)-(cbc|gcm)$/.exec(name)
  if (!parts) throw fatal(`Unknown algorithm: ${name}`, { hint: 'Use aes-128-cbc, aes-192-cbc, aes-256-cbc, aes-128-gcm, aes-192-gcm or aes-256-gcm.' })
  return { name: name as Cipher['name'], gcm: parts[2] === 'gcm', keyLength: Number(parts[1]) / 8 }
}

const bytesOf = (value: Value | undefined): Uint8Array => toBytes(isBinary(value) ? value : toText(value ?? null))

function materialOf(args: Arguments): { cipher: Cipher; key: Uint8Array; iv: Uint8Array } {
  const cipher = cipherOf(args['algorithm'] ?? null)
  const [key, iv] = [bytesOf(args['key']), bytesOf(args['iv'])]
  if (key.length !== cipher.keyLength) throw fatal(`${cipher.name} needs a key of ${cipher.keyLength} bytes, not ${key.length}.`)
  if (cipher.gcm ? iv.length === 0 : iv.length !== 16)
    throw fatal(`${cipher.name} needs an iv of ${cipher.gcm ? 'at least 1 byte (12 is usual)' : '16 bytes'}, not ${iv.length}.`)
  return { cipher, key, iv }
}

const text = (summary: string): ArgumentSpec => ({ type: 'text', summary, required: true })
const algorithm = text('aes-128/192/256-cbc or -gcm.')
const common = { algorithm, key: text('The key: exactly 16, 24 or 32 bytes.'), iv: text('The initialisation vector: 16 bytes; 12 for GCM.') }

const encrypt = defineStatement({
  name: 'security.encrypt',
  group,
  summary: 'Encrypts text with a secret key.',
  args: { data: { type: 'any', summary: 'What is encrypted; lists and objects as JSON.', required: true }, ...common },
  result: 'Binary text.',
  examples: ['security.encrypt {\n  data = $x\n  algorithm = "aes-256-cbc"\n  key = $env.K\n  iv = $iv\n} as $c'],
  run(args) {
    const { cipher, key, iv } = materialOf(args)
    if (cipher.gcm) {
      const work = createCipheriv(cipher.name as 'aes-256-gcm', key, iv)
      return fromBytes(Buffer.concat([work.update(bytesOf(args['data'])), work.final(), work.getAuthTag()]))
    }
    const work = createCipheriv(cipher.name, key, iv)
    return fromBytes(Buffer.concat([work.update(bytesOf(args['data'])), work.final()]))
  },
})

const decrypt = defineStatement({
  name: 'security.decrypt',
  group,
  summary: 'Decrypts what security.encrypt gave.',
  args: { data: text('What is decrypted.'), ...common },
  result: 'Text.',
  examples: ['security.decrypt {\n  data = $c\n  algorithm = "aes-256-cbc"\n  key = $env.K\n  iv = $iv\n} as $x'],
  run(args) {
    const { cipher, key, iv } = materialOf(args)
    const data = bytesOf(args['data'])
    try {
      if (!cipher.gcm) {
        const work = createDecipheriv(cipher.name, key, iv)
        return fromBytes(Buffer.concat([work.update(data), work.final()]))
      }
      const work = createDecipheriv(cipher.name as 'aes-256-gcm', key, iv, { authTagLength: tagLength })
      work.setAuthTag(data.subarray(data.length - tagLength))
      return fromBytes(Buffer.concat([work.update(data.subarray(0, data.length - tagLength)), work.final()]))
    } catch (error) {
      throw fatal('Unable to decrypt: the data, the key or the iv is wrong.', { cause: error })
    }
  },
})

export const cipherStatements = [encrypt, decrypt]
