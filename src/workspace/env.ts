/** Workspace variables, sealed at rest. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Queryable } from '../db/client.js'
import { AppError } from '../errors.js'
import { type Obj, obj } from '../lib/value.js'

/** Seals one value; `about` (workspace and name) is bound to it, so that a sealed value cannot be moved. */
export interface EnvCipher {
  seal(text: string, about: string): Buffer
  /** Throws when the value was sealed with another key or for something else. */
  open(sealed: Buffer, about: string): string
}

const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM; keys are 32 bytes derived for this purpose alone. The first seals; the others open what was sealed with them. */
export function createEnvCipher(key: Uint8Array, previous: readonly Uint8Array[] = []): EnvCipher {
  const open = (sealed: Buffer, about: string, secret: Uint8Array): string => {
    const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes }).setAAD(Buffer.from(about))
    decipher.setAuthTag(sealed.subarray(-tagBytes))
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString('utf8')
  }
  return {
    seal(text, about) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(about))
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    },
    open(sealed, about) {
      let refusal: unknown
      for (const secret of [key, ...previous]) {
        try {
          return open(sealed, about, secret)
        } catch (error) {
          refusal ??= error
        }
      }
      throw refusal
    },
  }
}

const aboutOf = (workspaceId: number, name: string): string => `env/${workspaceId}/${name}`

/** All variables of a workspace, by name. */
export async function readEnv(db: Queryable, cipher: EnvCipher, workspaceId: number): Promise<Obj> {
  const rows = await db.kysely.selectFrom('env_var').select(['name', 'value']).where('workspace_id', '=', workspaceId).orderBy('name').execute()
  return obj(rows.map((row) => [row.name, openValue(cipher, row.value, workspaceId, row.name)]))
}

function openValue(cipher: EnvCipher, sealed: Buffer, workspaceId: number, name: string): string {
  try {
    return cipher.open(sealed, aboutOf(workspaceId, name))
  } catch (cause) {
    throw new AppError('fatal', `The variable ${name} of workspace ${workspaceId} cannot be opened.`, {
      cause,
      hint: 'It was saved with another master secret: name that one in STACKHOLD_SECRET_PREVIOUS.',
    })
  }
}

/** Sets the variables; with `replace` the others are removed. */
export async function writeEnv(db: Queryable, cipher: EnvCipher, workspaceId: number, values: ReadonlyMap<string, string>, replace: boolean): Promise<void> {
  if (replace) await db.kysely.deleteFrom('env_var').where('workspace_id', '=', workspaceId).execute()
  for (const [name, text] of values) {
    const value = cipher.seal(text, aboutOf(workspaceId, name))
    await db.kysely
      .insertInto('env_var')
      .values({ workspace_id: workspaceId, name, value })
      .onConflict((conflict) => conflict.columns(['workspace_id', 'name']).doUpdateSet({ value, updated_at: new Date() }))
      .execute()
  }
}
