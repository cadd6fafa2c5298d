/**
 * What is written down of requests holds no secret: the log at its most talkative, the history, the events, the audit log (Directus CVE-2025-53886,
 * CVE-2024-47822, CVE-2026-39943; n8n CVE-2026-65589; Strapi CVE-2021-46440). Of URLs no token is read at all.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTemporaryDirectory, type TemporaryDirectory } from '../helpers/temporary-directory.js'
import { goodPassword } from './accounts.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const secrets = {
  adminToken: 'shk_canary-admin-token-that-is-long-enough',
  master: 'canary-master-secret-that-is-long-enough',
  smtp: 'canary-smtp-password',
  header: 'canary-x-api-key',
  cookie: 'canary-cookie-value',
  variable: 'canary-value-of-a-variable',
  wrongPassword: 'Canary-Wr0ng-passw0rd!',
  oneTime: 'canary-one-time-code',
  password: goodPassword,
}

let child: ChildProcess
let directory: TemporaryDirectory
let url = ''
let output = ''
beforeAll(async () => {
  directory = createTemporaryDirectory()
  child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'start'], {
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      PORT: '0',
      STACKHOLD_DATA: directory.path,
      STACKHOLD_LOG_LEVEL: 'trace',
      STACKHOLD_ADMIN_TOKEN: secrets.adminToken,
      STACKHOLD_SECRET: secrets.master,
      STACKHOLD_SMTP_URL: `smtp://user:${secrets.smtp}@127.0.0.1:9`,
      STACKHOLD_MAIL_FROM: 'Shop <shop@example.com>',
      STACKHOLD_LOGINS_PER_MINUTE: '1000',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  url = await new Promise<string>((resolve, reject) => {
    const note = (data: Buffer): void => {
      output += data.toString()
      const found = /listens on (http:\S+)/.exec(output)?.[1]
      if (found !== undefined) resolve(found)
    }
    child.stdout?.on('data', note)
    child.stderr?.on('data', note)
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)))
  })
}, 60_000)
afterAll(async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
  directory.remove()
})

interface Sending {
  method?: string
  token?: string
  body?: unknown
  headers?: Record<string, string>
}

/** With secrets where callers put them. */
async function call(path: string, { method = 'GET', token, body, headers = {} }: Sending = {}): Promise<{ status: number; text: string }> {
  const answer = await fetch(url + path, {
    method,
    headers: {
      'x-api-key': secrets.header,
      cookie: `session=${secrets.cookie}`,
      ...(body === undefined ? {} : { 'content-type': typeof body === 'string' ? 'text/x-xanoscript' : 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: answer.status, text: await answer.text() }
}
const meta = (method: string, path: string, body?: unknown) =>
  call(`/api:meta${path}`, { method, token: secrets.adminToken, ...(body === undefined ? {} : { body }) })

/** Failures whose texts name values: of Postgres, of JavaScript, of templates, of other databases. */
const failures = ['twice', 'script', 'template', 'elsewhere']

const failing = `workspace Stackhold {
  env = {API_KEY: "${secrets.variable}"}
}
---
api_group noisy {
  canonical = "noisy"
}
---
query fail verb=POST {
  api_group = "noisy"
  public = "test"
  input {
    text code {
      sensitive = true
    }
    text password?
  }
  stack {
    debug.log {
      value = $input.code
    }
  }
  response = null
}
---
query outbound verb=POST {
  api_group = "noisy"
  public = "test"
  input {
    text code {
      sensitive = true
    }
  }
  stack {
    api.request {
      url = "http://127.0.0.1:9/x?key=" ~ $env.API_KEY ~ "&code=" ~ $input.code
      headers = []|push:"Authorization: Bearer " ~ $env.API_KEY
    } as $answer
  }
  response = null
}
---
query divide verb=POST {
  api_group = "noisy"
  public = "test"
  input {
    text code {
      sensitive = true
    }
  }
  stack {
    var $x {
      value = 1 / ($input.code|strlen|subtract:($input.code|strlen))
    }
  }
  response = $x
}
---
table voucher {
  schema {
    int id
    text code {
      sensitive = true
    }
  }
  index = [
    {type: "btree|unique", field: [{name: "code"}]}
  ]
}
---
${Object.entries({
  twice: 'db.add voucher {\n  data = {code: $input.code}\n} as $one\ndb.add voucher {\n  data = {code: $input.code}\n} as $two',
  script: 'api.lambda {\n  code = "console.log($input.code, $env.API_KEY); throw new Error($input.code + $env.API_KEY)"\n} as $x',
  template: 'util.template_engine {\n  value = "{{ $env.API_KEY }}{{ $input.code|nope }}"\n} as $x',
  elsewhere:
    'db.external.postgres.direct_query {\n  sql = "select ?"\n  arg = [$input.code]\n  response_type = "list"\n  connection_string = "postgres://u:" ~ $env.API_KEY ~ "@127.0.0.1:9/x"\n} as $x',
})
  .map(
    ([name, stack]) =>
      `query ${name} verb=POST {\n  api_group = "noisy"\n  public = "test"\n  input {\n    text code {\n      sensitive = true\n    }\n  }\n  stack {\n${stack}\n  }\n  response = null\n}`,
  )
  .join('\n---\n')}`

it('nothing that is written down holds a secret', { timeout: 60_000 }, async () => {
  const pushed = await meta('POST', '/workspace/1/multidoc?partial=true&env=true', failing)
  expect(pushed.status).toBe(200)
  const groups = JSON.parse((await meta('GET', '/workspace/1/apigroup')).text) as { items: { name: string; canonical: string }[] }
  const base = `/api:${groups.items.find(({ name }) => name === 'authentication')?.canonical}/auth`
  const signedUp = await call(`${base}/signup`, { method: 'POST', body: { email: 'ann@example.com', password: goodPassword, name: 'Ann' } })
  const token = (JSON.parse(signedUp.text) as { authToken: string }).authToken
  expect(token.split('.')).toHaveLength(5)

  const answers = [
    await call(`${base}/login`, { method: 'POST', body: { email: 'ann@example.com', password: secrets.wrongPassword } }),
    await call(`${base}/login`, { method: 'POST', body: { email: 'ann@example.com', password: [secrets.wrongPassword] } }),
    await call(`${base}/login`, {
      method: 'POST',
      body: `{"email":"ann@example.com","password":"${secrets.wrongPassword}"`,
      headers: { 'content-type': 'application/json' },
    }),
    await call(`${base}/me`, { token }),
    await call(`${base}/me`, { token: `${token}x` }),
    await call(`${base}/me?token=${token}&access_token=${token}`),
    await call('/api:noisy/fail', { method: 'POST', body: { code: secrets.oneTime, password: secrets.wrongPassword } }),
    await call('/api:noisy/outbound', { method: 'POST', body: { code: secrets.oneTime } }),
    await call('/api:noisy/divide', { method: 'POST', body: { code: secrets.oneTime } }),
    await call(`/api:noisy/nope?api_key=${secrets.header}`),
    ...(await Promise.all(failures.map((name) => call(`/api:noisy/${name}`, { method: 'POST', body: { code: secrets.oneTime } })))),
    await meta('POST', '/account', { email: 'boss@example.com', role: 'auditor', password: goodPassword }),
    await call('/api:meta/auth/login', { method: 'POST', body: { email: 'boss@example.com', password: secrets.wrongPassword } }),
    await call(`/api:meta/workspace?token=${secrets.adminToken}`),
  ]
  // A token in a URL opens nothing.
  expect([answers[5]?.status, answers.at(-1)?.status]).toEqual([401, 401])
  for (const [i, name] of failures.entries()) expect([name, answers[10 + i]?.status]).not.toEqual([name, 200])
  // A program that does not run, and one that fails.
  expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([500, 501]))

  const kept = [
    ...answers,
    await meta('GET', '/workspace/1/request_history?per_page=500&include_output=true'),
    await meta('GET', '/security/event?per_page=500'),
    await meta('GET', '/audit_log?per_page=500&include_data=true'),
    await meta('GET', '/security/alert'),
    await meta('GET', '/workspace/1/multidoc'),
    await call('/metrics'),
  ]
  expect(kept.at(-6)?.text).toContain('/divide')
  // What is logged of a request may come a moment after its answer.
  await expect.poll(() => output).toContain('request_failed')
  const written = [output, ...kept.map(({ text }) => text)]
  const found = Object.entries({ ...secrets, token }).flatMap(([name, secret]) =>
    written.flatMap((text, i) =>
      text.includes(secret)
        ? [`${name} in ${i === 0 ? 'the log' : `answer ${i}`}: …${text.slice(Math.max(0, text.indexOf(secret) - 120), text.indexOf(secret) + 20)}`]
        : [],
    ),
  )
  expect(found).toEqual([])
})
