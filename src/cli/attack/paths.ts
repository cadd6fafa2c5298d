/** Doors: who gets in without a token, by another spelling, from another website. */
import { type Attack, header, isRefused, json, list, member, type Sending } from './attack.js'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

const failOpen: Attack = {
  id: 'A07',
  title: 'Endpoints that nobody closed',
  advisories: ['CVE-2025-48757', 'CVE-2023-34093'],
  async run({ send, meta, check, control, stage }) {
    const { mode, workspace, alice } = stage
    const unreviewed = await send({ to: 'unreviewed' })
    if (mode === 'development') check(unreviewed, 'a warning that production refuses it', header(unreviewed, 'x-stackhold-warning') !== '')
    else check(unreviewed, '401: nobody said that it is public', unreviewed.status === 401 && !unreviewed.text.includes('canary'))
    const opened = await send({ to: 'private/canary', token: alice.token })
    control(opened, 'it opens for a token', opened.status === 200 && opened.text.includes('canary-private'))
    for (const authorization of [
      null,
      '',
      'Bearer',
      'Bearer ',
      'Bearer null',
      'Bearer undefined',
      'Basic eDp5',
      `Token ${alice.token}`,
      alice.token,
      `Bearer ${alice.token}, Basic x`,
    ])
      for (const method of methods) {
        const reply = await send({ to: 'private/canary', method, headers: authorization === null ? [] : [['Authorization', authorization]] })
        check(reply, '401', (reply.status === 401 || reply.status === 404) && !reply.text.includes('canary'))
      }
    const groups = list(member(json(await meta('GET', `/workspace/${workspace}/apigroup`)), 'items'))
    const made = await meta('POST', `/workspace/${workspace}/apigroup/${Number(member(groups[0], 'id'))}/api`, { name: 'silent', verb: 'GET' })
    check(made, 'refused: no auth and no reason', made.status === 400 || made.status === 422)
  },
}

const endings = ['/', '//', '/.', '/..', '%00', '%20', ';', ';a=b', '?', '#', '.json', '%2f', '%3f', '\\', '%', '%ff', '%c0%af', '~']
const slashes = ['//', '/./', '/x/../', '/%2e/', '\\', '/;/', '%2f', '/%00/', '/%2e%2e/']

/** Spellings that one layer may take for the path and another one not. */
function spellingsOf(path: string): string[] {
  const at = path.lastIndexOf('/')
  const replaced = slashes.map((text) => path.slice(0, at) + text + path.slice(at + 1))
  const letter = at + 1
  const hex = path.charCodeAt(letter).toString(16)
  const coded = [`%${hex}`, `%25${hex}`, (path[letter] ?? '').toUpperCase()].map((text) => path.slice(0, letter) + text + path.slice(letter + 1))
  const whole = [path.toUpperCase(), `http://x${path}`, `//x${path}`, `/.${path}`, `/%2e${path}`, `/x/..${path}`, path.slice(1)]
  return [...endings.map((end) => path + end), ...replaced, ...coded, ...whole]
}

