// npm run scan [-- --mode production,development --only wapiti,sqlmap]
// Runs wapiti and sqlmap against a server of its own on loopback, with the examples pushed, and prints what they found.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { start } from './load.mjs'

const { values: options } = parseArgs({
  options: {
    mode: { type: 'string', default: 'production,development' },
    only: { type: 'string', default: 'wapiti,sqlmap' },
  },
})
const root = resolve(import.meta.dirname, '..')
/** Without those that load lists from the internet or need a listener there: nikto, wapp, ssrf, takeover, xxe, drupal and wordpress. */
const modules =
  'backup,blindsql,brute_login_form,buster,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock,sql,xss'
const password = 'Violet-Harbour-77'
const email = 'scan@example.com'

const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)))

async function startStackhold(mode, directory) {
  const probe = createServer()
  const port = await listen(probe)
  await new Promise((done) => probe.close(done))
  const token = `shk_${randomBytes(32).toString('base64url')}`
  const url = `http://127.0.0.1:${port}`
  const server = await start({
    args: [join(root, 'dist/src/cli.js'), 'start', ...(mode === 'development' ? ['--dev'] : [])],
    cwd: directory,
    url: `${url}/health`,
    env: {
      PORT: String(port),
      HOST: '127.0.0.1',
      DATABASE_URL: '',
      STACKHOLD_DATA: join(directory, 'data'),
      STACKHOLD_ADMIN_TOKEN: token,
      STACKHOLD_ENV: mode,
      STACKHOLD_LOG_LEVEL: 'error',
      STACKHOLD_HIDE_ROUTES: 'false',
      // Limits would stop the scanners, not a mistake: they are tested elsewhere.
      STACKHOLD_REQUESTS_PER_MINUTE: '1000000',
      STACKHOLD_LOGINS_PER_MINUTE: '1000000',
      STACKHOLD_LOGINS_PER_ACCOUNT: '1000000',
      STACKHOLD_TOTAL_LOGINS_PER_MINUTE: '1000000',
      STACKHOLD_EXPENSIVE_PER_MINUTE: '1000000',
      STACKHOLD_ARGON2_MEMORY_KIB: '8192',
      STACKHOLD_ARGON2_TIME: '1',
    },
  })
  return { ...server, url, token }
}

async function call({ url, token }, method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': typeof body === 'string' ? 'text/x-xanoscript' : 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return JSON.parse(text)
}

async function pushExamples(server) {
  for (const example of ['examples/blog', 'examples/two-audiences']) {
    const directory = join(root, example)
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.xs'))
    // Both have a table "user"; the second one's accounts are other people in another workspace.
    const workspace = example.endsWith('blog') ? 1 : (await call(server, 'POST', '/api:meta/workspace', { name: 'Careers' })).id
    const text = files.map((file) => readFileSync(join(directory, file), 'utf8')).join('\n---\n')
    await call(server, 'POST', `/api:meta/workspace/${workspace}/multidoc?partial=true`, text)
  }
}

/** Endpoints as the definitions have them: verb, path with ids filled in, names of inputs. */
function endpoints() {
  return ['examples/blog/api', 'examples/two-audiences/api'].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
      .filter((file) => /_(?:GET|POST|PATCH|DELETE)\.xs$/.test(file))
      .map((file) => {
        const text = readFileSync(join(root, directory, file), 'utf8')
        const group = readFileSync(join(root, directory, file, '../api_group.xs'), 'utf8')
        const [, path, verb] = /^query "?([^" ]+)"? verb=(\w+)/m.exec(text)
        const block = /\n {2}input \{([\s\S]*?)\n {2}\}/.exec(text)?.[1] ?? ''
        const inputs = [...block.matchAll(/^ {4}\w+\??(?:\[\])? (\w+)/gm)].map((match) => match[1])
        return {
          verb,
          path: `/api:${/canonical = "(\w+)"/.exec(group)[1]}/${path.replace(/\{\w+\}/g, '1')}`,
          inputs: inputs.filter((name) => !path.includes(`{${name}}`)),
        }
      }),
  )
}

const sample = (name) => ({ email, password, page: '1', per_page: '10', published: 'true' })[name] ?? 'text'

/**
 * A crawler finds forms and links only: a page with one for each endpoint, under the headers of the server's own answers, so that a judgement of them is
 * one of the server; and everything else as the server answers it.
 */
