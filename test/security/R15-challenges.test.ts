/** Forms that anyone may send ask for work or a CAPTCHA first, when their definition says so. */
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { leadingZeroBits } from '../../src/services/challenge.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

const query = (name: string, challenge: string, stack = ''): string => `query ${name} verb=POST {
  api_group = "forms"
  public = "test"
  security = {challenge: ${challenge}}
  input {
    text text?
  }
  stack {
${stack}
  }
  response = "sent"
}`
const workspace = [
  'api_group forms {\n  canonical = "forms"\n}',
  query('contact', '{kind: "work", difficulty: 10}'),
  query('other', '{kind: "work", difficulty: 10}'),
  query('human', '"captcha"'),
  query(
    'login',
    '{kind: "work", difficulty: 10, after: 3}',
    '    precondition ($input.text == "right") {\n      error_type = "accessdenied"\n      error = "No."\n    }',
  ),
].join('\n---\n')

/** What a provider of CAPTCHAs does, as the test tells it. */
let behaviour: (body: URLSearchParams) => { status?: number; body?: string; hang?: true }
let asked: URLSearchParams[] = []
let verifier: Server
let server: ListeningServer
let node: { url: string; close(): Promise<void> }
beforeAll(async () => {
  verifier = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const body = new URLSearchParams(text)
      asked.push(body)
      const answer = behaviour(body)
      if (answer.hang !== true) response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(answer.body ?? '{"success":true}')
    })
  })
  await new Promise<void>((resolve) => verifier.listen(0, '127.0.0.1', resolve))
  const address = verifier.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  server = await startListeningServer({
    STACKHOLD_TRUST_PROXY: 'true',
    STACKHOLD_CAPTCHA_URL: `http://127.0.0.1:${port}/siteverify`,
    STACKHOLD_CAPTCHA_SECRET: 'canary-captcha-secret',
    STACKHOLD_EGRESS_ALLOW: '127.0.0.1',
  })
  await server.pushText(workspace)
  node = await server.addNode()
}, 60_000)
afterAll(async () => {
  await node.close()
  await server.close()
  verifier.closeAllConnections()
  verifier.close()
})
beforeEach(() => {
  asked = []
  behaviour = () => ({})
})

const send = (name: string, headers: Record<string, string> = {}, { text = 'x', url = server.url, ip = '192.0.2.1' } = {}) =>
  server.call('POST', `/api:forms/${name}`, { body: { text }, headers: { 'x-forwarded-for': ip, ...headers }, url })
const challengeOf = async (name = 'contact'): Promise<string> => (await send(name, {}, { ip: '203.0.113.9' })).body.payload.challenge as string

function solve(challenge: string, difficulty = 10): string {
  for (let n = 0; ; n++) if (leadingZeroBits(createHash('sha256').update(`${challenge}.${n}`).digest()) >= difficulty) return `${challenge}.${n}`
}
const work = (solution: string, options: { url?: string } = {}, name = 'contact') => send(name, { 'x-proof-of-work': solution }, options)

