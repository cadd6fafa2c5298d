/** The one schema of the environment. Nothing else reads it; `.env.example` lists the same names (a test compares them). */
import { z } from 'zod'
import { alertRules } from './config/alert-rules.js'
import { AppError } from './errors.js'

const int = (min: number, max: number, standard: number) => {
  const problem = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,15}$/, problem)
    .transform(Number)
    .refine((value) => value >= min && value <= max, problem)
    .default(standard)
}

const url = (protocols: readonly string[]) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    )
    .optional()

const boolean = (standard: boolean) =>
  z
    .enum(['true', 'false', '1', '0'], 'must be true or false')
    .transform((text) => text === 'true' || text === '1')
    .default(standard)

const bytes = (standard: number) => {
  const problem = 'must be a size such as 1mb, 512kb or 1048576'
  return z
    .string()
    .regex(/^\d{1,12}(b|kb|mb)?$/i, problem)
    .transform((text) => Number.parseInt(text, 10) * (/mb$/i.test(text) ? 1_048_576 : /kb$/i.test(text) ? 1024 : 1))
    .refine((value) => value >= 1024 && value <= 1_073_741_824, 'must be from 1kb to 1024mb')
    .default(standard)
}

/** Origins exactly as a browser sends them, separated by commas; over TLS, or of this machine. */
const origins = () =>
  z
    .string()
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .refine(
      (list) =>
        list.every(
          (text) =>
            !text.includes('*') && URL.canParse(text) && new URL(text).origin === text && (text.startsWith('https://') || isLoopback(new URL(text).hostname)),
        ),
      'must be origins such as https://console.example.com, separated by commas; wildcards are not allowed',
    )

/** Every variable, with its standard value. Times are milliseconds unless the name says otherwise. */
const schema = z.object({
  STACKHOLD_ENV: z.enum(['production', 'development'], 'must be production or development').default('production'),
  PORT: int(0, 65_535, 8686),
  HOST: z.string().min(1).default('127.0.0.1'),
  STACKHOLD_PUBLIC_URL: url(['http:', 'https:']),
  DATABASE_URL: url(['postgres:', 'postgresql:']),
  STACKHOLD_DATA: z.string().min(1).default('./.stackhold'),
  STACKHOLD_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  STACKHOLD_SECRET_PREVIOUS: z
    .string()
    .transform((text) => text.split(',').map((secret) => secret.trim()))
    .refine((secrets) => secrets.every((secret) => secret.length >= 32), 'must be secrets of at least 32 characters, with commas between them')
    .default([]),
  STACKHOLD_ADMIN_TOKEN: z.string().min(24, 'must have at least 24 characters').optional(),
  REDIS_URL: url(['redis:', 'rediss:']),
  STACKHOLD_WORKERS: int(1, 256, 1),
  STACKHOLD_TRUST_PROXY: z.string().min(1).optional(),
  STACKHOLD_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be fatal, error, warn, info, debug, trace or silent')
    .default('info'),

  STACKHOLD_DB_POOL: int(1, 500, 10),
  STACKHOLD_STATEMENT_TIMEOUT_MS: int(100, 3_600_000, 15_000),
  STACKHOLD_BIN_DAYS: int(1, 3_650, 30),
  STACKHOLD_DIRECT_QUERY: z.enum(['off', 'read', 'write', 'raw'], 'must be off, read, write or raw').default('off'),

  STACKHOLD_REQUEST_TIMEOUT_MS: int(100, 3_600_000, 30_000),
  STACKHOLD_BODY_LIMIT: bytes(1_048_576),

  STACKHOLD_REQUESTS_PER_MINUTE: int(0, 10_000_000, 1_000),
  STACKHOLD_TOTAL_REQUESTS_PER_MINUTE: int(0, 100_000_000, 0),
  STACKHOLD_TOTAL_LOGINS_PER_MINUTE: int(0, 10_000_000, 1_000),
  STACKHOLD_EXPENSIVE_PER_MINUTE: int(0, 10_000_000, 120),
  STACKHOLD_LOGINS_PER_MINUTE: int(0, 1_000_000, 5),
  STACKHOLD_LOGINS_PER_ACCOUNT: int(0, 1_000_000, 10),
  STACKHOLD_PUBLIC_ENDPOINTS: z.enum(['review', 'allow'], 'must be review or allow').default('review'),
  STACKHOLD_TOKEN_SECONDS: int(1, 31_536_000, 86_400),
  STACKHOLD_TOKEN_MAX_SECONDS: int(1, 31_536_000, 2_592_000),

  STACKHOLD_RUN_TIMEOUT_MS: int(100, 86_400_000, 60_000),
  STACKHOLD_MAX_STEPS: int(1_000, 1_000_000_000_000, 200_000_000),
  STACKHOLD_MAX_DEPTH: int(8, 10_000, 1_000),

  STACKHOLD_ARGON2_MEMORY_KIB: int(8_192, 4_194_304, 19_456),
  STACKHOLD_ARGON2_TIME: int(1, 100, 2),
  STACKHOLD_ARGON2_PARALLELISM: int(1, 64, 1),

  STACKHOLD_EGRESS_ALLOW: z
    .string()
    .regex(/^[\w.:/-]+(\s*,\s*[\w.:/-]+)*$/, 'must be networks, addresses and host names, with commas between')
    .optional(),

  STACKHOLD_REQUEST_HISTORY: z.enum(['on', 'asked', 'off'], 'must be on, asked or off').default('on'),

  STACKHOLD_ALERT_RULES: alertRules().default({}),
  STACKHOLD_ALERT_WEBHOOK: url(['https:', 'http:']),
  STACKHOLD_ALERT_WEBHOOK_SECRET: z.string().min(16, 'must have at least 16 characters').optional(),
  STACKHOLD_AUDIT_DAYS: int(0, 36_500, 400),

  STACKHOLD_METADATA_API: boolean(true),
  STACKHOLD_CAPTCHA_URL: url(['https:', 'http:']),
  STACKHOLD_CAPTCHA_SECRET: z.string().min(1).optional(),
  STACKHOLD_TLS_CERT: z.string().min(1).optional(),
  STACKHOLD_TLS_KEY: z.string().min(1).optional(),
  STACKHOLD_BEHIND_TLS: boolean(false),
  STACKHOLD_CONSOLE_ORIGINS: origins().default([]),
  STACKHOLD_HIDE_ROUTES: boolean(true),
  STACKHOLD_GEOIP: z.string().min(1).optional(),

  STACKHOLD_JAVASCRIPT_PROCESSES: int(0, 64, 2),
  STACKHOLD_JAVASCRIPT_MEMORY_MB: int(8, 1_024, 64),

  STACKHOLD_SMTP_URL: url(['smtp:', 'smtps:']),
  STACKHOLD_MAIL_FROM: z.string().min(3).optional(),
  STACKHOLD_BREACH_URL: url(['http:', 'https:']),
})