const byPath: Attack = {
  id: 'A08',
  title: 'Another spelling of a private path',
  advisories: ['CVE-2026-6270', 'CVE-2026-33807', 'CVE-2026-22037', 'CVE-2025-66415'],
  async run({ send, check, stage: { canonical, mode } }) {
    const paths = [`/api:${canonical}/private/canary`, '/api:meta/workspace', ...(mode === 'production' ? [`/apispec:${canonical}`] : [])]
    for (const path of paths)
      for (const to of spellingsOf(path)) {
        const reply = await send({ to })
        check(reply, '400, 401 or 404', [0, 400, 401, 404].includes(reply.status) && !reply.text.includes('canary-private'))
      }
    for (const name of ['X-Original-URL', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-Forwarded-Prefix']) {
      const reply = await send({ to: 'echo/x', headers: [[name, name.includes('Method') ? 'DELETE' : `/api:${canonical}/private/canary`]] })
      check(reply, 'the endpoint of the path', reply.status === 200 && reply.text === '{"name":"x"}')
    }
  },
}

const cors: Attack = {
  id: 'A24',
  title: 'A foreign website asks from a browser',
  advisories: ['CVE-2025-53092', 'CVE-2026-34373'],
  async run({ send, check, stage: { canonical, alice } }) {
    const sendings: Sending[] = [
      { to: '/' },
      { to: '/health' },
      { to: '/nope' },
      { to: 'echo/x' },
      { to: 'me' },
      { to: 'me', token: alice.token },
      { to: 'nope' },
      { to: 'number', method: 'POST', body: '{' },
      { to: `/apispec:${canonical}` },
      { to: '/api:meta/workspace' },
    ]
    for (const sending of sendings)
      for (const origin of ['https://attacker.example', 'null']) {
        const reply = await send({ ...sending, headers: [['Origin', origin]] })
        check(
          reply,
          'an answer without Access-Control-Allow-*',
          reply.status > 0 && ![...reply.headers.keys()].some((name) => name.startsWith('access-control-allow')),
        )
      }
    for (const to of ['me', '/api:meta/workspace']) {
      const preflight = await send({
        to,
        method: 'OPTIONS',
        headers: [
          ['Origin', 'https://attacker.example'],
          ['Access-Control-Request-Method', 'DELETE'],
          ['Access-Control-Request-Headers', 'authorization'],
        ],
      })
      check(preflight, 'no permission', preflight.status > 0 && header(preflight, 'access-control-allow-origin') === '')
    }
  },
}

const caches: Attack = {
  id: 'A32',
  title: 'Answers that a cache hands to another',
  advisories: ['CVE-2024-45596'],
  async run({ send, check, stage: { alice, bob } }) {
    for (const [name, value] of [
      ['If-None-Match', '*'],
      ['If-Modified-Since', new Date(Date.now() + 86_400_000).toUTCString()],
      ['Cache-Control', 'only-if-cached'],
      ['Range', 'bytes=0-1'],
    ] as const) {
      for (const { token, id } of [alice, bob]) {
        const reply = await send({ to: 'me', token, headers: [[name, value]] })
        check(reply, `the whole answer for account ${id}`, reply.status === 200 && member(json(reply), 'id') === id)
      }
    }
    for (const sending of [{ to: 'me', token: alice.token }, { to: 'me' }, { to: 'echo/x' }, { to: '/nope' }, { to: '/api:meta/workspace' }]) {
      const reply = await send(sending)
      const told = ['etag', 'last-modified', 'expires'].filter((name) => reply.headers.has(name))
      check(reply, 'no-store and no validator', header(reply, 'cache-control') === 'no-store' && told.length === 0)
    }
    const styled = await send({ to: 'me/x.css', token: alice.token })
    check(styled, 'a path that looks static is not kept', header(styled, 'cache-control') === 'no-store' && styled.status !== 200)
  },
}

const leftovers = [
  '/.env',
  '/.git/config',
  '/package.json',
  '/swagger',
  '/openapi.json',
  '/api-docs',
  '/graphql',
  '/debug',
  '/server-status',
  '/.well-known/../.env',
  '/admin',
]

const versions: Attack = {
  id: 'A33',
  title: 'Versions, files and descriptions for everyone',
  advisories: ['CVE-2024-27296', 'CVE-2025-53887', 'CVE-2024-22207'],
  async run({ send, check, stage: { canonical, mode } }) {
    const telling = /fastify|node(\.js)?\/\d|postgres|v\d+\.\d+\.\d+/i
    for (const to of ['/', '/health', '/nope', '/api:meta', '/%zz', 'echo/x', 'me', 'nope']) {
      const reply = await send({ to })
      const headers = [...reply.headers.keys()].filter((name) => /^(server|via|x-powered-by|x-version|x-runtime|x-generator)$/.test(name))
      check(reply, 'no name and no version', reply.status > 0 && headers.length === 0 && !telling.test(reply.text))
    }
    for (const to of leftovers) {
      const reply = await send({ to })
      check(reply, '401 or 404', isRefused(reply))
    }
    if (mode === 'development') return
    for (const to of [`/apispec:${canonical}?type=json`, `/api:${canonical}`, `/api:${canonical}/`]) {
      const reply = await send({ to })
      check(reply, 'no description for strangers', isRefused(reply))
    }
  },
}

export const pathAttacks: readonly Attack[] = [failOpen, byPath, cors, caches, versions]
