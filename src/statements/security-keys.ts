/** Making keys. */
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { fatal } from '../errors.js'
import { fromPlain, type Value } from '../lib/value.js'
import { toNumber, toText } from '../runtime/convert.js'
import { type ArgumentSpec, defineAsyncStatement, defineStatement } from '../runtime/define.js'

const group = 'security'
const generate = promisify(generateKeyPair)
const format: ArgumentSpec = { type: 'enum object|base64', summary: 'A JWK object, or base64 text.', default: 'object' }
const bits: ArgumentSpec = { type: 'int', summary: 'Size of the key.', required: true }

/** A private JWK in the format asked for: base64 is the base64 of its JSON. */
function inFormat(jwk: object, wanted: Value | undefined): Value {
  return toText(wanted ?? 'object') === 'base64' ? Buffer.from(JSON.stringify(jwk)).toString('base64') : fromPlain(jwk)
}

const createSecretKey = defineStatement({
  name: 'security.create_secret_key',
  group,
  summary: 'A secret key for symmetric algorithms.',
  args: { bits, format },
  result: 'A JWK of type oct, or the bytes as base64 text.',
  examples: ['security.create_secret_key {\n  bits = 256\n  format = "object"\n} as $key'],
  run(args, { run: { random } }) {
    const size = toNumber(args['bits'] ?? null)
    if (!Number.isInteger(size) || size < 8 || size > 16384 || size % 8 !== 0)
      throw fatal('security.create_secret_key: bits must be a multiple of 8, at most 16384.')
    const bytes = Buffer.from(random.bytes(size / 8))
    if (toText(args['format'] ?? null) === 'base64') return bytes.toString('base64')
    return fromPlain({ kty: 'oct', k: bytes.toString('base64url') })
  },
})

const createRsaKey = defineAsyncStatement({
  name: 'security.create_rsa_key',
  group,
  summary: 'An RSA key pair.',
  args: { bits, format },
  result: 'The private JWK, or its JSON as base64 text.',
  examples: ['security.create_rsa_key {\n  bits = 2048\n  format = "object"\n} as $key'],
  async run(args) {
    const size = toNumber(args['bits'] ?? null)
    if (!Number.isInteger(size) || size < 1024 || size > 4096) throw fatal('security.create_rsa_key: bits must be between 1024 and 4096.')
    const { privateKey } = await generate('rsa', { modulusLength: size })
    return inFormat(privateKey.export({ format: 'jwk' }), args['format'])
  },
})

const curves = ['P-256', 'P-384', 'P-521']

const createCurveKey = defineAsyncStatement({
  name: 'security.create_curve_key',
  group,
  summary: 'An elliptic-curve key pair.',
  args: { curve: { type: 'enum P-256|P-384|P-521', summary: 'The curve.', required: true }, format },
  result: 'The private JWK, or its JSON as base64 text.',
  examples: ['security.create_curve_key {\n  curve = "P-256"\n  format = "object"\n} as $key'],
  async run({ curve, format: wanted }) {
    const name = toText(curve ?? null)
    if (!curves.includes(name)) throw fatal(`security.create_curve_key: curve must be one of ${curves.join(', ')}.`)
    const { privateKey } = await generate('ec', { namedCurve: name })
    return inFormat(privateKey.export({ format: 'jwk' }), wanted)
  },
})

export const keyStatements = [createSecretKey, createRsaKey, createCurveKey]
