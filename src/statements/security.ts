/** Tokens, passwords and random values. */
import { AppError, fatal } from '../errors.js'
import { fromBytes, isInt, isObj, obj, type Value } from '../lib/value.js'
import type { Random } from '../runtime/capabilities.js'
import { toInt, toNumber, toText } from '../runtime/convert.js'
import { defineAsyncStatement, defineStatement } from '../runtime/define.js'

const group = 'security'

const createAuthToken = defineAsyncStatement({
  name: 'security.create_auth_token',
  group,
  summary: 'Issues a token for a row of a table that has auth enabled.',
  args: {
    table: { type: 'text', summary: 'The table.', required: true, aliases: ['dbtable'] },
    id: { type: 'any', summary: 'Id of the row.', required: true },
    extras: { type: 'object', summary: 'Readable as $auth.extras; at most 2 KB.', default: null },
    expiration: { type: 'int', summary: 'Seconds until it expires.', default: 86400 },
  },
  result: 'The token.',
  examples: ['security.create_auth_token {\n  table = "user"\n  extras = {}\n  expiration = 86400\n  id = $user.id\n} as $authToken'],
  async run({ table, id, extras, expiration }, { run: { tokens } }) {
    if (id === null || id === undefined || id === '') throw fatal('security.create_auth_token needs the id of a row.')
    const seconds = toInt(expiration ?? null)
    return tokens.issue({ table: toText(table ?? null), id, extras: isObj(extras) ? extras : obj(), ...(seconds > 0 ? { expiration: seconds } : {}) })
  },
})

const checkPassword = defineAsyncStatement({
  name: 'security.check_password',
  group,
  summary: 'Whether a text is the password of a hash; takes the same time either way.',
  args: {
    text_password: { type: 'text', summary: 'The password as typed.', required: true },
    hash_password: { type: 'text', summary: 'The stored hash.', required: true },
  },
  result: 'A bool.',
  examples: ['security.check_password {\n  text_password = $input.password\n  hash_password = $user.password\n} as $ok'],
  run: ({ text_password, hash_password }, { run: { passwords } }) => passwords.verify(toText(text_password ?? null), toText(hash_password ?? null)),
})

const createUuid = defineStatement({
  name: 'security.create_uuid',
  group,
  summary: 'A random UUID (version 4).',
  result: 'The UUID.',
  examples: ['security.create_uuid as $id'],
  run: (_, { run: { random } }) => random.uuid(),
})

const randomNumber = defineStatement({
  name: 'security.random_number',
  group,
  summary: 'A random int, unpredictable, both bounds included.',
  args: { min: { type: 'int', summary: 'Lower bound.', default: 0 }, max: { type: 'int', summary: 'Upper bound.', default: Number.MAX_SAFE_INTEGER } },
  result: 'An int.',
  examples: ['security.random_number {\n  min = 1\n  max = 6\n} as $n'],
  run({ min, max }, { run: { random } }) {
    const [low, high] = [Math.ceil(toNumber(min ?? 0)), Math.floor(toNumber(max ?? Number.MAX_SAFE_INTEGER))]
    if (low > high) throw fatal(`security.random_number: min ${low} is greater than max ${high}.`)
    return random.int(low, high)
  },
})

/** More random bytes than this are refused. */
const maxBytes = 1_000_000

const randomBytes = defineStatement({
  name: 'security.random_bytes',
  group,
  summary: 'Random bytes; encode them before returning them.',
  args: { length: { type: 'int', summary: 'How many.', required: true } },
  result: 'Binary text.',
  examples: ['security.random_bytes { length = 16 } as $bytes'],
  run({ length }, { run: { random } }) {
    const count = toNumber(length ?? null)
    if (!isInt(count) || count < 0 || count > maxBytes) throw fatal(`security.random_bytes: length must be between 0 and ${maxBytes}.`)
    return fromBytes(random.bytes(count))
  },
})

const lowercase = 'abcdefghijklmnopqrstuvwxyz'
const uppercase = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const digits = '0123456789'
const symbols = '!@#$%^&*()-_=+[]{};:,.?'

const createPassword = defineStatement({
  name: 'security.create_password',
  group,
  summary: 'A random password.',
  args: {
    character_count: { type: 'int', summary: 'Length.', required: true },
    require_lowercase: { type: 'bool', summary: 'At least one lower-case letter.' },
    require_uppercase: { type: 'bool', summary: 'At least one upper-case letter.' },
    require_digit: { type: 'bool', summary: 'At least one digit.' },
    require_symbol: { type: 'bool', summary: 'At least one symbol.' },
    symbol_whitelist: { type: 'text', summary: 'The symbols that may appear.' },
  },
  result: 'Text.',
  examples: ['security.create_password {\n  character_count = 12\n  require_digit = true\n} as $password'],
  run(args, { run: { random } }) {
    const whitelist = toText(args['symbol_whitelist'] ?? null)
    const sets: [wanted: Value | undefined, characters: string][] = [
      [args['require_lowercase'], lowercase],
      [args['require_uppercase'], uppercase],
      [args['require_digit'], digits],
      [args['require_symbol'], whitelist === '' ? symbols : whitelist],
    ]
    return password(toInt(args['character_count'] ?? null), sets, random)
  },
})

/** A password with a character of every wanted set; without any wish, of letters and digits. */
function password(length: number, sets: [wanted: Value | undefined, characters: string][], random: Random): string {
  const wanted = sets.filter(([wish]) => wish === true).map(([, characters]) => characters)
  if (length < Math.max(1, wanted.length) || length > 1024) throw new AppError('fatal', `A password of ${length} characters is not possible here.`)
  const alphabet = [...(wanted.length > 0 ? wanted.join('') : ''), ...lowercase, ...uppercase, ...digits]
  const pick = (characters: readonly string[]): string => characters[random.int(0, characters.length - 1)] ?? ''
  const out = wanted.map((characters) => pick([...characters]))
  while (out.length < length) out.push(pick(alphabet))
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.int(0, i)
    const [a, b] = [out[i] ?? '', out[j] ?? '']
    out[i] = b
    out[j] = a
  }
  return out.join('')
}

export const securityStatements = [createAuthToken, checkPassword, createUuid, randomNumber, randomBytes, createPassword]
