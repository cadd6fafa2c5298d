/** A workspace of its own for the attacks, with accounts that nobody misses; gone when they are over. */
import { randomBytes } from 'node:crypto'
import { AppError } from '../../errors.js'
import { header, json, list, member, type Person, type Stage } from './attack.js'
import { type Client, createClient } from './client.js'
import { program } from './program.js'
import type { Origin, Reply } from './wire.js'

const random = (bytes: number): string => randomBytes(bytes).toString('base64url')
const crowdSize = 10

/** Makes the stage, hands it over, and takes it away again whatever happens. Throws AppError `fatal` when it cannot be made or not be removed. */
export async function withStage<T>(origin: Origin, adminToken: string, act: (stage: Stage) => Promise<T>): Promise<T> {
  const admin = createAdmin(createClient({ origin, targetOf: (name) => name }), adminToken)
  const workspace = Number(member(await admin('POST', '/workspace', { name: `attack ${random(6)}`, description: 'Made by "stackhold attack".' }), 'id'))
  try {
    return await act(await furnish(admin, origin, adminToken, workspace))
  } finally {
    await admin('DELETE', `/workspace/${workspace}?for_good=true`)
  }
}

type Admin = (method: string, path: string, body?: unknown) => Promise<unknown>

const createAdmin =
  (client: Client, token: string): Admin =>
  async (method, path, body) => {
    const type = typeof body === 'string' ? { type: 'text/x-xanoscript' } : {}
    const reply = await client.send({ to: `/api:meta${path}`, method, token, ...type, ...(body === undefined ? {} : { body }) })
    if (reply.status < 200 || reply.status > 299) throw refusal(reply)
    return json(reply)
  }

function refusal({ sent, status, text }: Reply): AppError {
  if (status === 0) return new AppError('fatal', 'There is no answer.', { hint: 'Is the server running? Start it with: stackhold start' })
  const hint =
    status === 401 ? 'Pass the token of an owner: --token, or STACKHOLD_TOKEN.' : 'Workspaces named "attack …" are left from earlier runs: delete them.'
  return new AppError('fatal', `${sent}: ${status} ${text.slice(0, 500)}`, { hint })
}

async function furnish(admin: Admin, origin: Origin, adminToken: string, workspace: number): Promise<Stage> {
  const canonical = random(16)
  const at = `/workspace/${workspace}`
  await admin('POST', `${at}/multidoc?partial=true`, program(canonical))
  const items = list(member(await admin('GET', `${at}/table?per_page=100`), 'items'))
  const tables = Object.fromEntries(items.map((one) => [String(member(one, 'name')), Number(member(one, 'id'))]))
  const mint = async (table: string, id: number): Promise<string> =>
    String(member(await admin('POST', `${at}/function/run`, { name: `mint ${table}`, input: { id } }), 'result'))

  const person = async (name: string, hasPassword = true): Promise<Person> => {
    const [email, password, secret] = [`${name}-${random(6)}@example.com`.toLowerCase(), `Aa1!${random(18)}`, random(12)]
    const row = await admin('POST', `${at}/table/${tables['account']}/content`, { email, secret, ...(hasPassword ? { password } : {}) })
    const id = Number(member(row, 'id'))
    return { id, email, password, secret, token: await mint('account', id) }
  }
  const [alice, bob, nobody] = [await person('alice'), await person('bob'), await person('nobody', false)]
  const crowd: Person[] = []
  for (let n = 0; n < crowdSize; n++) crowd.push(await person(`crowd${n}`))
  await admin('POST', `${at}/table/${tables['guest']}/content`, { name: 'guest' })
  for (const [owner, body] of [
    [alice, 'first'],
    [alice, 'second'],
    [bob, 'of bob'],
  ] as const)
    await admin('POST', `${at}/table/${tables['note']}/content`, { owner: owner.id, body, vault: owner.secret })

  const targetOf = (name: string): string => `/api:${canonical}/${name}`
  const unreviewed = await createClient({ origin, targetOf }).send({ to: 'unreviewed' })
  const mode = header(unreviewed, 'x-stackhold-warning') === '' ? 'production' : 'development'
  const stranger = await mint('guest', alice.id)
  return { workspace, canonical, tables, alice, bob, nobody, crowd, stranger, adminToken, mode }
}
