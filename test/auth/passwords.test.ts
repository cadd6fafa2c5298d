import argon2 from 'argon2'
import { describe, expect, it } from 'vitest'
import { createPasswords } from '../../src/auth/passwords.js'
import { createSemaphore } from '../../src/auth/semaphore.js'
import { spareCores } from '../../src/auth/spare-cores.js'

const cheap = { memory: 8_192, passes: 1, lanes: 1 }
const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0

async function time(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

describe('R27: passwords', () => {
  it('hashes with argon2id and the numbers of OWASP', async () => {
    const passwords = createPasswords()
    const hash = await passwords.hash('correct horse')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await passwords.verify('correct horse', hash)).toBe(true)
    expect(await passwords.verify('correct horsf', hash)).toBe(false)
    expect(await passwords.hash('correct horse')).not.toBe(hash)
  })

  it('does not truncate, and reads the same characters typed in another way', async () => {
    const passwords = createPasswords({ cost: cheap })
    const hash = await passwords.hash(`${'a'.repeat(72)}x`)
    expect(await passwords.verify(`${'a'.repeat(72)}y`, hash)).toBe(false)
    expect(await passwords.verify('e\u0301', await passwords.hash('\u00e9'))).toBe(true)
    expect(await passwords.verify('a\0b', await passwords.hash('a\0c'))).toBe(false)
  })

  it('says when a hash is of yesterday', async () => {
    const before = await createPasswords({ cost: cheap }).hash('x')
    const passwords = createPasswords()
    expect(await passwords.verify('x', before)).toBe(true)
    expect(passwords.needsRehash(before)).toBe(true)
    expect(passwords.needsRehash(await passwords.hash('x'))).toBe(false)
    expect(passwords.needsRehash(await argon2.hash('x', { type: argon2.argon2i, memoryCost: 19_456, timeCost: 2, parallelism: 1 }))).toBe(true)
    expect(passwords.needsRehash('garbage')).toBe(true)
  })

  it('is false for anything that is no hash, and does not fail', async () => {
    const passwords = createPasswords({ cost: cheap })
    const garbage: unknown[] = [
      '',
      'x',
      null,
      undefined,
      0,
      {},
      [],
      '$argon2id$',
      '$argon2id$v=19$m=8192,t=1,p=1$$',
      '$argon2id$v=19$m=99999999,t=99,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      '$argon2id$v=19$m=262144,t=99,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      '$argon2id$v=19$m=8,t=1,p=16$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
      '$argon2id$v=19$m=8192,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n',
      'x'.repeat(1_000_000),
    ]
    for (const hash of garbage) expect(await passwords.verify('x', hash as string)).toBe(false)
  })

  it('R06: takes as long for no hash, an old hash and a wrong password', async () => {
    const passwords = createPasswords()
    const current = await passwords.hash('x')
    const old = await createPasswords({ cost: { memory: 9_216, passes: 2, lanes: 1 } }).hash('x')
    await passwords.verify('x', '')
    const times: Record<string, number[]> = { current: [], garbage: [], old: [] }
    for (let i = 0; i < 15; i++) {
      times['current']?.push(await time(() => passwords.verify('y', current)))
      times['garbage']?.push(await time(() => passwords.verify('y', '')))
      times['old']?.push(await time(() => passwords.verify('y', old)))
    }
    const base = median(times['current'] ?? [])
    for (const kind of ['garbage', 'old']) {
      expect(median(times[kind] ?? []) / base).toBeGreaterThan(0.7)
      expect(median(times[kind] ?? []) / base).toBeLessThan(1.4)
    }
  })

  it('L2: lets a few in, a bounded number wait, and answers the rest 503 at once', async () => {
    const passwords = createPasswords({ cost: cheap, concurrency: 1, maxWaiting: 4 })
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => passwords.hash('x')))
    expect(outcomes.filter((one) => one.status === 'fulfilled')).toHaveLength(5)
    for (const one of outcomes) if (one.status === 'rejected') expect(one.reason).toMatchObject({ status: 503, headers: { 'retry-after': '2' } })
    expect(passwords.waiting).toBe(0)
    expect(await passwords.verify('x', await passwords.hash('x'))).toBe(true)
  })
})

describe('the semaphore', () => {
  it('never has more inside than there is room, also when work fails', async () => {
    const gate = createSemaphore(
      () => 2,
      100,
      () => new Error('full'),
    )
    let inside = 0
    let most = 0
    const work = async (i: number): Promise<number> => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, i % 3))
      inside--
      if (i % 5 === 0) throw new Error('boom')
      return i
    }
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => gate.run(() => work(i))))
    expect(most).toBe(2)
    expect(outcomes.filter((one) => one.status === 'rejected')).toHaveLength(10)
    expect([gate.running, gate.waiting]).toEqual([0, 0])
  })

  it('lets fewer in when the room shrinks, and everyone goes in the end', async () => {
    let room = 3
    const gate = createSemaphore(
      () => room,
      100,
      () => new Error('full'),
    )
    const inside: number[] = []
    const work = async (): Promise<void> => {
      inside.push(gate.running)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const first = Array.from({ length: 9 }, () => gate.run(work))
    await Promise.all(first.slice(0, 3))
    room = 0
    await Promise.all(first)
    expect(inside.slice(0, 3).every((running) => running <= 3)).toBe(true)
    expect(inside.slice(-3)).toEqual([1, 1, 1])
    expect([gate.running, gate.waiting]).toEqual([0, 0])
  })
})

describe('the cores for hashes', () => {
  it('are all while the event loop is idle, and one less while it is busy', () => {
    let utilization = 0.9
    let now = 0
    const clock = { now: () => now, eventLoopUtilization: () => ({ idle: 0, active: 0, utilization }) }
    const room = spareCores(4, clock)
    const later = (): number => {
      now += 200
      return room()
    }
    expect(room()).toBe(3)
    expect(later()).toBe(3)
    utilization = 0.1
    expect(room()).toBe(3)
    expect(later()).toBe(4)
    utilization = 0.9
    expect(later()).toBe(3)
    expect(spareCores(0, clock)()).toBe(1)
  })
})
