import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const src = join(root, 'src')

/** Rows of docs/architecture.md: a file imports from its own row's folder or from the rows above it. */
const rows: Record<string, number> = {
  lib: 1,
  errors: 2,
  config: 2,
  lang: 3,
  fields: 3,
  definitions: 3,
  runtime: 4,
  statements: 5,
  filters: 5,
  db: 5,
  auth: 5,
  services: 5,
  workspace: 6,
  http: 7,
  jobs: 7,
  app: 8,
  server: 8,
  cli: 8,
}
const uses = new Set(['statements', 'filters'])
const implementsThem = new Set(['db', 'auth', 'services'])

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join(src, file))
const roomOf = (file: string): string => relative(src, file).split('/')[0]?.replace(/\.ts$/, '') ?? ''

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^\s*(?:import|export)\b[^'"]*?from\s+['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)/gm)].map((match) =>
    resolve(dirname(file), (match[1] ?? match[2] ?? '').replace(/\.js$/, '.ts')),
  )
}

/** Code that connects: a value import of a client, or `fetch`; the documentation page's script calls it in the browser. */
const browserScripts = new Set(['http/group-page.ts'])
const opensConnections = (text: string): boolean => /^import (?!type)[^;'"]*['"](undici|node:https?|node:tls|node:net)['"]|await fetch\(/m.test(text)

describe('the direction of imports', () => {
  it('knows every room of the house', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !(room in rows))).toEqual([])
  })

  it('points down only: own row or a row above, statements and capabilities never sideways', () => {
    const wrong: string[] = []
    for (const file of files) {
      for (const target of importsOf(file)) {
        if (!target.startsWith(src)) continue
        const [from, to] = [roomOf(file), roomOf(target)]
        const upward = (rows[to] ?? 0) > (rows[from] ?? 0)
        const sideways = (uses.has(from) && implementsThem.has(to)) || (implementsThem.has(from) && uses.has(to))
        if (upward || sideways) wrong.push(`${relative(root, file)} → ${relative(root, target)}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('has no cycle between folders', () => {
    const edges = new Map<string, Set<string>>()
    for (const file of files) {
      for (const target of importsOf(file)) {
        if (!target.startsWith(src)) continue
        const [from, to] = [roomOf(file), roomOf(target)]
        if (from !== to) edges.set(from, (edges.get(from) ?? new Set()).add(to))
      }
    }
    const cycles: string[] = []
    const visit = (room: string, path: string[]): void => {
      if (path.includes(room)) {
        cycles.push([...path.slice(path.indexOf(room)), room].join(' → '))
        return
      }
      for (const next of edges.get(room) ?? []) visit(next, [...path, room])
    }
    for (const room of edges.keys()) visit(room, [])
    expect([...new Set(cycles)]).toEqual([])
  })

  it('keeps the environment in config.ts', () => {
    const readers = files.filter((file) => /process\.env\b/.test(readFileSync(file, 'utf8'))).map((file) => relative(src, file))
    expect(readers).toEqual(['config.ts'])
  })

  it('keeps SQL in db, in the query faces of filters, and in the stores', () => {
    const rooms = new Set(['db', 'filters', 'auth', 'services', 'workspace'])
    const writers = files
      .filter(
        (file) => !rooms.has(roomOf(file)) && /\.kysely\b|\b(?:select|insert into|update|delete from)\b[^\n]*\bstackhold\./.test(readFileSync(file, 'utf8')),
      )
      .map((file) => relative(src, file))
    expect(writers).toEqual([])
  })

  it('keeps the world outside services/outbound', () => {
    const openers = files
      .filter((file) => opensConnections(readFileSync(file, 'utf8')))
      .map((file) => relative(src, file))
      .filter((file) => !browserScripts.has(file) && !file.startsWith('services/outbound') && file !== 'cli.ts' && !file.startsWith('cli/'))
    expect(openers).toEqual([])
  })
})
