import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { post } from '../../src/http/outbox.js'

const answer = (body: string) => ({ status: 200, headers: ['content-length', String(Buffer.byteLength(body))], body })

describe('answers of one turn', () => {
  const servers: ReturnType<typeof createServer>[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections()
  })

  const serve = async (handler: (response: ServerResponse, path: string) => void): Promise<string> => {
    const server = createServer((request, response) => handler(response, request.url ?? ''))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it('are written after the turn, not within it', async () => {
    let endedWithin: boolean | undefined
    const base = await serve((response) => {
      post(response, answer('late'), false)
      endedWithin = response.writableEnded
    })
    expect(await (await fetch(base)).text()).toBe('late')
    expect(endedWithin).toBe(false)
  })

  it('go out before the turn ends once many wait', async () => {
    const held: ServerResponse[] = []
    let endedWithin: boolean[] = []
    const base = await serve((response) => {
      if (held.push(response) < 40) return
      held.forEach((one, i) => {
        post(one, answer(`answer ${i}`), false)
      })
      endedWithin = held.map((one) => one.writableEnded)
    })
    const texts = await Promise.all(Array.from({ length: 40 }, async () => (await fetch(base)).text()))
    expect(texts.sort()).toEqual(Array.from({ length: 40 }, (_, i) => `answer ${i}`).sort())
    expect(endedWithin.filter(Boolean)).toHaveLength(32)
  })

  it('skip a client that left, and reach the others', async () => {
    const held = new Map<string, ServerResponse>()
    const base = await serve((response, path) => {
      held.set(path, response)
      if (held.size < 2) return
      for (const one of held.values()) post(one, answer('here'), false)
      held.get('/gone')?.destroy()
    })
    const gone = fetch(`${base}/gone`).then(
      () => 'answered',
      () => 'cut off',
    )
    const stays = fetch(`${base}/stays`).then((response) => response.text())
    expect(await Promise.all([gone, stays])).toEqual(['cut off', 'here'])
  })

  it('whose head cannot be sent fail where they are made, and hold up no other', async () => {
    const held = new Map<string, ServerResponse>()
    const failures: unknown[] = []
    const base = await serve((response, path) => {
      held.set(path, response)
      if (held.size < 2) return
      for (const [name, one] of held) {
        try {
          post(one, name === '/bad' ? { ...answer('never'), headers: ['x-broken', 'a\r\nb'] } : answer('here'), false)
        } catch (error) {
          failures.push((error as { code?: string }).code)
          post(one, { ...answer('refused'), status: 500 }, false)
        }
      }
    })
    const [bad, good] = await Promise.all(['/bad', '/good'].map(async (path) => (await fetch(base + path)).text()))
    expect([bad, good, failures]).toEqual(['refused', 'here', ['ERR_INVALID_CHAR']])
  })

  it('have no body when only the head was asked for', async () => {
    const base = await serve((response) => post(response, answer('twelve bytes'), true))
    const response = await fetch(base, { method: 'HEAD' })
    expect(response.headers.get('content-length')).toBe('12')
    expect(await response.text()).toBe('')
  })
})
