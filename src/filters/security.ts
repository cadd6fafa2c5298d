/** Hashes, ciphers, tokens and identifiers. */
import { createHash, createHmac } from 'node:crypto'
import { fatal } from '../errors.js'
import { fromBytes, unmarked, type Value } from '../lib/value.js'
import { defineFilter, type FilterArgumentSpec, type FilterContext, type ValueFilter } from '../runtime/define.js'
import { bytesOf } from './bases.js'
import { spendText } from './bounds.js'
import { decryptBytes, encryptBytes } from './cipher.js'
import { intOf, textOf, wrongType } from './operand.js'
import { decodeSecureId, encodeSecureId } from './secure-id.js'
import { decodeJwe, decodeJws, encodeJwe, encodeJws } from './token.js'

const group = 'security'
const rawArgument: FilterArgumentSpec = { name: 'raw', type: 'bool', summary: 'True gives the bytes instead of hexadecimal text.', default: false }
const isRaw = (value: Value | undefined): boolean => value === true || unmarked(value) === 1 || value === '1' || value === 'true'
const digestValue = (digest: Buffer, raw: Value | undefined): Value => (isRaw(raw) ? fromBytes(digest) : digest.toString('hex'))

const hash = (name: string, example: string): ValueFilter =>
  defineFilter({
    name,
    group,
    summary: `${name.toUpperCase()} digest in lower-case hexadecimal.`,
    input: 'text or binary',
    returns: 'text',
    args: [rawArgument],
    scalar: true,
    cases: [
      [`"some_message"|${name}`, `"${example}"`],
      [`"some_message"|${name}:true|bin2hex`, `"${example}"`],
    ],
    apply(input, args, context) {
      const bytes = bytesOf(name, input)
      spendText(context, name, bytes.length)
      return digestValue(createHash(name).update(bytes).digest(), args[0])
    },
  })

const hmac = (algorithm: string, example: string): ValueFilter => {
  const name = `hmac_${algorithm}`
  return defineFilter({
    name,
    group,
    summary: `HMAC with ${algorithm.toUpperCase()} in lower-case hexadecimal. The key may not be null.`,
    input: 'text or binary',
    returns: 'text',
    args: [{ name: 'key', type: 'text', summary: 'The secret.', required: true }, rawArgument],
    scalar: true,
    cases: [
      [`"some_message"|${name}:"MY_SECRET_KEY"`, `"${example}"`],
      [`"some_message"|${name}:"MY_SECRET_KEY":true|bin2hex`, `"${example}"`],
    ],
    apply(input, args, context) {
      const bytes = bytesOf(name, input)
      spendText(context, name, bytes.length)
      return digestValue(createHmac(algorithm, secretArgument(name, args[0])).update(bytes).digest(), args[1])
    },
  })
}

/** A missing secret, as from an unset environment variable, is an error and never an empty key. */
function secretArgument(filter: string, value: Value | undefined): Uint8Array {
  if (value === undefined || value === null) throw wrongType(filter, 'text', null, 'key')
  return bytesOf(filter, value, 'key')
}

const digests = [
  hash('md5', 'af8a2aae147de3350f6c0f1a075ede5d'),
  hash('sha1', '33a37403270d78eca64f1471bcb3df44ba5a9673'),
  hash('sha256', '6cc869f10009fa1c39e74df11ab7479d3209acae7e890bb4bf58270b855b6e4c'),
  hash('sha384', '17a7717060650457971b78c043ff1f0466c11212068e7adba5d41898181e0494abe540d8bc6e86996335af47ac7a15ad'),
  hash('sha512', '40aaa4e84e7d98e472d240f1c84298de61766edac3b8e27c3412c46ffd045530836d9319768ccda24db2add21263827594ad604d1db2bf51687387b38b210072'),
  hmac('md5', 'c4c1007ea935001cc7734b360395fb1d'),
  hmac('sha1', '83b48df25eda25e7d09165e0ec603ee17e43f2a2'),
  hmac('sha256', '3e18fc78d5326e5d0ec11c178ad3977160074bc149c55a2bc6a272570aad2348'),
  hmac('sha384', '60818f7b6e69e373011bdab97a5645f02140485f7d2e6d19fd3aacb4240c92e040ea3be93aca940dc32c0c56ff1bea73'),
  hmac('sha512', '880c17f6d5fa9e1ea3b7fa7849458c8f9136817384f34a2c225e4c81548e182b19217641efe53f0286421f72c27621887f686b2f49e3dfe324b99b17b14e313a'),
]

const cipherArguments: FilterArgumentSpec[] = [
  { name: 'algorithm', type: 'text', summary: 'aes-128-cbc, aes-192-cbc, aes-256-cbc, or -gcm with the tag after the ciphertext.', required: true },
  { name: 'key', type: 'text', summary: 'Filled with zero bytes or cut to the size of the cipher.', required: true },
  { name: 'iv', type: 'text', summary: '16 bytes for CBC, at least 12 for GCM.', required: true },
]
const cipherOptions = (filter: string, args: readonly Value[]) => ({
  algorithm: textOf(filter, args[0] ?? null, 'algorithm'),
  key: secretArgument(filter, args[1]),
  iv: bytesOf(filter, args[2] ?? null, 'iv'),
})