/** Read by the commands that talk to a server (`cli.ts`), not by the server itself. */
export const clientVariableNames: readonly string[] = ['STACKHOLD_URL', 'STACKHOLD_TOKEN']

/** Names of all variables of the server, for the `.env.example` test and the docs. */
export const variableNames: readonly string[] = Object.keys(schema.shape)

/** What to do about a wrong value, where the problem alone does not say it. */
const fixes: Readonly<Record<string, string>> = {
  STACKHOLD_SECRET: 'make one with: node -p "crypto.randomBytes(32).toString(\'base64url\')"',
  STACKHOLD_ADMIN_TOKEN: 'make one with: node -p "crypto.randomBytes(32).toString(\'base64url\')"',
  DATABASE_URL: 'for example postgres://user:password@127.0.0.1:5432/stackhold, or leave it out for the embedded database',
  REDIS_URL: 'for example redis://127.0.0.1:6379, or leave it out',
  STACKHOLD_PUBLIC_URL: 'for example https://api.example.com',
  STACKHOLD_SMTP_URL: 'for example smtp://user:password@mail.example.com:587, or smtps:// for TLS from the start',
  STACKHOLD_MAIL_FROM: 'for example Shop <hello@example.com>',
  STACKHOLD_BREACH_URL: 'for example https://api.pwnedpasswords.com/range, or leave it out',
  HOST: 'use 127.0.0.1, or set STACKHOLD_ENV=production',
}

