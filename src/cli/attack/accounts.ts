/** Accounts: single use, sessions that outlive their reason, who is there, who is who. */
import { randomBytes } from 'node:crypto'
import { type Attack, face, json, member, type Sending, type Trial } from './attack.js'
import type { Reply } from './wire.js'

const times = <T>(n: number, make: (i: number) => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: n }, (_, i) => make(i)))

const singleUse: Attack = {
  id: 'A17',
  title: 'What is good once, used many times at once',
  advisories: ['GHSA-r3xq-68wh-gwvh', 'GHSA-2299-ghjr-6vjp', 'GHSA-w73w-g5xw-rwhf', 'GHSA-jpq4-7fmq-q5fj', 'CVE-2026-47386'],
  async run({ send, meta, check, control, stage: { workspace, alice } }) {
    const run = (name: string, input: object): Promise<Reply> => meta('POST', `/workspace/${workspace}/function/run`, { name, input })
    const ticket = await run('ticket', { id: alice.id })
    const token = member(json(ticket), 'result')
    control(ticket, 'a token for one use', typeof token === 'string')
    const used = await times(20, () => run('redeem', { token }))
    const wins = used.filter((reply) => member(json(reply), 'result') === true)
    check(wins[0] ?? used[0] ?? ticket, `one of 20 succeeds (${wins.length} did)`, wins.length === 1)

    const key = `attack-${randomBytes(9).toString('hex')}`
    const sending: Sending = { to: 'note', method: 'POST', token: alice.token, body: { body: key }, headers: [['Idempotency-Key', key]] }
    const answers = [...(await times(20, () => send(sending))), await send(sending)]
    const rows = await send({ to: 'notes/search', method: 'POST', token: alice.token, body: { filter: { 'body|=': key } } })
    const made: unknown[] = [json(rows)].flat()
    check(rows, 'one idempotency key makes one note', made.length === 1 && member(made[0], 'body') === key)
    const last = answers.at(-1) ?? rows
    check(last, 'and is answered with it', last.status === 200 && member(json(last), 'id') === member(made[0], 'id'))
    await send({ to: `note/${Number(member(made[0], 'id'))}`, method: 'DELETE', token: alice.token })
  },
}

const survivingSessions: Attack = {
  id: 'A18',
  title: 'Tokens that outlive a password, a lock-out or an account',
  advisories: ['CVE-2026-28396', 'CVE-2026-53928', 'GHSA-g72g-r7m4-9x4g', 'CVE-2026-22706', 'CVE-2025-3930', 'GHSA-56p6-qw3c-fq2g'],
  async run({ send, meta, check, control, stage: { workspace, tables, crowd } }) {
    const ends: ((person: (typeof crowd)[number]) => Promise<Reply>)[] = [
      (person) => send({ to: 'password', method: 'POST', token: person.token, body: { password: `Bb2@${randomBytes(12).toString('base64url')}` } }),
      (person) => meta('POST', `/workspace/${workspace}/auth/account/${person.id}/revoke`),
      (person) => meta('DELETE', `/workspace/${workspace}/table/${tables['account']}/content/${person.id}`),
    ]
    for (const [i, end] of ends.entries()) {
      // From the end: A22 needs the others.
      const person = crowd.at(-1 - i)
      if (person === undefined) continue
      const before = await send({ to: 'me', token: person.token })
      control(before, 'the token is good', before.status === 200)
      const ended = await end(person)
      control(ended, 'the change is made', ended.status === 200)
      const after = await eventually(() => send({ to: 'me', token: person.token }), 401)
      check(after, '401 from then on', after.status === 401)
    }
  },
}

