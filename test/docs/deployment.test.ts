/** What operators copy must be true: compose file, Dockerfile, README. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { variableNames } from '../../src/config.js'

const root = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8')

interface Service {
  image?: string
  build?: string
  user?: string
  environment?: Record<string, string>
  healthcheck?: { test: string[] }
  depends_on?: Record<string, { condition: string }>
  ports?: string[]
}

describe('docker-compose.yml', () => {
  const text = read('docker-compose.yml')
  const { services } = parse(text) as { services: Record<string, Service> }

  it('runs the server, PostgreSQL, and a cache on demand', () => {
    expect(Object.keys(services)).toEqual(['stackhold', 'postgres', 'valkey'])
    expect(services['stackhold']?.depends_on).toEqual({ postgres: { condition: 'service_healthy' } })
    expect(services['postgres']?.healthcheck?.test.join(' ')).toContain('pg_isready')
    expect(services['valkey']?.healthcheck?.test.join(' ')).toContain('ping')
  })

  it('sets only variables the server knows, and no secret of its own', () => {
    const environment = services['stackhold']?.environment ?? {}
    expect(Object.keys(environment).filter((name) => !variableNames.includes(name))).toEqual([])
    for (const name of ['STACKHOLD_SECRET', 'STACKHOLD_ADMIN_TOKEN']) expect(environment[name]).toMatch(/^\$\{/)
    expect(environment['DATABASE_URL']).toContain(':$' + '{POSTGRES_PASSWORD:?')
  })

  it('listens on loopback of the host only', () => {
    expect(services['stackhold']?.ports).toEqual(['127.0.0.1:8686:8686'])
  })
})

describe('Dockerfile', () => {
  const text = read('Dockerfile')
  it('does not run as root, and checks health', () => {
    expect(text).toMatch(/^USER node$/m)
    expect(text).toMatch(/^HEALTHCHECK /m)
  })
  it('copies only what exists', () => {
    const sources = [...text.matchAll(/^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm)].flatMap((match) => (match[1] ?? '').split(' '))
    expect(sources.filter((source) => !existsSync(resolve(root, source)))).toEqual([])
  })
})

describe('README.md and CONTRIBUTING.md', () => {
  it('link to files that exist', () => {
    for (const file of ['README.md', 'CONTRIBUTING.md']) {
      const links = [...read(file).matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] ?? '')
      expect(links.filter((link) => !existsSync(resolve(root, link)))).toEqual([])
    }
  })
  it('name scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...`${read('README.md')}${read('CONTRIBUTING.md')}${read('.ci/run')}`.matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? '')
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })
})
