/** Values of encrypted columns: AES-256-GCM under a key of their workspace, bound to the place they stand in. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Vault } from '../runtime/capabilities.js'
import { deriveKey } from './keys.js'

const nonceBytes = 12
const tagBytes = 16
const version = 'v1'

interface Key {
  /** 8 hex digits, derived apart from the key: they tell nothing of it. */
  id: string
  bytes: Buffer
}

/** The vault of each workspace. `secrets`: the current master secret first; older ones still open what was sealed with them. */
export function createVaults(secrets: readonly Uint8Array[]): (workspaceId: number) => Vault {
  const vaults = new Map<number, Vault>()
  return (workspaceId) => {
    let vault = vaults.get(workspaceId)
    if (vault === undefined) {
      vault = createVault(secrets.map((secret) => keyOf(secret, workspaceId)))
      vaults.set(workspaceId, vault)
    }
    return vault
  }
}

const keyOf = (secret: Uint8Array, workspaceId: number): Key => ({
  id: deriveKey(secret, `stackhold/column-key-id/${workspaceId}`).toString('hex', 0, 4),
  bytes: deriveKey(secret, `stackhold/column/${workspaceId}`),
})

/** `v1.<key id>.<base64url of nonce, ciphertext, tag>`. */
function createVault(keys: readonly Key[]): Vault {
  const [current] = keys
  if (current === undefined) throw new TypeError('A vault needs a secret')
  const prefix = `${version}.${current.id}.`
  return {
    seal(text, place) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', current.bytes, nonce).setAAD(Buffer.from(place))
      const body = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${prefix}${body.toString('base64url')}`
    },
    open(sealed, place) {
      const [form, id, body = ''] = sealed.split('.')
      const key = form === version ? keys.find((candidate) => candidate.id === id) : undefined
      const bytes = Buffer.from(body, 'base64url')
      if (key === undefined || bytes.length < nonceBytes + tagBytes) return undefined
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes }).setAAD(Buffer.from(place))
      decipher.setAuthTag(bytes.subarray(-tagBytes))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString('utf8')
      } catch {
        return undefined
      }
    },
    isCurrent: (sealed) => sealed.startsWith(prefix),
  }
}
