/** Rows: what is hidden, what is another's, what a caller must not set. */
import { type Attack, face, isRefused, json, list, member, type Trial } from './attack.js'
import type { Reply } from './wire.js'

const ids = (reply: Reply): number[] => list(json(reply)).map((row) => Number(member(row, 'id')))
const search = ({ send, stage }: Trial, body: object): Promise<Reply> => send({ to: 'notes/search', method: 'POST', token: stage.alice.token, body })
/** Of an error of Postgres. */
const knowsSql = /syntax error|sqlstate|relation \\?"|column \\?"|unterminated|does not exist/i

export const blindRead: Attack = {
  id: 'A01',
  title: 'Hidden columns guessed by filter and sort',
  advisories: ['CVE-2023-22894', 'CVE-2026-27886', 'CVE-2025-30352', 'CVE-2025-64748', 'CVE-2024-34708', 'CVE-2022-36079', 'CVE-2026-47378'],
  async run(trial) {
    const { stage } = trial
    const all = await search(trial, {})
    trial.control(all, "Alice's two notes", all.status === 200 && ids(all).length === 2)
    const first = stage.alice.secret
    for (const column of ['vault', 'note.vault', 'VAULT', '"vault"', 'owner.secret', 'account.secret', 'account.password'])
      for (const filter of [
        (value: string) => ({ [`${column}|=`]: value }),
        (value: string) => ({ [`${column}|like`]: `${value.slice(0, 4)}%` }),
        (value: string) => ({ expression: [{ statement: { left: { tag: 'col', operand: column }, op: '=', right: { operand: value } } }] }),
      ]) {
        const [right, wrong] = [await search(trial, { filter: filter(first) }), await search(trial, { filter: filter('!'.repeat(first.length)) })]
        trial.check(right, 'the same answer for a right and a wrong guess', face(right) === face(wrong) && right.status < 500)
      }
    for (const column of ['vault', 'account.secret']) {
      const [up, down] = [await search(trial, { sort: { [column]: 'asc' } }), await search(trial, { sort: { [column]: 'desc' } })]
      trial.check(up, 'the same order upwards and downwards', face(up) === face(down) && up.status < 500)
    }
  },
}

const hostileNames = [
  `"`,
  `'`,
  '\\',
  `"; drop table note; --`,
  `'; drop table note; --`,
  `id" or "1"="1`,
  'id) or (1=1',
  'id/**/or/**/1=1',
  'id;select pg_sleep(9)',
  '(select vault from note limit 1)',
  `"body" desc, (select 1/0)`,
  `body"->>'a`,
  '$1',
  '$$',
  'ctid',
  'pg_catalog.pg_user.usename',
  'stackhold.admin_token',
  '__proto__',
  'constructor',
  'a\u0000b',
  '\u02bc; drop table note',
  'x'.repeat(64),
]

export const sqlNames: Attack = {
  id: 'A02',
  title: 'SQL through names of columns and operators',
  advisories: ['GHSA-qpr4-jrj4-6f27', 'GHSA-gqpp-xgvh-9h7h', 'GHSA-q3vj-96h2-gwvg', 'GHSA-c442-97qw-j6c6', 'GHSA-p2w6-rmh7-w8q3', 'GHSA-c2hr-cqg6-8j6r'],
  async run(trial) {
    const isOwn = (reply: Reply): boolean => isRefused(reply) || (reply.status === 200 && Array.isArray(json(reply)) && ids(reply).length <= 2)
    for (const name of hostileNames)
      for (const body of [{ sort: { [name]: 'asc' } }, { filter: { [`${name}|=`]: 1 } }, { filter: { [`id|${name}`]: 1 } }]) {
        const reply = await search(trial, body)
        trial.check(
          reply,
          'refused, or own rows only, and no word of SQL',
          isOwn(reply) && !knowsSql.test(reply.text.replaceAll(JSON.stringify(name).slice(1, -1), '')) && reply.ms < 8_000,
        )
      }
    const left = await search(trial, {})
    trial.control(left, 'every note is still there', ids(left).length === 2)
  },
}