/** The settings of one process, read once and never changed. */
export interface Config {
  readonly env: 'production' | 'development'
  readonly http: {
    readonly host: string
    readonly port: number
    readonly requestTimeoutMs: number
    readonly bodyLimit: number
    /** As Fastify's `trustProxy`: all, a number of hops, or addresses; false when not behind a proxy. */
    readonly trustProxy: boolean | number | string
    readonly workers: number
    /** Whether `/api:meta` is served. */
    readonly metadataApi: boolean
    /** Paths of certificate and key in PEM; null: plain HTTP, TLS ends in front of the server. */
    readonly tls: { readonly cert: string; readonly key: string } | null
    /** Websites that may call `/api:meta` from a browser. */
    readonly consoleOrigins: readonly string[]
    /** Strangers get 401 for routes that are not there, as for those that are not for them; development tells. */
    readonly hideRoutes: boolean
    /** Address callers use, without a trailing slash; absent: host and port. */
    readonly publicUrl: string | undefined
  }
  /** Uses per window of one address, or of one account; 0 switches a limit off. */
  readonly limits: {
    readonly requestsPerMinute: number
    readonly loginsPerMinute: number
    readonly loginsPerAccount: number
    /** Of everyone together, in one process. */
    readonly totalRequestsPerMinute: number
    readonly totalLoginsPerMinute: number
    /** Of one address and one endpoint that costs much. */
    readonly expensivePerMinute: number
  }
  /** Verifier of CAPTCHA tokens; null: none. */
  readonly captcha: { readonly url: string; readonly secret: string } | null
  /** As long as operators say nothing else over the Metadata API: numbers of rules by id, and where alerts are sent. */
  readonly alerts: {
    readonly rules: Readonly<Record<string, { readonly enabled?: boolean; readonly count?: number; readonly minutes?: number }>>
    readonly webhook: { readonly url: string; readonly secret: string } | null
  }
  /** Days for which entries of the audit log are kept; 0: for ever. */
  readonly auditDays: number
  readonly publicEndpoints: 'review' | 'allow'
  /** Requests of which endpoints are kept: all that do not say otherwise, those that say so, none. */
  readonly history: 'on' | 'asked' | 'off'
  readonly tokens: { readonly defaultSeconds: number; readonly maxSeconds: number }
  readonly database: {
    /** Absent: the embedded database below `dataDir`. */
    readonly url: string | undefined
    readonly poolSize: number
    readonly statementTimeoutMs: number
    /** How long dropped tables and columns can be restored. */
    readonly binDays: number
    /** What SQL of builders (`db.direct_query`) may do; `raw` = write, and values in the text of a statement. */
    readonly directQuery: 'off' | 'read' | 'write' | 'raw'
  }
  /** Networks, addresses and host names that stacks may reach although they are not public. */
  readonly egressAllow: readonly string[]
  readonly dataDir: string
  /** CSV file of networks and places; absent: no address is known. */
  readonly geoip: string | undefined
  /** JavaScript of stacks: runs at once (0 = refused), memory of each. */
  readonly javascript: { readonly processes: number; readonly memoryMb: number }
  /** Mail server and sender; without a server mails are shown in the log in development and refused in production. */
  readonly mail: { readonly url: string | undefined; readonly from: string | undefined }
  /** Range API for breached passwords; absent: the offline list alone. */
  readonly breachUrl: string | undefined
  /** Absent: {@link loadSecret} makes one in `dataDir`. */
  readonly secret: string | undefined
  /** Secrets that were in force before: what was sealed with them still opens. */
  readonly previousSecrets: readonly string[]
  readonly adminToken: string | undefined
  readonly redisUrl: string | undefined
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  readonly run: { readonly timeoutMs: number; readonly maxSteps: number; readonly maxDepth: number }
  readonly argon2: { readonly memoryKib: number; readonly timeCost: number; readonly parallelism: number }
}

type Variables = z.output<typeof schema>

/** The settings of this process, for `server.ts` and `cli.ts`; the one place that reads `process.env`. */
export const readConfig = (): Config => parseConfig(process.env)

/** Settings from given variables. Throws one `AppError` that names every problem and how to solve it. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  // An empty value, as compose files make them, means that the variable is not set.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = schema.safeParse(given)
  const problems = parsed.success ? findConflicts(parsed.data) : findAllProblems(given, parsed.error.issues)
  problems.push(...findUnknownNames(Object.keys(given)))
  if (problems.length > 0 || !parsed.success)
    throw new AppError(
      'fatal',
      `The environment has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
      {
        hint: 'See .env.example for every variable.',
      },
    )
  return freezeDeep(toConfig(parsed.data))
}

/** Wrong values, and the conflicts among the right ones. */
function findAllProblems(given: Readonly<Record<string, string | undefined>>, issues: readonly z.core.$ZodIssue[]): string[] {
  const wrong = new Set(issues.map((issue) => String(issue.path[0])))
  const rest = schema.safeParse(Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name))))
  const conflicts = rest.success ? findConflicts(rest.data).filter((problem) => !wrong.has(problem.split(' ')[0] ?? '')) : []
  return [...issues.map((issue) => toProblem(String(issue.path[0]), issue.message)), ...conflicts]
}

const toProblem = (name: string, problem: string, fix: string | undefined = fixes[name]): string => `${name} ${problem}${fix === undefined ? '' : ` (${fix})`}`

