import { existsSync, readdirSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const shared = {
  globalSetup: ['test/helpers/global-setup.ts'],
  pool: 'forks',
  testTimeout: 30_000,
  hookTimeout: 60_000,
} as const

const chosen = process.env['TEST_DATABASE'] ?? process.env['TEST_DATABASE_URL']
const debian = '/usr/lib/postgresql'
const hasSystemPostgres = existsSync(debian) && readdirSync(debian).some((version) => existsSync(`${debian}/${version}/bin/initdb`))

/** Everything on the embedded PostgreSQL; what touches a database once more on the system's own, where there is one. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { ...shared, name: 'embedded', include: ['test/**/*.test.ts'] } },
      ...(hasSystemPostgres && chosen === undefined
        ? [{ test: { ...shared, name: 'system', include: ['test/{db,meta,workspace,clients}/**/*.test.ts'], exclude: ['test/db/embedded*.test.ts'] } }]
        : []),
    ],
  },
})