export const massAssignment: Attack = {
  id: 'A05',
  title: 'Columns that a caller must not set',
  advisories: ['CVE-2023-39345', 'CVE-2026-39942', 'CVE-2024-6534', 'CVE-2022-39225'],
  async run({ send, check, stage: { alice, bob } }) {
    const extra = { id: 987_654, created_at: 0, owner: bob.id, owner_id: bob.id, reviewed: true, role: 'admin', vault: 'x', data: { owner: bob.id } }
    const made = await send({ to: 'note', method: 'POST', token: alice.token, body: { body: 'mine', ...extra } })
    const row = json(made)
    const isMine = (value: unknown): boolean =>
      member(value, 'owner') === alice.id && member(value, 'reviewed') !== true && member(value, 'id') !== extra.id && member(value, 'created_at') !== 0
    check(made, 'a note of Alice with values of its own', made.status === 200 && isMine(row))
    const to = `note/${Number(member(row, 'id'))}`
    const changed = await send({ to, method: 'PATCH', token: alice.token, body: { body: 'still mine', ...extra } })
    check(changed, 'the body changed and nothing else', changed.status === 200 && isMine(json(changed)))
    await send({ to, method: 'DELETE', token: alice.token })
  },
}

export const foreignRows: Attack = {
  id: 'A06',
  title: "Another's rows by their ids",
  advisories: ['CVE-2022-46792', 'CVE-2026-28361', 'GHSA-fcv6-fg5r-jm9q', 'CVE-2022-30617'],
  async run(trial) {
    const { send, check, control, stage } = trial
    const [id = 0] = ids(await search(trial, {}))
    const own = await send({ to: `note/${id}`, token: stage.alice.token })
    control(own, 'Alice reads her own note', own.status === 200 && member(json(own), 'id') === id)
    const forged = [`?owner=${stage.alice.id}`, `?auth[id]=${stage.alice.id}`, `?user_id=${stage.alice.id}`, '?id[]=1&id[]=2', '?or=1']
    for (const [method, body] of [
      ['GET', undefined],
      ['PATCH', { body: 'taken', owner: stage.alice.id }],
      ['DELETE', undefined],
    ] as const) {
      const nothing = await send({ to: `note/${id + 900_000}`, method, token: stage.bob.token, body })
      const reply = await send({ to: `note/${id}`, method, token: stage.bob.token, body })
      check(reply, 'what is answered for a note that is not there', reply.status === 404 && face(reply) === face(nothing))
    }
    for (const query of forged) {
      const reply = await send({ to: `note/${id}${query}`, token: stage.bob.token })
      check(reply, 'not found, or refused', [400, 404].includes(reply.status))
    }
    const still = await send({ to: `note/${id}`, token: stage.alice.token })
    control(still, 'the note is as it was', face(still) === face(own))
  },
}

export const emptyLists: Attack = {
  id: 'A38',
  title: 'Empty lists in filters',
  advisories: ['GHSA-hxgm-ghmv-xjjm'],
  async run(trial) {
    const all = ids(await search(trial, {})).length
    for (const [filter, count] of [
      [{ 'id|in': [] }, 0],
      [{ 'id|in': null }, 0],
      [{ 'id|not in': [] }, all],
      [{ expression: [{ statement: { left: { tag: 'col', operand: 'id' }, op: 'in', right: { operand: [] } } }] }, 0],
    ] as const) {
      const reply = await search(trial, { filter })
      trial.check(reply, `${count} rows`, reply.status === 200 && Array.isArray(json(reply)) && ids(reply).length === count)
    }
  },
}

export const rowAttacks: readonly Attack[] = [blindRead, sqlNames, massAssignment, foreignRows, emptyLists]
