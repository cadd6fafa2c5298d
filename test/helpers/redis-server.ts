/** A Redis or Valkey of Debian for a test, on a free port of loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { createTemporaryDirectory } from './temporary-directory.js'

const binary = ['/usr/bin/redis-server', '/usr/bin/valkey-server', '/usr/local/bin/redis-server'].find(existsSync)

/** Whether this machine has one. */
export const hasRedis = binary !== undefined

export interface TestRedis {
  url: string
  start(): Promise<void>
  /** Ends it at once, as a crash does. */
  stop(): Promise<void>
}

export async function createTestRedis(): Promise<TestRedis> {
  const port = await freePort()
  const directory = createTemporaryDirectory()
  let child: ChildProcess | undefined
  return {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      if (binary === undefined) throw new Error('There is no redis-server on this machine: apt-get install redis-server')
      child = spawn(binary, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory.path], { stdio: 'ignore' })
      for (let n = 0; n < 100 && !(await answers(port)); n++) await new Promise((resolve) => setTimeout(resolve, 50))
    },
    async stop() {
      const ended = child === undefined || child.exitCode !== null ? undefined : new Promise((resolve) => child?.once('exit', resolve))
      child?.kill('SIGKILL')
      await ended
    },
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