describe('proof of work', () => {
  it('without one the answer is the challenge, and nothing runs', async () => {
    const answer = await send('contact')
    expect([answer.status, answer.body.payload]).toMatchObject([
      428,
      { kind: 'work', algorithm: 'SHA-256', difficulty: 10, header: 'X-Proof-Of-Work', expires_in: 300 },
    ])
    expect((await send('contact')).body.payload.challenge).not.toBe(answer.body.payload.challenge)
  })

  it('a solution opens it once', async () => {
    const solution = solve(await challengeOf())
    expect((await work(solution)).status).toBe(200)
    expect((await work(solution)).status).toBe(428)
    expect((await work(solution, { url: node.url })).status).toBe(428)
    // Another nonce for the same challenge is the same challenge.
    const challenge = solution.slice(0, solution.indexOf('.'))
    let other = 0
    for (let n = 1_000_000; other === 0; n++) if (leadingZeroBits(createHash('sha256').update(`${challenge}.${n}`).digest()) >= 10) other = n
    expect((await work(`${challenge}.${other}`)).status).toBe(428)
  })

  it('fifty at once over two nodes open it once', async () => {
    const solution = solve(await challengeOf())
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => work(solution, { url: n % 2 === 0 ? server.url : node.url })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('one node makes it, another takes it', async () => {
    expect((await work(solve(await challengeOf()), { url: node.url })).status).toBe(200)
  })

  it('forged, eased, expired, moved or unsolved ones open nothing', async () => {
    const challenge = await challengeOf()
    const [difficulty = '', end = '', random = '', signature = ''] = challenge.split('-')
    const eased = `8-${end}-${random}-${signature}`
    const later = `${difficulty}-${Number(end) + 600}-${random}-${signature}`
    const own = `${difficulty}-${end}-${'0'.repeat(32)}-${signature}`
    let unsolved = ''
    for (let n = 0; unsolved === ''; n++) if (leadingZeroBits(createHash('sha256').update(`${challenge}.${n}`).digest()) < 10) unsolved = `${challenge}.${n}`
    for (const solution of [
      unsolved,
      solve(eased, 8),
      solve(later),
      solve(own),
      solve(`${challenge}x`),
      challenge,
      '',
      '.',
      `${solve(challenge)}\u00e9`,
      `${solve(challenge)}.1`,
      'x'.repeat(9_000),
    ])
      expect((await work(solution)).status).toBe(428)
    // The challenge of one form is none for another.
    expect((await work(solve(await challengeOf('other')))).status).toBe(428)
    expect((await work(solve(challenge))).status).toBe(200)
  })
})

describe('CAPTCHA', () => {
  const human = (token: string, options: { url?: string } = {}) => send('human', token === '' ? {} : { 'x-captcha-token': token }, options)

  it('the verifier is asked, with secret, token and address; its yes opens, once', async () => {
    expect((await human('token-1')).status).toBe(200)
    expect(Object.fromEntries(asked[0] ?? [])).toEqual({ secret: 'canary-captcha-secret', response: 'token-1', remoteip: '192.0.2.1' })
    for (const url of [server.url, node.url]) expect((await human('token-1', { url })).status).toBe(428)
  })

  it('without a token nobody is asked', async () => {
    const answer = await human('')
    expect([answer.status, answer.body.payload, asked]).toEqual([428, { kind: 'captcha', header: 'X-Captcha-Token' }, []])
  })

  it.each<[what: string, answer: { status?: number; body?: string }]>([
    ['no', { body: '{"success":false,"error-codes":["timeout-or-duplicate"]}' }],
    ['a yes in text', { body: '{"success":"true"}' }],
    ['a yes with an error status', { status: 500, body: '{"success":true}' }],
    ['a redirect', { status: 302, body: '{"success":true}' }],
    ['nonsense', { body: '<html>' }],
    ['null', { body: 'null' }],
    ['nothing', { body: '' }],
  ])('%s opens nothing', async (what, answer) => {
    behaviour = () => answer
    const refused = await human(`token ${what}`)
    expect([refused.status, refused.text.includes('canary')]).toEqual([428, false])
  })

  it('a verifier that does not answer opens nothing, and is not waited for without end', async () => {
    behaviour = () => ({ hang: true })
    const began = performance.now()
    expect((await human('slow')).status).toBe(428)
    expect(performance.now() - began).toBeLessThan(30_000)
  }, 60_000)
})

it('after three failures of an address, and only then', async () => {
  const login = (text: string, headers: Record<string, string> = {}, ip = '198.51.100.1') => send('login', headers, { text, ip })
  for (let n = 0; n < 3; n++) {
    expect((await login('right')).status).toBe(200)
    expect((await login('wrong')).status).toBe(403)
  }
  const asking = await login('right')
  expect([asking.status, asking.body.payload.kind]).toEqual([428, 'work'])
  expect((await login('right', { 'x-proof-of-work': solve(asking.body.payload.challenge) })).status).toBe(200)
  expect((await login('right', {}, '198.51.100.2')).status).toBe(200)
})

it('without a verifier in the configuration the form is closed, not open', async () => {
  const plain = await startListeningServer()
  await plain.pushText(workspace)
  expect((await plain.call('POST', '/api:forms/human', { body: {}, headers: { 'x-captcha-token': 'x' } })).status).toBe(503)
  await plain.close()
}, 60_000)

it.each(['"puzzle"', '5', '{kind: "work", difficulty: 60}', '{kind: "work", after: -1}', '{difficulty: 10}'])(
  'challenge: %s is refused with its line',
  async (challenge) => {
    const answer = await server.call('POST', '/api:meta/workspace/1/multidoc?partial=true', { body: query('wrong', challenge), token: server.adminToken })
    expect([answer.status, answer.body.payload.errors]).toMatchObject([400, [{ line: 4, message: 'security.challenge is not a challenge.' }]])
  },
)