async function startFront(server, token, all) {
  const own = await fetch(`${server.url}/`)
  const kept = [...own.headers].filter(([name]) => !/^(?:content-(?:length|type|encoding)|connection|keep-alive|date|transfer-encoding)$/.test(name))
  const field = (name) => `<input name="${name}" type="${name === 'password' ? 'password' : 'text'}" value="${sample(name)}">`
  const form = ({ verb, path, inputs }) =>
    `<form action="${path}" method="${verb === 'GET' ? 'get' : 'post'}"${verb === 'GET' ? '' : ' enctype="multipart/form-data"'}>${inputs.map(field).join('')}<input type="submit"></form>`
  const page = `<!doctype html><title>Forms</title>${all.map(form).join('')}${all.map(({ path }) => `<a href="${path}">${path}</a>`).join('')}<a href="/health">health</a><a href="/api:blogapi">docs</a><a href="/api:blogapi/swagger.json">json</a><a href="/api:meta">meta</a>`
  const front = createServer((incoming, outgoing) => {
    if (incoming.url === '/forms') {
      outgoing.writeHead(200, { ...Object.fromEntries(kept), 'content-type': 'text/html; charset=utf-8' }).end(page)
      return
    }
    const headers = { ...incoming.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
    const passed = request(server.url + incoming.url, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.rawHeaders)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  const close = () => {
    front.closeAllConnections()
    return new Promise((done) => front.close(done))
  }
  return { url: `http://127.0.0.1:${await listen(front)}`, close }
}

const run = (command, args, cwd) =>
  new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    child.once('error', () => fail(new Error(`${command} is not installed: apt-get install ${command}`)))
    child.once('exit', () => done(output))
  })

async function wapiti(front, directory, who) {
  const report = join(directory, `wapiti-${who}.json`)
  const store = join(directory, `session-${who}`)
  const args = ['-u', `${front.url}/forms`, '--scope', 'domain', '-m', modules, '-f', 'json', '-o', report, '--store-session', store, '--flush-session']
  await run('wapiti', [...args, '--max-attack-time', '120', '--verify-ssl', '0', '-v', '0'], directory)
  const { vulnerabilities, anomalies, additionals, infos } = JSON.parse(readFileSync(report, 'utf8'))
  const found = Object.entries({ ...vulnerabilities, ...anomalies, ...additionals })
    .filter(([, findings]) => findings.length > 0)
    .map(([name, findings]) => ({ name, findings: findings.map(({ method, path, info, parameter }) => `${method} ${path} ${parameter ?? ''}: ${info}`) }))
  return { version: infos.version, found }
}

async function sqlmap(server, token, all, directory) {
  const chosen = all.filter(({ inputs, path }) => inputs.length > 0 || path.includes('/1')).slice(0, 16)
  const injectable = []
  for (const { verb, path, inputs } of chosen) {
    const marked = path.replace(/\/1(?=\/|$)/, '/1*')
    const values = Object.fromEntries(inputs.map((name) => [name, sample(name)]))
    const args =
      verb === 'GET'
        ? ['-u', `${server.url}${marked}?${new URLSearchParams(values)}`]
        : ['-u', server.url + marked, '--method', verb, '--data', JSON.stringify(values), '-H', 'Content-Type: application/json']
    const output = await run(
      'sqlmap',
      [
        ...args,
        '-H',
        `Authorization: Bearer ${token}`,
        '--batch',
        '--dbms',
        'postgresql',
        '--level',
        '2',
        '--ignore-code',
        '*',
        '--flush-session',
        '--output-dir',
        directory,
      ],
      directory,
    )
    if (/is vulnerable|appears to be injectable|identified the following injection/.test(output)) injectable.push(`${verb} ${path}\n${output}`)
    if (!/do not appear to be injectable/.test(output)) injectable.push(`${verb} ${path} was not judged:\n${output.slice(-600)}`)
  }
  return { endpoints: chosen.length, injectable }
}

async function scan(mode) {
  const directory = mkdtempSync(join(tmpdir(), 'stackhold-scan-'))
  const server = await startStackhold(mode, directory)
  const end = () => server.stop().then(() => process.exit(130))
  process.once('SIGINT', end).once('SIGTERM', end)
  try {
    await pushExamples(server)
    const all = endpoints()
    const { authToken } = await call({ ...server, token: '' }, 'POST', '/api:blogauth/auth/signup', { name: 'Scan', email, password })
    await call({ ...server, token: authToken }, 'POST', '/api:blogapi/post', { title: 'Scanned', body: 'A post.', published: true })
    console.log(`\n## ${mode}`)
    if (options.only.includes('wapiti'))
      for (const [who, token] of [
        ['stranger', undefined],
        ['user', authToken],
        ['administrator', server.token],
      ]) {
        const front = await startFront(server, token, all)
        const { version, found } = await wapiti(front, directory, who)
        await front.close()
        console.log(`\n${version} as ${who}:${found.length === 0 ? ' nothing' : ''}`)
        for (const { name, findings } of found)
          console.log(
            `- ${name} (${findings.length})\n${findings
              .slice(0, 6)
              .map((line) => `    ${line}`)
              .join('\n')}`,
          )
      }
    if (options.only.includes('sqlmap')) {
      const { endpoints: count, injectable } = await sqlmap(server, authToken, all, directory)
      console.log(`\nsqlmap on ${count} endpoints: ${injectable.length === 0 ? 'nothing to inject' : injectable.join('\n')}`)
    }
    const health = await fetch(`${server.url}/health`)
    console.log(`\nThe server answers ${health.status} afterwards.`)
    const audit = await fetch(`${server.url}/api:meta/workspace/1/security/report`, { headers: { authorization: `Bearer ${server.token}` } })
    const { lines } = await audit.json()
    console.log('stackhold audit, of the same server:')
    for (const { id, problems } of lines)
      for (const problem of problems) console.log(`    ${id} ${problem.rule ?? ''} ${problem.document ?? ''}: ${problem.message}`)
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end)
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

for (const mode of options.mode.split(',')) await scan(mode)