/** Changes of an administrator reach every node by a notification: some milliseconds. */
async function eventually(ask: () => Promise<Reply>, status: number): Promise<Reply> {
  for (let tries = 0; ; tries++) {
    const reply = await ask()
    if (reply.status === status || tries === 20) return reply
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const enumeration: Attack = {
  id: 'A19',
  title: 'Answers that tell whether an account exists',
  advisories: ['CVE-2026-26185', 'CVE-2024-39896', 'GHSA-w54v-hf9p-8856'],
  async run({ send, check, stage: { alice, nobody } }) {
    const logIn = (email: string): Promise<Reply> => send({ to: 'login', method: 'POST', body: { email, password: 'Not-the-password-1!' } })
    const [unknown, wrong, without] = [await logIn('nobody-at-all@example.com'), await logIn(alice.email), await logIn(nobody.email)]
    check(wrong, 'the answer for an address nobody has', face(wrong) === face(unknown) && wrong.status === 403)
    check(without, 'the same for an account without a password', face(without) === face(unknown) && without.status === 403)
  },
}

const identities: Attack = {
  id: 'A21',
  title: 'A token where another one belongs, an identity in the request',
  advisories: ['CVE-2026-59208', 'CVE-2026-31813', 'GHSA-8xq9-g7ch-35hg'],
  async run({ send, check, control, stage: { alice, bob, stranger, adminToken } }) {
    const admin = await send({ to: '/api:meta/auth/me', token: adminToken })
    control(admin, 'the administrator is known', admin.status === 200)
    const wrong: readonly (readonly [to: string, token: string])[] = [
      ['me', stranger],
      ['me', adminToken],
      ['/api:meta/auth/me', alice.token],
      ['/api:meta/workspace', stranger],
    ]
    for (const [to, token] of wrong) {
      const reply = await send({ to, token })
      check(reply, '401', reply.status === 401)
    }
    const { id } = bob
    const forgeries: Sending[] = [
      { to: `me?user_id=${id}&id=${id}&auth=${id}&auth.id=${id}&auth[id]=${id}&__proto__[auth]=${id}` },
      { to: 'me', method: 'POST', body: `{"user_id":${id},"auth":{"id":${id}},"auth.id":${id},"id":${id}}` },
      { to: 'me', method: 'POST', body: `{"user_id":{"__proto__":{"auth":{"id":${id}}}}}` },
      ...['X-User-Id', 'X-Auth-Id', 'X-Authenticated-User', 'Remote-User', 'X-Forwarded-User'].map(
        (name): Sending => ({ to: 'me', headers: [[name, String(id)]] }),
      ),
    ]
    for (const forgery of forgeries) {
      const reply = await send({ ...forgery, token: alice.token })
      check(reply, `account ${alice.id}, or refused`, reply.status === 400 || (reply.status === 200 && member(json(reply), 'id') === alice.id))
    }
  },
}

const sharedState: Attack = {
  id: 'A22',
  title: 'Callers mixed up under load',
  advisories: ['CVE-2026-32242'],
  async run({ send, check, stage: { alice, bob, crowd } }) {
    const people = [alice, bob, ...crowd.slice(0, 6)]
    for (let round = 0; round < 4; round++) {
      const replies = await times(40, (i) => send({ to: 'me', method: i % 3 === 0 ? 'GET' : 'POST', token: people[i % people.length]?.token ?? '' }))
      for (const [i, reply] of replies.entries()) {
        const { id } = people[i % people.length] ?? alice
        check(reply, `account ${id}`, reply.status === 200 && member(json(reply), 'id') === id)
      }
    }
  },
}

const limits: Attack = {
  id: 'A23',
  title: 'Limits evaded by spelling and headers',
  advisories: ['CVE-2023-38507', 'CVE-2025-64526', 'GHSA-775h-3xrc-c228'],
  async run(trial) {
    const { send, check, control, stage } = trial
    const spellings = ['', '?x=1', '?x=2', '', '', '#a', '?', '?%20', '', '?limit=0']
    const replies: Reply[] = []
    for (const [i, end] of spellings.entries())
      replies.push(
        await send({
          to: `limited${end}`,
          limitsCount: true,
          headers: [
            ['X-Forwarded-For', `6.6.6.${i}`],
            ['X-Real-IP', `6.6.7.${i}`],
            ['User-Agent', `u${i}`],
          ],
        }),
      )
    const [first] = replies
    if (first !== undefined) control(first, 'the first ones are served', first.status === 200)
    for (const reply of replies.slice(5)) check(reply, '429 with Retry-After from the sixth on', reply.status === 429 && reply.headers.has('retry-after'))
    await guess(trial, stage.alice)
  },
}

/** Twelve guesses are more than a minute of one address and a quarter of an hour of one account allow. */
async function guess({ send, check }: Trial, { email, password }: { email: string; password: string }): Promise<void> {
  const guesses = 12
  for (let i = 0; i < guesses; i++)
    await send({
      to: `login${i % 2 === 0 ? '' : '?x=1'}`,
      method: 'POST',
      limitsCount: true,
      headers: [['X-Forwarded-For', `6.6.8.${i}`]],
      body: { email: i % 3 === 0 ? email.toUpperCase() : email, password: `Wrong-guess-${i}!`, i },
    })
  const right = await send({ to: 'login', method: 'POST', limitsCount: true, body: { email, password } })
  check(right, `429 after ${guesses} guesses, for the right password too`, right.status === 429 && right.headers.has('retry-after'))
}

export const accountAttacks: readonly Attack[] = [singleUse, sharedState, survivingSessions, identities, enumeration]
/** They leave limits used up: last. */
export const limitAttacks: readonly Attack[] = [limits]
