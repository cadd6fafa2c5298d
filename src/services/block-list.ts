/** Passwords that everyone tries first: a list that ships with the server, read when the first password is judged. */

export interface BlockList {
  /** Whether the password is on the list, in whatever case. */
  has(password: string): boolean
}

export type LoadBlockList = () => Promise<BlockList>

/** A block list of given passwords. */
export function createBlockList(passwords: Iterable<string>): BlockList {
  const known = new Set<string>()
  for (const password of passwords) known.add(fold(password))
  return { has: (password) => known.has(fold(password)) }
}

const fold = (text: string): string => text.normalize('NFKC').toLowerCase()

let common: Promise<BlockList> | undefined

/** The 49,233 most common passwords of known breaches (zxcvbn-ts); about 100 ms and 10 MB, once per process. */
export function loadCommonPasswords(): Promise<BlockList> {
  common ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => createBlockList(dictionary['passwords-common']))
  return common
}
