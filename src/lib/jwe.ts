/** Compact JWE (RFC 7516, 7518), synchronous. Both algorithms always come from the caller. */
import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import {
  buildHeader,
  decodeBase64url,
  encodeBase64url,
  type KeyInput,
  pairKey,
  readHeader,
  secretOfLength,
  splitToken,
  TokenError,
  type TokenHeader,
} from './jwk.js'

export type RandomBytes = (count: number) => Uint8Array

const failed = (): TokenError => new TokenError('invalid', 'The token cannot be decrypted.')

/** Content encryption: bytes of key and IV, and the two directions. */
interface ContentCipher {
  keyLength: number
  ivLength: number
  encrypt(plain: Uint8Array, key: Uint8Array, iv: Uint8Array, aad: Buffer): { text: Buffer; tag: Buffer }
  decrypt(text: Uint8Array, key: Uint8Array, iv: Uint8Array, tag: Uint8Array, aad: Buffer): Buffer
}

function gcm(bits: 128 | 192 | 256): ContentCipher {
  const name: CipherGCMTypes = `aes-${bits}-gcm`
  return {
    keyLength: bits / 8,
    ivLength: 12,
    encrypt(plain, key, iv, aad) {
      const cipher = createCipheriv(name, key, iv, { authTagLength: 16 }).setAAD(aad)
      const text = Buffer.concat([cipher.update(plain), cipher.final()])
      return { text, tag: cipher.getAuthTag() }
    },
    decrypt(text, key, iv, tag, aad) {
      if (iv.length !== 12 || tag.length !== 16) throw failed()
      const cipher = createDecipheriv(name, key, iv, { authTagLength: 16 }).setAAD(aad)
      cipher.setAuthTag(tag)
      return Buffer.concat([cipher.update(text), cipher.final()])
    },
  }
}

function cbcHmac(bits: 128 | 192 | 256, hash: string): ContentCipher {
  const half = bits / 8
  const tagOf = (key: Uint8Array, iv: Uint8Array, text: Uint8Array, aad: Buffer): Buffer => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(aad.length) * 8n)
    return createHmac(hash, key.subarray(0, half)).update(aad).update(iv).update(text).update(length).digest().subarray(0, half)
  }
  return {
    keyLength: half * 2,
    ivLength: 16,
    encrypt(plain, key, iv, aad) {
      const cipher = createCipheriv(`aes-${bits}-cbc`, key.subarray(half), iv)
      const text = Buffer.concat([cipher.update(plain), cipher.final()])
      return { text, tag: tagOf(key, iv, text, aad) }
    },
    decrypt(text, key, iv, tag, aad) {
      const expected = tagOf(key, iv, text, aad)
      if (iv.length !== 16 || tag.length !== half || !timingSafeEqual(tag, expected)) throw failed()
      const cipher = createDecipheriv(`aes-${bits}-cbc`, key.subarray(half), iv)
      return Buffer.concat([cipher.update(text), cipher.final()])
    },
  }
}

const contentCiphers: Readonly<Record<string, ContentCipher>> = {
  A128GCM: gcm(128),
  A192GCM: gcm(192),
  A256GCM: gcm(256),
  'A128CBC-HS256': cbcHmac(128, 'sha256'),
  'A192CBC-HS384': cbcHmac(192, 'sha384'),
  'A256CBC-HS512': cbcHmac(256, 'sha512'),
}

/** What key management adds to the header, and the key of the content. */
interface Wrapped {
  contentKey: Uint8Array
  encryptedKey: Uint8Array
  header: Record<string, unknown>
}
interface KeyManagement {
  wrap(key: KeyInput, content: { name: string; cipher: ContentCipher }, header: TokenHeader, random: RandomBytes): Wrapped
  unwrap(key: KeyInput, content: { name: string; cipher: ContentCipher }, header: TokenHeader, encryptedKey: Buffer): Uint8Array
}

/** AES key wrap (RFC 3394). */
const defaultIv = Buffer.alloc(8, 0xa6)
function wrapKey(secret: Uint8Array, contentKey: Uint8Array): Buffer {
  const cipher = createCipheriv(`id-aes${secret.length * 8}-wrap`, secret, defaultIv)
  return Buffer.concat([cipher.update(contentKey), cipher.final()])
}
function unwrapKey(secret: Uint8Array, encryptedKey: Buffer): Buffer {
  const cipher = createDecipheriv(`id-aes${secret.length * 8}-wrap`, secret, defaultIv)
  return Buffer.concat([cipher.update(encryptedKey), cipher.final()])
}