function findConflicts(variables: Variables): string[] {
  const problems: string[] = []
  if (variables.STACKHOLD_ENV === 'development' && !isLoopback(variables.HOST))
    problems.push(toProblem('HOST', `is ${variables.HOST}, but development mode answers this machine only`))
  if ((variables.STACKHOLD_CAPTCHA_URL === undefined) !== (variables.STACKHOLD_CAPTCHA_SECRET === undefined))
    problems.push(
      toProblem(
        variables.STACKHOLD_CAPTCHA_URL === undefined ? 'STACKHOLD_CAPTCHA_URL' : 'STACKHOLD_CAPTCHA_SECRET',
        'is missing: address and secret go together',
      ),
    )
  if ((variables.STACKHOLD_ALERT_WEBHOOK === undefined) !== (variables.STACKHOLD_ALERT_WEBHOOK_SECRET === undefined))
    problems.push(
      toProblem(
        variables.STACKHOLD_ALERT_WEBHOOK === undefined ? 'STACKHOLD_ALERT_WEBHOOK' : 'STACKHOLD_ALERT_WEBHOOK_SECRET',
        'is missing: address and secret go together',
      ),
    )
  if ((variables.STACKHOLD_TLS_CERT === undefined) !== (variables.STACKHOLD_TLS_KEY === undefined))
    problems.push(
      toProblem(variables.STACKHOLD_TLS_CERT === undefined ? 'STACKHOLD_TLS_CERT' : 'STACKHOLD_TLS_KEY', 'is missing: certificate and key go together'),
    )
  if (variables.STACKHOLD_TLS_CERT !== undefined && variables.STACKHOLD_PUBLIC_URL?.startsWith('http://') === true)
    problems.push(toProblem('STACKHOLD_PUBLIC_URL', 'must begin with https:// when the server speaks TLS'))
  if (variables.STACKHOLD_ENV === 'production' && !isLoopback(variables.HOST) && !isEncrypted(variables))
    problems.push(
      toProblem(
        'HOST',
        `is ${variables.HOST}, but passwords and tokens would travel without TLS`,
        'set STACKHOLD_TLS_CERT and STACKHOLD_TLS_KEY; or STACKHOLD_BEHIND_TLS=true when a proxy in front speaks TLS; or use 127.0.0.1',
      ),
    )
  if (variables.STACKHOLD_ENV === 'production' && variables.DATABASE_URL !== undefined && variables.STACKHOLD_SECRET === undefined)
    problems.push(toProblem('STACKHOLD_SECRET', 'must be set when DATABASE_URL is: every server on that database needs the same one'))
  if (variables.STACKHOLD_TOKEN_SECONDS > variables.STACKHOLD_TOKEN_MAX_SECONDS)
    problems.push(toProblem('STACKHOLD_TOKEN_SECONDS', 'must not be more than STACKHOLD_TOKEN_MAX_SECONDS'))
  if (variables.STACKHOLD_SMTP_URL !== undefined && variables.STACKHOLD_MAIL_FROM === undefined)
    problems.push(toProblem('STACKHOLD_MAIL_FROM', 'must be set when STACKHOLD_SMTP_URL is'))
  const address = variables.STACKHOLD_PUBLIC_URL === undefined ? null : new URL(variables.STACKHOLD_PUBLIC_URL)
  if (address !== null && (address.search !== '' || address.hash !== '' || address.username !== '' || address.pathname !== '/'))
    problems.push(toProblem('STACKHOLD_PUBLIC_URL', 'must be an origin, without a path, query or user'))
  return problems
}

/** TLS of our own, or of whoever stands in front. */
const isEncrypted = (variables: Variables): boolean =>
  variables.STACKHOLD_TLS_CERT !== undefined || variables.STACKHOLD_BEHIND_TLS || variables.STACKHOLD_PUBLIC_URL?.startsWith('https://') === true

/** A misspelt setting would otherwise be ignored in silence. */
function findUnknownNames(names: readonly string[]): string[] {
  return names
    .filter((name) => name.startsWith('STACKHOLD_') && !variableNames.includes(name) && !clientVariableNames.includes(name))
    .map((name) => toProblem(name, 'is not a setting', 'remove it or correct its name'))
}

