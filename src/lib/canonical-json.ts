/** JSON with one spelling per value, for hashes: keys sorted by code unit, no spaces (in the manner of RFC 8785). */

/** Takes what `JSON.stringify` takes; undefined members are left out. */
export function canonicalJson(value: unknown): string {
  if (value instanceof Map) return writeMembers([...value].map(([key, member]) => [String(key), member]))
  if (Array.isArray(value)) return `[${value.map((item: unknown) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value === 'object' && value !== null && !hasToJson(value)) return writeMembers(Object.entries(value))
  return JSON.stringify(value) ?? 'null'
}

const writeMembers = (entries: readonly (readonly [string, unknown])[]): string =>
  `{${entries
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
    .join(',')}}`

const hasToJson = (value: object): boolean => 'toJSON' in value && typeof value.toJSON === 'function'