const ciphers = [
  defineFilter({
    name: 'encrypt',
    group,
    summary: 'AES encryption; encode the bytes with base64_encode or bin2hex before storing them as text.',
    input: 'text or binary',
    returns: 'binary',
    args: cipherArguments,
    scalar: true,
    cases: [
      ['"hello"|encrypt:"aes-256-cbc":"key":"0123456789abcdef"|decrypt:"aes-256-cbc":"key":"0123456789abcdef"', '"hello"'],
      ['"hello"|encrypt:"aes-256-gcm":"key":"0123456789ab"|bin2hex|strlen', '42'],
    ],
    apply(input, args, context) {
      const bytes = bytesOf('encrypt', input)
      spendText(context, 'encrypt', bytes.length)
      return fromBytes(encryptBytes(bytes, cipherOptions('encrypt', args)))
    },
  }),
  defineFilter({
    name: 'decrypt',
    group,
    summary: 'Undoes encrypt; a wrong key or changed data is an error.',
    input: 'binary',
    returns: 'text',
    args: cipherArguments,
    scalar: true,
    cases: [['"hello"|encrypt:"aes-192-cbc":"key":""|base64_encode|base64_decode|decrypt:"aes-192-cbc":"key":""', '"hello"']],
    apply(input, args, context) {
      const bytes = bytesOf('decrypt', input)
      spendText(context, 'decrypt', bytes.length)
      return fromBytes(decryptBytes(bytes, cipherOptions('decrypt', args)))
    },
  }),
]

const headersArgument: FilterArgumentSpec = { name: 'headers', type: 'object', summary: 'Extra members of the protected header.', required: true }
const checkArgument: FilterArgumentSpec = { name: 'check_claims', type: 'object', summary: 'Claims that must have these values.', required: true }
const keyArgument: FilterArgumentSpec = { name: 'key', type: 'text or object', summary: 'Secret, PEM or JWK.', required: true }
const ttlArgument: FilterArgumentSpec = { name: 'ttl', type: 'int', summary: 'Seconds until it expires; 0 = never.', default: 0 }
const driftArgument: FilterArgumentSpec = { name: 'time_drift', type: 'int', summary: 'Tolerated difference of clocks in seconds.', default: 0 }
const jwsArgument: FilterArgumentSpec = {
  name: 'algorithm',
  type: 'text',
  summary: 'HS, RS, ES or PS with 256, 384 or 512. Never read from the token.',
  required: true,
}
const jweArguments: FilterArgumentSpec[] = [
  {
    name: 'key_algorithm',
    type: 'text',
    summary: 'A128KW … A256KW, A128GCMKW … A256GCMKW, dir, ECDH-ES, ECDH-ES+A128KW … Never read from the token.',
    required: true,
  },
  { name: 'content_algorithm', type: 'text', summary: 'A128GCM … A256GCM, A128CBC-HS256, A192CBC-HS384, A256CBC-HS512.', required: true },
]

const encoding = (filter: string, input: Value, args: readonly Value[], ttl: Value | undefined, context: FilterContext) => ({
  claims: input,
  headers: args[0] ?? null,
  key: args[1] ?? null,
  ttl: intOf(filter, ttl ?? 0, 'ttl'),
  now: context.clock.now(),
})
const decoding = (filter: string, input: Value, args: readonly Value[], drift: Value | undefined, context: FilterContext) => ({
  token: textOf(filter, input),
  check: args[0] ?? null,
  key: args[1] ?? null,
  drift: Math.max(0, intOf(filter, drift ?? 0, 'time_drift')),
  now: context.clock.now(),
})
const jweAlgorithms = (filter: string, args: readonly Value[]) => ({
  key: textOf(filter, args[2] ?? null, 'key_algorithm'),
  content: textOf(filter, args[3] ?? null, 'content_algorithm'),
})

const key32 = '"0123456789abcdef0123456789abcdef"'
/** A signature costs far more than a step. */
const tokenSteps = 100