/** Addresses that only this machine reaches. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host)

const toConfig = (variables: Variables): Config => ({
  env: variables.STACKHOLD_ENV,
  http: {
    host: variables.HOST,
    port: variables.PORT,
    requestTimeoutMs: variables.STACKHOLD_REQUEST_TIMEOUT_MS,
    bodyLimit: variables.STACKHOLD_BODY_LIMIT,
    trustProxy: toTrustProxy(variables.STACKHOLD_TRUST_PROXY),
    workers: variables.STACKHOLD_WORKERS,
    metadataApi: variables.STACKHOLD_METADATA_API,
    tls:
      variables.STACKHOLD_TLS_CERT === undefined || variables.STACKHOLD_TLS_KEY === undefined
        ? null
        : { cert: variables.STACKHOLD_TLS_CERT, key: variables.STACKHOLD_TLS_KEY },
    consoleOrigins: variables.STACKHOLD_CONSOLE_ORIGINS,
    hideRoutes: variables.STACKHOLD_HIDE_ROUTES,
    publicUrl: variables.STACKHOLD_PUBLIC_URL?.replace(/\/+$/, ''),
  },
  limits: {
    requestsPerMinute: variables.STACKHOLD_REQUESTS_PER_MINUTE,
    loginsPerMinute: variables.STACKHOLD_LOGINS_PER_MINUTE,
    loginsPerAccount: variables.STACKHOLD_LOGINS_PER_ACCOUNT,
    totalRequestsPerMinute: variables.STACKHOLD_TOTAL_REQUESTS_PER_MINUTE,
    totalLoginsPerMinute: variables.STACKHOLD_TOTAL_LOGINS_PER_MINUTE,
    expensivePerMinute: variables.STACKHOLD_EXPENSIVE_PER_MINUTE,
  },
  captcha:
    variables.STACKHOLD_CAPTCHA_URL === undefined || variables.STACKHOLD_CAPTCHA_SECRET === undefined
      ? null
      : { url: variables.STACKHOLD_CAPTCHA_URL, secret: variables.STACKHOLD_CAPTCHA_SECRET },
  alerts: {
    rules: variables.STACKHOLD_ALERT_RULES,
    webhook:
      variables.STACKHOLD_ALERT_WEBHOOK === undefined || variables.STACKHOLD_ALERT_WEBHOOK_SECRET === undefined
        ? null
        : { url: variables.STACKHOLD_ALERT_WEBHOOK, secret: variables.STACKHOLD_ALERT_WEBHOOK_SECRET },
  },
  auditDays: variables.STACKHOLD_AUDIT_DAYS,
  publicEndpoints: variables.STACKHOLD_PUBLIC_ENDPOINTS,
  history: variables.STACKHOLD_REQUEST_HISTORY,
  tokens: { defaultSeconds: variables.STACKHOLD_TOKEN_SECONDS, maxSeconds: variables.STACKHOLD_TOKEN_MAX_SECONDS },
  database: {
    url: variables.DATABASE_URL,
    poolSize: variables.STACKHOLD_DB_POOL,
    statementTimeoutMs: variables.STACKHOLD_STATEMENT_TIMEOUT_MS,
    binDays: variables.STACKHOLD_BIN_DAYS,
    directQuery: variables.STACKHOLD_DIRECT_QUERY,
  },
  egressAllow: variables.STACKHOLD_EGRESS_ALLOW?.split(/\s*,\s*/) ?? [],
  dataDir: variables.STACKHOLD_DATA,
  geoip: variables.STACKHOLD_GEOIP,
  javascript: { processes: variables.STACKHOLD_JAVASCRIPT_PROCESSES, memoryMb: variables.STACKHOLD_JAVASCRIPT_MEMORY_MB },
  mail: { url: variables.STACKHOLD_SMTP_URL, from: variables.STACKHOLD_MAIL_FROM },
  breachUrl: variables.STACKHOLD_BREACH_URL,
  secret: variables.STACKHOLD_SECRET,
  previousSecrets: variables.STACKHOLD_SECRET_PREVIOUS,
  adminToken: variables.STACKHOLD_ADMIN_TOKEN,
  redisUrl: variables.REDIS_URL,
  logLevel: variables.STACKHOLD_LOG_LEVEL,
  run: { timeoutMs: variables.STACKHOLD_RUN_TIMEOUT_MS, maxSteps: variables.STACKHOLD_MAX_STEPS, maxDepth: variables.STACKHOLD_MAX_DEPTH },
  argon2: { memoryKib: variables.STACKHOLD_ARGON2_MEMORY_KIB, timeCost: variables.STACKHOLD_ARGON2_TIME, parallelism: variables.STACKHOLD_ARGON2_PARALLELISM },
})

function toTrustProxy(text: string | undefined): boolean | number | string {
  if (text === undefined || text === 'false') return false
  if (text === 'true') return true
  return /^\d+$/.test(text) ? Number(text) : text
}

function freezeDeep<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freezeDeep(member)
  return Object.freeze(value)
}