const keyWrap = (name: string, bits: number): KeyManagement => ({
  wrap(key, { cipher }, _header, random) {
    const contentKey = random(cipher.keyLength)
    return { contentKey, encryptedKey: wrapKey(secretOfLength(key, bits / 8, name), contentKey), header: {} }
  },
  unwrap: (key, _content, _header, encryptedKey) => unwrapKey(secretOfLength(key, bits / 8, name), encryptedKey),
})

const noData = Buffer.alloc(0)
function gcmKeyWrap(name: string, bits: 128 | 192 | 256): KeyManagement {
  const wrapper = gcm(bits)
  return {
    wrap(key, { cipher }, _header, random) {
      const [contentKey, iv] = [random(cipher.keyLength), random(12)]
      const { text, tag } = wrapper.encrypt(contentKey, secretOfLength(key, bits / 8, name), iv, noData)
      return { contentKey, encryptedKey: text, header: { iv: encodeBase64url(iv), tag: encodeBase64url(tag) } }
    },
    unwrap(key, _content, header, encryptedKey) {
      const [iv, tag] = [bytesMember(header, 'iv'), bytesMember(header, 'tag')]
      return wrapper.decrypt(encryptedKey, secretOfLength(key, bits / 8, name), iv, tag, noData)
    },
  }
}

const direct: KeyManagement = {
  wrap: (key, { name, cipher }) => ({ contentKey: secretOfLength(key, cipher.keyLength, name), encryptedKey: noData, header: {} }),
  unwrap(key, { name, cipher }, _header, encryptedKey) {
    if (encryptedKey.length !== 0) throw failed()
    return secretOfLength(key, cipher.keyLength, name)
  },
}

function bytesMember(header: TokenHeader, name: string): Buffer {
  const member = Object.hasOwn(header, name) ? header[name] : undefined
  if (typeof member !== 'string') throw new TokenError('malformed', 'The token is malformed.')
  return decodeBase64url(member)
}
const optionalBytes = (header: TokenHeader, name: string): Buffer => (Object.hasOwn(header, name) ? bytesMember(header, name) : noData)

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const sized = (bytes: Uint8Array): Buffer => Buffer.concat([uint32(bytes.length), bytes])

/** Concat KDF with SHA-256 (RFC 7518, 4.6.2). */
function deriveKey(secret: Buffer, algorithm: string, length: number, header: TokenHeader): Buffer {
  const info = Buffer.concat([
    sized(Buffer.from(algorithm, 'ascii')),
    sized(optionalBytes(header, 'apu')),
    sized(optionalBytes(header, 'apv')),
    uint32(length * 8),
  ])
  const rounds = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    createHash('sha256')
      .update(uint32(i + 1))
      .update(secret)
      .update(info)
      .digest(),
  )
  return Buffer.concat(rounds).subarray(0, length)
}

const curves: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }
function curveOf(key: KeyObject): string {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? ''
  if (!Object.hasOwn(curves, curve)) throw new TokenError('key', 'The algorithm needs a key on P-256, P-384 or P-521.')
  return curve
}

/** Key agreement with an ephemeral key; `bits` is null for direct agreement. */
const ecdh = (name: string, bits: number | null): KeyManagement => {
  const agree = (secret: Buffer, content: { name: string; cipher: ContentCipher }, header: TokenHeader): Buffer =>
    bits === null ? deriveKey(secret, content.name, content.cipher.keyLength, header) : deriveKey(secret, name, bits / 8, header)
  return {
    wrap(key, content, header, random) {
      const publicKey = pairKey(key, 'public', 'ec')
      const ephemeral = generateKeyPairSync('ec', { namedCurve: curveOf(publicKey) })
      const { crv, x, y } = ephemeral.publicKey.export({ format: 'jwk' })
      const added = { epk: { kty: 'EC', crv, x, y } }
      const agreed = agree(diffieHellman({ privateKey: ephemeral.privateKey, publicKey }), content, header)
      if (bits === null) return { contentKey: agreed, encryptedKey: noData, header: added }
      const contentKey = random(content.cipher.keyLength)
      return { contentKey, encryptedKey: wrapKey(agreed, contentKey), header: added }
    },
    unwrap(key, content, header, encryptedKey) {
      const privateKey = pairKey(key, 'private', 'ec')
      const agreed = agree(diffieHellman({ privateKey, publicKey: ephemeralKey(header, curveOf(privateKey)) }), content, header)
      if (bits !== null) return unwrapKey(agreed, encryptedKey)
      if (encryptedKey.length !== 0) throw failed()
      return agreed
    },
  }
}

