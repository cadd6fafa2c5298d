/** A real MariaDB, where Debian's mariadb-server-core is installed (`.ci/run` does that). */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTemporaryDirectory } from './temporary-directory.js'

export interface MysqlServer {
  port: number
  user: string
  password: string
  close(): Promise<void>
}

const daemon = ['/usr/sbin/mariadbd', '/usr/libexec/mariadbd'].find((path) => existsSync(path))
/** Whether `mariadb-server-core` is installed. */
export const hasMariadb = daemon !== undefined

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })

/** A MariaDB over files of its own; `setup` runs as its administrator. */
export async function startMariadb(setup: string): Promise<MysqlServer> {
  if (daemon === undefined) throw new Error('mariadb-server-core is not installed')
  const directory = createTemporaryDirectory()
  const data = join(directory.path, 'data')
  mkdirSync(data)
  const tables = ['mysql_system_tables.sql', 'mysql_system_tables_data.sql'].map((name) => readFileSync(`/usr/share/mysql/${name}`, 'utf8'))
  const made = spawnSync(daemon, ['--no-defaults', '--bootstrap', `--datadir=${data}`, '--user=root', '--innodb-flush-log-at-trx-commit=0'], {
    input: ['create database mysql;\nuse mysql;\nset @auth_root_socket = null, @skip_auth_anonymous = 1;', ...tables].join('\n'),
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`mariadbd --bootstrap: ${made.stderr}`)
  const port = await freePort()
  const init = join(directory.path, 'init.sql')
  writeFileSync(init, `create user bob@'%' identified by 'p@ss:w0rd';\n${setup}\ngrant all on shop.* to bob@'%';\n`)
  const child = spawn(
    daemon,
    [
      '--no-defaults',
      `--datadir=${data}`,
      '--user=root',
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--socket=${join(directory.path, 's')}`,
      `--init-file=${init}`,
      '--innodb-flush-log-at-trx-commit=0',
      '--skip-name-resolve',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000)
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (let tries = 0; !/ready for connections/.test(said); tries++) {
    if (tries > 300 || child.exitCode !== null) throw new Error(`MariaDB does not start: ${said}`)
    await sleep(100)
  }
  return {
    port,
    user: 'bob',
    password: 'p@ss:w0rd',
    async close() {
      child.kill('SIGKILL')
      await ended
      directory.remove()
    },
  }
}
