/** Passwords that everyone tries first: lists that ship with the server, read when the first password is judged. */
import { readFile } from 'node:fs/promises'
import { openXorFilter } from '../lib/xor-filter.js'

export interface BlockList {
  /** Whether the text, in whatever case, is so common that a password must not be it with a few digits and symbols around it either. */
  has(text: string): boolean
  /** Whether the whole password is known from a breach, in whatever case; a password in 65,536 is taken for one. */
  isBreached(password: string): boolean
}

export type LoadBlockList = () => Promise<BlockList>

/** A block list of given passwords. */
export function createBlockList(passwords: Iterable<string>, isBreached: (folded: string) => boolean = () => false): BlockList {
  const known = new Set<string>()
  for (const password of passwords) known.add(foldPassword(password))
  return {
    has: (text) => known.has(foldPassword(text)),
    isBreached: (password) => isBreached(foldPassword(password)),
  }
}

/** How passwords are compared with those of the lists. */
export const foldPassword = (text: string): string => text.normalize('NFKC').toLowerCase()

let common: Promise<BlockList> | undefined

/**
 * The 49,233 most common passwords (zxcvbn-ts), and a filter over the million that leaked most often (`data/README.md`); about 100 ms and 13 MB,
 * once per process.
 */
export function loadCommonPasswords(): Promise<BlockList> {
  common ??= readLists()
  return common
}

async function readLists(): Promise<BlockList> {
  const root = import.meta.url.endsWith('.ts') ? '../..' : '../../..'
  const [{ dictionary }, bytes] = await Promise.all([
    import('@zxcvbn-ts/language-common'),
    readFile(new URL(`${root}/data/breached-passwords.bin`, import.meta.url)),
  ])
  const breached = openXorFilter(bytes)
  return createBlockList(dictionary['passwords-common'], (folded) => breached.has(folded))
}