/** The sender's key; OpenSSL refuses a point that is not on the curve. */
function ephemeralKey(header: TokenHeader, curve: string): KeyObject {
  const epk = (Object.hasOwn(header, 'epk') ? header['epk'] : null) as Record<string, unknown> | null
  if (typeof epk !== 'object' || epk?.['kty'] !== 'EC' || epk['crv'] !== curves[curve]) throw failed()
  return createPublicKey({ key: { kty: 'EC', crv: String(epk['crv']), x: String(epk['x']), y: String(epk['y']) }, format: 'jwk' })
}

const keyManagements: Readonly<Record<string, KeyManagement>> = {
  A128KW: keyWrap('A128KW', 128),
  A192KW: keyWrap('A192KW', 192),
  A256KW: keyWrap('A256KW', 256),
  A128GCMKW: gcmKeyWrap('A128GCMKW', 128),
  A192GCMKW: gcmKeyWrap('A192GCMKW', 192),
  A256GCMKW: gcmKeyWrap('A256GCMKW', 256),
  dir: direct,
  'ECDH-ES': ecdh('ECDH-ES', null),
  'ECDH-ES+A128KW': ecdh('ECDH-ES+A128KW', 128),
  'ECDH-ES+A192KW': ecdh('ECDH-ES+A192KW', 192),
  'ECDH-ES+A256KW': ecdh('ECDH-ES+A256KW', 256),
}
export const jweKeyAlgorithms: readonly string[] = Object.keys(keyManagements)
export const jweContentAlgorithms: readonly string[] = Object.keys(contentCiphers)

function getEntry<T>(table: Readonly<Record<string, T>>, name: string, what: string): T {
  const entry = Object.hasOwn(table, name) ? table[name] : undefined
  if (!entry) throw new TokenError('algorithm', `Unknown ${what} algorithm "${name.slice(0, 40)}"; known are ${Object.keys(table).join(', ')}.`)
  return entry
}

/** Most bytes a compressed token may inflate to. */
const maxInflated = 4 * 1024 * 1024

export interface JweAlgorithms {
  /** Key management, `alg`. */
  key: string
  /** Content encryption, `enc`. */
  content: string
}

/** Encrypts a payload; a header with `zip: "DEF"` compresses it. Throws {@link TokenError}. */
export function encryptJwe(payload: Uint8Array | string, key: KeyInput, algorithms: JweAlgorithms, random: RandomBytes, header: TokenHeader = {}): string {
  const management = getEntry(keyManagements, algorithms.key, 'key management')
  const cipher = getEntry(contentCiphers, algorithms.content, 'content encryption')
  const first = { alg: algorithms.key, enc: algorithms.content }
  const wrapped = management.wrap(key, { name: algorithms.content, cipher }, header, random)
  const head = encodeBase64url(JSON.stringify({ ...buildHeader({ ...first, ...wrapped.header }, header) }))
  const iv = random(cipher.ivLength)
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : Buffer.from(payload)
  const { text, tag } = cipher.encrypt(isCompressed(header) ? deflateRawSync(bytes) : bytes, wrapped.contentKey, iv, Buffer.from(head, 'ascii'))
  return [head, encodeBase64url(wrapped.encryptedKey), encodeBase64url(iv), encodeBase64url(text), encodeBase64url(tag)].join('.')
}

function isCompressed(header: TokenHeader): boolean {
  if (!Object.hasOwn(header, 'zip')) return false
  if (header['zip'] !== 'DEF') throw new TokenError('algorithm', 'The only compression of a JWE is DEF.')
  return true
}

/** Header and payload of a token that decrypts. Throws {@link TokenError}. */
export function decryptJwe(token: string, key: KeyInput, algorithms: JweAlgorithms): { header: TokenHeader; payload: Buffer } {
  const management = getEntry(keyManagements, algorithms.key, 'key management')
  const cipher = getEntry(contentCiphers, algorithms.content, 'content encryption')
  const [head = '', encryptedKey = '', iv = '', text = '', tag = ''] = splitToken(token, 5)
  const header = readHeader(head, { alg: algorithms.key, enc: algorithms.content })
  const parts = [encryptedKey, iv, text, tag].map(decodeBase64url) as [Buffer, Buffer, Buffer, Buffer]
  try {
    const contentKey = management.unwrap(key, { name: algorithms.content, cipher }, header, parts[0])
    if (contentKey.length !== cipher.keyLength) throw failed()
    const payload = cipher.decrypt(parts[2], contentKey, parts[1], parts[3], Buffer.from(head, 'ascii'))
    return { header, payload: isCompressed(header) ? inflateRawSync(payload, { maxOutputLength: maxInflated }) : payload }
  } catch (error) {
    throw error instanceof TokenError ? error : failed()
  }
}
