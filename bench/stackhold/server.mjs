// Stackhold as it ships, with the rate limits raised: a load test comes from one address.
import { parseConfig } from '../../dist/src/config.js'
import { startServer } from '../../dist/src/server.js'

const unlimited = { max: 1e9, windowMs: 60_000 }
const server = await startServer(parseConfig(process.env), { settings: { requestLimit: unlimited, authLimit: unlimited, totalAuthLimit: unlimited } })
process.on('SIGTERM', () => server.close(1000).then(() => process.exit(0)))
