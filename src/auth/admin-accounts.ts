/** People who administer: accounts with a role, and their passwords. */
import type { Database } from '../db/client.js'
import { AppError, inputError } from '../errors.js'
import type { PasswordService } from './passwords.js'
import type { Role } from './roles.js'

export interface AdminAccount {
  id: number
  email: string
  name: string
  role: Role
  active: boolean
  /** Epoch ms. */
  createdAt: number
  updatedAt: number
  lastLoginAt: number | null
}

export interface AccountValues {
  email: string
  name: string
  role: Role
  password: string
  active: boolean
}

export interface AdminAccounts {
  list(): Promise<AdminAccount[]>
  /** Throws `notFound`. */
  get(id: number): Promise<AdminAccount>
  /** Throws `conflict` for a taken address, `input` for a password against the policy. */
  create(values: Omit<AccountValues, 'active'>): Promise<AdminAccount>
  /** Throws `badRequest` when no active owner would be left. */
  update(id: number, values: Partial<AccountValues>): Promise<AdminAccount>
  remove(id: number): Promise<void>
  /** The account of a right address and password. Null otherwise, after the same time whatever was wrong. */
  login(email: string, password: string): Promise<AdminAccount | null>
  /**
   * False when `current` is not the password of the account. Of several changes at once from the same password one succeeds. Throws `input`
   * for a password against the policy.
   */
  changePassword(id: number, current: string, next: string): Promise<boolean>
}

interface AccountRow {
  id: number
  email: string
  name: string
  role: Role
  active: boolean
  created_at: number
  updated_at: number
  last_login_at: number | null
  password_hash: string | null
}

const columns = 'id, email, name, role, active, created_at, updated_at, last_login_at'

const toAccount = (row: AccountRow): AdminAccount => ({
  id: row.id,
  email: row.email,
  name: row.name,
  role: row.role,
  active: row.active,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  lastLoginAt: row.last_login_at,
})

/** One spelling per address. */
export const normalizeEmail = (email: string): string => email.normalize('NFKC').trim().toLowerCase()

const notFound = (id: number): AppError => new AppError('notFound', `There is no admin account with the id ${id}.`)

export function createAdminAccounts(
  db: Pick<Database, 'query' | 'withTransaction'>,
  passwords: Pick<PasswordService, 'hash' | 'judge' | 'verify' | 'needsRehash'>,
): AdminAccounts {
  const get = async (id: number): Promise<AdminAccount> => {
    const [row] = await db.query<AccountRow>(`select ${columns} from stackhold.admin_account where id = $1`, [id])
    if (row === undefined) throw notFound(id)
    return toAccount(row)
  }
  /** The hash of a password that the policy allows. */
  const hashOf = async (password: string, { email, name }: { email: string; name: string }): Promise<string> => {
    const problem = await passwords.judge(password, { policy: 'strict', words: [...email.split(/[@._+-]+/), ...name.split(/\s+/), email] })
    if (problem !== null) throw inputError('password', `Input "password" ${problem}`)
    return passwords.hash(password)
  }
  /** Makes a hash of other parameters one of today's, once its password is known to be right. Sessions stay; so does the hash when there is no time for it. */
  const rehash = async (id: number, password: string, old: string): Promise<void> => {
    if (!passwords.needsRehash(old)) return
    const hash = await passwords.hash(password).catch(() => null)
    if (hash !== null) await db.query('update stackhold.admin_account set password_hash = $3 where id = $1 and password_hash = $2', [id, old, hash])
  }
  /** Throws when an owner was taken away and nobody is left who could make another one. */
  const assertOwnerLeft = async (transaction: Pick<Database, 'query'>, before: AdminAccount): Promise<void> => {
    if (before.role !== 'owner' || !before.active) return
    const [left] = await transaction.query(
      `select from stackhold.admin_account where role = 'owner' and active
       union all select from stackhold.admin_token where account_id is null and revoked_at is null limit 1`,
    )
    if (left === undefined) throw new AppError('badRequest', 'One owner must be left.', { hint: 'Make another account an owner first.' })
  }

  return {
    get,
    async list() {
      return (await db.query<AccountRow>(`select ${columns} from stackhold.admin_account order by id`)).map(toAccount)
    },
    async create({ email, name, role, password }) {
      const address = normalizeEmail(email)
      const hash = await hashOf(password, { email: address, name })
      const [row] = await db.query<AccountRow>(
        `insert into stackhold.admin_account (email, name, role, password_hash) values ($1, $2, $3, $4) on conflict (email) do nothing returning ${columns}`,
        [address, name, role, hash],
      )
      if (row === undefined) throw new AppError('conflict', 'There is an account with this e-mail address already.')
      return toAccount(row)
    },
    async update(id, values) {
      const known = await get(id)
      const email = values.email === undefined ? known.email : normalizeEmail(values.email)
      const name = values.name ?? known.name
      const hash = values.password === undefined ? null : await hashOf(values.password, { email, name })
      return db.withTransaction(async (transaction) => {
        await transaction.query(`lock table stackhold.admin_account in share row exclusive mode`)
        const [taken] = await transaction.query('select from stackhold.admin_account where email = $1 and id <> $2', [email, id])
        if (taken !== undefined) throw new AppError('conflict', 'There is an account with this e-mail address already.')
        const [row] = await transaction.query<AccountRow>(
          `update stackhold.admin_account set email = $2, name = $3, role = $4, active = $5, password_hash = coalesce($6, password_hash), updated_at = now()
           where id = $1 returning ${columns}`,
          [id, email, name, values.role ?? known.role, values.active ?? known.active, hash],
        )
        if (row === undefined) throw notFound(id)
        await assertOwnerLeft(transaction, known)
        return toAccount(row)
      })
    },
    async remove(id) {
      const known = await get(id)
      await db.withTransaction(async (transaction) => {
        await transaction.query(`lock table stackhold.admin_account in share row exclusive mode`)
        const rows = await transaction.query('delete from stackhold.admin_account where id = $1 returning id', [id])
        if (rows.length === 0) throw notFound(id)
        await assertOwnerLeft(transaction, known)
      })
    },
    async login(email, password) {
      const [row] = await db.query<AccountRow>(`select ${columns}, password_hash from stackhold.admin_account where email = $1`, [normalizeEmail(email)])
      const matches = await passwords.verify(password, row?.password_hash ?? '')
      if (row === undefined || !matches || !row.active) return null
      await db.query('update stackhold.admin_account set last_login_at = now() where id = $1', [row.id])
      await rehash(row.id, password, row.password_hash ?? '')
      return toAccount(row)
    },
    async changePassword(id, current, next) {
      const [row] = await db.query<AccountRow>(`select ${columns}, password_hash from stackhold.admin_account where id = $1`, [id])
      if (!(await passwords.verify(current, row?.password_hash ?? '')) || row === undefined) return false
      const hash = await hashOf(next, row)
      const changed = await db.query(
        'update stackhold.admin_account set password_hash = $3, updated_at = now() where id = $1 and password_hash = $2 returning id',
        [id, row.password_hash, hash],
      )
      return changed.length > 0
    },
  }
}
