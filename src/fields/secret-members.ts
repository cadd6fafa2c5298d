/** Passwords inside objects: `object password_reset { schema { password token? } }`, as one-time tokens are kept. */
import type { Field } from '../lang/tree.js'
import { isObj, type Obj, type Value } from '../lib/value.js'

/** Paths of the password members below a field. Members of listed objects are not looked for: such columns are refused. */
export function secretPaths(field: Field): string[][] {
  return (field.fields ?? []).flatMap((member) =>
    member.type === 'password' ? [[member.name]] : member.list === undefined ? secretPaths(member).map((path) => [member.name, ...path]) : [],
  )
}

/** The value with the texts at those paths replaced by their hashes; what is empty or absent stays so. */
export async function hashMembers(value: Value, paths: readonly string[][], hash: (text: string) => Promise<string>): Promise<Value> {
  if (!isObj(value)) return value
  const out: Obj = new Map(value)
  for (const [key = '', ...rest] of paths) {
    const member = out.get(key)
    if (rest.length > 0) {
      if (member !== undefined) out.set(key, await hashMembers(member, [rest], hash))
    } else if (typeof member === 'string' && member !== '') out.set(key, await hash(member))
  }
  return out
}
