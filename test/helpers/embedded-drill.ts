/** A process that holds the embedded database, to be killed by a drill. Says what happens in JSON lines. Ends when its stdin does. */
import pg from 'pg'
import { startEmbedded } from '../../src/db/embedded/supervisor.js'

const [dataDir = '', mode = 'hold'] = process.argv.slice(2)
const say = (fact: Record<string, unknown>): void => {
  process.stdout.write(`${JSON.stringify(fact)}\n`)
}

async function write(connection: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(connection)
  client.on('error', () => {})
  await client.connect()
  await client.query('create table if not exists ack (id int generated always as identity primary key)')
  for (;;) {
    const { rows } = await client.query<{ id: number }>('insert into ack default values returning id')
    say({ kind: 'ack', id: rows[0]?.id })
  }
}

try {
  const began = Date.now()
  const server = await startEmbedded({ dataDir, log: say })
  say({ kind: 'ready', ms: Date.now() - began, pid: server.pid, connection: server.connection })
  process.stdin.on('end', () => void server.stop().then(() => process.exit(0)))
  process.stdin.resume()
  if (mode === 'write') write(server.connection).catch(() => {})
} catch (error) {
  say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  process.exitCode = 1
}