const tokens = [
  defineFilter({
    name: 'jws_encode',
    aliases: ['crypto_jws_encode'],
    group,
    summary: 'Signs claims as a compact JWS.',
    input: 'any',
    returns: 'text',
    args: [headersArgument, keyArgument, jwsArgument, ttlArgument],
    scalar: true,
    cases: [
      ['"hello"|jws_encode:{}:"secret":"HS256"|jws_decode:{}:"secret":"HS256"', '"hello"'],
      ['{sub: "1"}|jws_encode:{}:"secret":"HS256"', '"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.M11_c_Mkz5wKz70TPIkcPwzBTd5M-3ZW69WFmxuEnHk"'],
    ],
    apply(input, args, context) {
      context.spend(tokenSteps)
      return encodeJws(encoding('jws_encode', input, args, args[3], context), textOf('jws_encode', args[2] ?? null, 'algorithm'))
    },
  }),
  defineFilter({
    name: 'jws_decode',
    aliases: ['crypto_jws_decode'],
    group,
    summary: 'Claims of a compact JWS; a wrong signature, expiry or claim is an error.',
    input: 'text',
    returns: 'any',
    args: [checkArgument, keyArgument, jwsArgument, driftArgument],
    scalar: true,
    cases: [['{sub: "1"}|jws_encode:{}:"secret":"HS512"|jws_decode:{sub: "1"}:"secret":"HS512"', '{sub: "1"}']],
    apply(input, args, context) {
      context.spend(tokenSteps)
      return decodeJws(decoding('jws_decode', input, args, args[3], context), textOf('jws_decode', args[2] ?? null, 'algorithm'))
    },
  }),
  defineFilter({
    name: 'jwe_encode',
    aliases: ['crypto_jwe_encode'],
    group,
    summary: 'Encrypts claims as a compact JWE.',
    input: 'any',
    returns: 'text',
    args: [headersArgument, keyArgument, ...jweArguments, ttlArgument],
    scalar: true,
    cases: [[`"hello"|jwe_encode:{}:${key32}:"A256KW":"A256CBC-HS512"|jwe_decode:{}:${key32}:"A256KW":"A256CBC-HS512"`, '"hello"']],
    apply(input, args, context) {
      context.spend(tokenSteps)
      return encodeJwe(encoding('jwe_encode', input, args, args[4], context), jweAlgorithms('jwe_encode', args), (count) => context.random.bytes(count))
    },
  }),
  defineFilter({
    name: 'jwe_decode',
    aliases: ['crypto_jwe_decode'],
    group,
    summary: 'Claims of a compact JWE; a wrong key, expiry or claim is an error.',
    input: 'text',
    returns: 'any',
    args: [checkArgument, keyArgument, ...jweArguments, driftArgument],
    scalar: true,
    cases: [[`{a: 1}|jwe_encode:{zip: "DEF"}:${key32}:"dir":"A256GCM"|jwe_decode:{a: 1}:${key32}:"dir":"A256GCM"`, '{a: 1}']],
    apply(input, args, context) {
      context.spend(tokenSteps)
      return decodeJwe(decoding('jwe_decode', input, args, args[4], context), jweAlgorithms('jwe_decode', args))
    },
  }),
]

const saltArgument: FilterArgumentSpec = { name: 'salt', type: 'text', summary: 'Must be the same both ways.', default: '' }

const identifiers = [
  defineFilter({
    name: 'secureid_encode',
    group,
    summary: 'Opaque text for an id that only this instance, with the same salt, turns back.',
    input: 'int',
    returns: 'text',
    args: [saltArgument],
    scalar: true,
    cases: [
      ['12345|secureid_encode:"my_salt"|secureid_decode:"my_salt"', '12345'],
      ['9007199254740991|secureid_encode|secureid_decode', '9007199254740991'],
    ],
    apply(input, args, { instanceKeys }) {
      const id = intOf('secureid_encode', input)
      if (id < 0 || !Number.isSafeInteger(id)) throw fatal('Filter "secureid_encode" expects an int from 0 to 9007199254740991.')
      return encodeSecureId(id, { instance: instanceKeys[0] ?? new Uint8Array(), salt: bytesOf('secureid_encode', args[0] ?? null, 'salt') })
    },
  }),
  defineFilter({
    name: 'secureid_decode',
    group,
    summary: 'The id of secureid_encode; null for text made elsewhere, with another salt, or changed.',
    input: 'text',
    returns: 'int or null',
    args: [saltArgument],
    scalar: true,
    cases: [
      ['12345|secureid_encode:"a"|secureid_decode:"b"', 'null'],
      ['"nonsense"|secureid_decode', 'null'],
    ],
    apply(input, args, { instanceKeys }) {
      const [text, salt] = [textOf('secureid_decode', input), bytesOf('secureid_decode', args[0] ?? null, 'salt')]
      for (const instance of instanceKeys) {
        const id = decodeSecureId(text, { instance, salt })
        if (id !== null) return id
      }
      return null
    },
  }),
  defineFilter({
    name: 'create_uid',
    aliases: ['uid'],
    group,
    summary: 'A random int of 53 bits, unique for all practical purposes.',
    input: 'nothing',
    returns: 'int',
    scalar: true,
    cases: [['(|create_uid)|is_int', 'true']],
    apply: (_input, _args, context) => Number(Buffer.from(context.random.bytes(8)).readBigUInt64BE() >> 11n) || 1,
  }),
  defineFilter({
    name: 'uuid',
    aliases: ['uuid4'],
    group,
    summary: 'A random UUID, version 4.',
    input: 'nothing',
    returns: 'text',
    scalar: true,
    cases: [['(|uuid)|strlen', '36']],
    apply: (_input, _args, context) => context.random.uuid(),
  }),
]

export const securityFilters = [...digests, ...ciphers, ...tokens, ...identifiers]
