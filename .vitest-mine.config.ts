import { defineConfig } from 'vitest/config'
export default defineConfig({
  root: '/work/main',
  test: {
    include: ['test/runtime/**/*.test.ts', 'test/statements/**/*.test.ts', 'test/programs/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 20000,
  },
})
