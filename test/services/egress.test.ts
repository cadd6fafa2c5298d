import { createServer, type LookupFunction } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Address, createEgress, type Egress } from '../../src/services/egress.js'
import { openSocket } from '../../src/services/outbound/socket.js'

const names: Record<string, string[]> = {
  'good.example': ['93.184.215.14', '2606:4700::1111'],
  'inside.example': ['10.1.2.3'],
  'mixed.example': ['93.184.215.14', '127.0.0.1'],
  'mapped.example': ['::ffff:93.184.215.14'],
  'metadata.internal': ['169.254.169.254'],
}
const resolver = async (host: string): Promise<Address[]> => (names[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
const closed = createEgress({ resolver })

describe('addresses', () => {
  it.each([
    '127.0.0.1',
    '127.8.8.8',
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '100.127.255.254',
    '169.254.169.254',
    '192.0.0.192',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.7',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '::7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::a00:1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    '3fff::1',
    '100::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
  ])('refuses %s', (address) => {
    expect(() => closed.checkAddress(address)).toThrow(/is not a public address/)
  })

  it.each(['8.8.8.8', '93.184.215.14', '2606:4700:4700::1111', '2a00:1450::1'])('lets %s through', (address) => {
    expect(() => closed.checkAddress(address)).not.toThrow()
  })

  it.each([
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '127.0.1',
    '017700000001',
    '10.0.0.010',
    '8.8.2056',
    '134744072',
    '0x08080808',
    '127.0.0.1.',
    '[::1]',
    '1.2.3.4.5',
  ])('refuses the odd form %s without asking a resolver', async (host) => {
    const asked: string[] = []
    const egress = createEgress({
      resolver: async (name) => [asked.push(name) && { address: '8.8.8.8', family: 4 as const }].filter((one) => one !== 0) as Address[],
    })
    await expect(egress.resolve(host)).rejects.toMatchObject({ status: 403 })
    expect(asked).toEqual([])
  })
})

describe('names', () => {
  it('answers every address of a public name', async () => {
    expect(await closed.resolve('good.example')).toEqual([
      { address: '93.184.215.14', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ])
    expect(await closed.resolve('good.example.')).toHaveLength(2)
  })

  it.each(['inside.example', 'mixed.example', 'mapped.example', 'metadata.internal'])('refuses %s, without telling what it is', async (host) => {
    await expect(closed.resolve(host)).rejects.toMatchObject({ status: 403, message: expect.not.stringMatching(/\d+\.\d+\.\d+\.\d+/) })
  })

  it('refuses localhost of the system resolver', async () => {
    await expect(createEgress().resolve('localhost')).rejects.toMatchObject({ status: 403 })
    await expect(closed.resolve('nowhere.example')).rejects.toThrow('cannot be resolved')
  })
})

describe('what the operator allows', () => {
  const allowed = createEgress({ allow: ['10.1.0.0/16', 'Metadata.internal', '::1', 'fd00::/8'], resolver })

  it('is networks, addresses and names', async () => {
    expect(await allowed.resolve('inside.example')).toEqual([{ address: '10.1.2.3', family: 4 }])
    expect(await allowed.resolve('METADATA.internal.')).toEqual([{ address: '169.254.169.254', family: 4 }])
    for (const address of ['10.1.255.255', '::1', 'fd12::1']) expect(() => allowed.checkAddress(address)).not.toThrow()
    for (const address of ['10.2.0.1', '127.0.0.1', '169.254.169.254', '::ffff:10.1.2.3']) expect(() => allowed.checkAddress(address)).toThrow()
    await expect(allowed.resolve('mixed.example')).rejects.toMatchObject({ status: 403 })
  })

  it.each(['10.0.0.0/33', '10.1', 'a b', 'http://x', '*.example', '0x7f000001'])('cannot be %s', (entry) => {
    expect(() => createEgress({ allow: [entry] })).toThrow(entry)
  })
})

describe('sockets', () => {
  let connects = 0
  const canary = createServer((socket) => {
    connects++
    socket.end('hello')
  })
  let port = 0
  beforeAll(async () => {
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
    const address = canary.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
  })
  afterAll(() => new Promise((resolve) => canary.close(resolve)))

  const read = (egress: Egress, host: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = openSocket(egress)
      socket.on('error', reject)
      socket.on('data', (data) => {
        socket.destroy()
        resolve(String(data))
      })
      socket.connect(port, host)
    })

  it('never reach this machine, by literal or by name', async () => {
    const rebound = createEgress({ resolver: async () => [{ address: '127.0.0.1', family: 4 }] })
    for (const host of ['127.0.0.1', '::1', '::ffff:127.0.0.1', 'localhost', '2130706433', '0x7f.1', '0'])
      await expect(read(createEgress(), host), host).rejects.toMatchObject({ status: 403 })
    await expect(read(rebound, 'rebinding.example')).rejects.toMatchObject({ status: 403 })
    expect(connects).toBe(0)
  })

  it('look at the address again at every connection', async () => {
    const answers: Address[] = [{ address: '127.0.0.1', family: 4 }]
    const egress = createEgress({ allow: ['127.0.0.1'], resolver: async () => answers })
    expect(await read(egress, 'db.example')).toBe('hello')
    answers[0] = { address: '127.0.0.2', family: 4 }
    await expect(read(egress, 'db.example')).rejects.toMatchObject({ status: 403 })
    expect(connects).toBe(1)
  })

  it('connect to hosts and ports only', async () => {
    const socket = openSocket(createEgress({ allow: ['127.0.0.1'] }))
    const failed = new Promise((resolve) => socket.once('error', resolve))
    ;(socket as unknown as { connect(path: string): void }).connect('/var/run/postgresql/.s.PGSQL.5432')
    expect(await failed).toBeInstanceOf(TypeError)
  })

  it('are answered in the forms the system asks for', async () => {
    const ask = (options: Parameters<LookupFunction>[1]): Promise<unknown[]> =>
      new Promise((resolve) => closed.lookup('good.example', options, (...given) => resolve(given)))
    expect(await ask({ all: true })).toEqual([null, expect.arrayContaining([{ address: '93.184.215.14', family: 4 }])])
    expect(await ask({ family: 6 })).toEqual([null, '2606:4700::1111', 6])
    expect(await ask({})).toEqual([null, '93.184.215.14', 4])
  })
})
