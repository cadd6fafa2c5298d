/** What the templates about accounts share: the columns of the table, and the statements with which every login ends. */
import type { ColumnModel, TableModel } from '../../definitions/table.js'
import { AppError } from '../../errors.js'
import type { Definition, Field } from '../../lang/tree.js'
import { inputOf, quote } from './template.js'

export interface AccountParts {
  /** As literals of XanoScript. */
  readonly table: string
  readonly group: string
  readonly model: TableModel
  readonly identifier: ColumnModel
  readonly password: ColumnModel
  /** Name of the column that says since when the address is confirmed; null when addresses are not confirmed. */
  readonly verified: string | null
}

/** Throws `badRequest` for a table without auth, e-mail or password. */
export function accountParts(table: TableModel, group: string): AccountParts {
  if (!table.auth) throw new AppError('badRequest', `The table "${table.name}" has no auth enabled.`, { hint: 'Add auth = true to the table.' })
  const identifier = table.columns.find((column) => column.type === 'email') ?? table.columns.find((column) => column.name === 'email')
  const password = table.columns.find((column) => column.type === 'password')
  if (identifier === undefined || password === undefined)
    throw new AppError('badRequest', `The table "${table.name}" needs an email column and a password column.`, {
      hint: 'Add "email email filters=trim|lower" and "password password" to its schema.',
    })
  const verified = table.columns.find((column) => column.type === 'timestamp' && /^(email_)?verified_at$/.test(column.name))
  if (verified !== undefined && !verified.nullable)
    throw new AppError('badRequest', `The column "${verified.name}" must be nullable.`, { hint: `Write it as "timestamp? ${verified.name}?".` })
  return { table: quote(table.name), group: quote(group), model: table, identifier, password, verified: verified?.name ?? null }
}

/** The definition with inputs of columns before those it has. */
export const withInputs = (definition: Definition, ...inputs: Field[]): Definition => ({ ...definition, input: [...inputs, ...(definition.input ?? [])] })

/** The e-mail as the column takes it. */
export const identifierInput = ({ identifier }: AccountParts): Field => inputOf(identifier)

/** A new password: the column judges it, the input does not. */
export const passwordInput = ({ password }: AccountParts): Field => ({ ...inputOf(password), filters: [] })

export const secretInput = (name: string): string => `text ${name} {
          sensitive = true
        }`

export const deviceInput = `// Shown in the list of sessions.
        text device?="" filters=trim|max:200`

/** Ends the stack with a challenge when the account has a second factor. */
export const challengeUnlessDone = (parts: AccountParts, id: string): string => `security.create_challenge {
          table = ${parts.table}
          id = ${id}
        } as $challenge

        conditional {
          if ($challenge != null) {
            return {
              value = {mfa_required: true, challenge: $challenge}
            }
          }
        }`

export const openSession = (parts: AccountParts, id: string): string => `security.create_session {
          table = ${parts.table}
          id = ${id}
          label = $input.device
        } as $session`

/** A random password nobody knows: the account keeps its shape, and its owner may ask for a new one by mail. */
export const unknownPassword = `security.create_password {
              character_count = 40
              require_lowercase = true
              require_uppercase = true
              require_digit = true
              require_symbol = true
            } as $unknown_password`

/** Links lead to the front end, whose address is a workspace variable: nothing a caller sends has a say in it. */
export const needsAppUrl = `precondition (($env|get:"app_url":"") != "") {
          error = "Set the workspace variable app_url to the address of your front end."
        }`

export const linkTo = (page: string): string => `$env.app_url ~ ${quote(`/${page}#token=`)} ~ $token`

/** Mails to the address that is stored, never to the one that was typed. */
export const mail = (parts: AccountParts, row: string, subject: string, message: string): string => `util.send_email {
                service_provider = "xano"
                to = $${row}.${parts.identifier.name}
                subject = ${quote(subject)}
                message = ${message}
              } as $sent`

export const oneTimeToken = (parts: AccountParts, row: string, purpose: string): string => `security.create_one_time_token {
                table = ${parts.table}
                id = $${row}.id
                purpose = ${quote(purpose)}
              } as $token`

/** A link is good for once: a used one and an expired one get the same answer. */
export const expiredLink = 'This link has been used or has expired.'

/** Leaves `$used`, the account that the link of a mail stands for. */
export const useOneTimeToken = (parts: AccountParts, purpose: string): string => `security.use_one_time_token {
          table = ${parts.table}
          purpose = ${quote(purpose)}
          token = $input.token
        } as $used

        precondition ($used != null) {
          error_type = "accessdenied"
          error = ${quote(expiredLink)}
        }`

/** Leaves `$matches`: whether what the caller typed is the password of `$account`, which has its id, password and further columns. */
export const checkOwnPassword = (
  parts: AccountParts,
  id: string,
  typed: string,
  { further = [], lock = false }: { further?: readonly string[]; lock?: boolean } = {},
): string => `db.get ${parts.table} {
          field_name = "id"
          field_value = ${id}
          output = [${['id', ...further, parts.password.name].map(quote).join(', ')}]${lock ? '\n          lock = true' : ''}
        } as $account

        security.check_password {
          text_password = $input.${typed}
          hash_password = $account|get:${quote(parts.password.name)}:""
        } as $matches`

/** Ends the stack unless `$matches` and, perhaps, something more. */
export const needsMatch = (more = ''): string => `precondition ($matches${more}) {
          error_type = "accessdenied"
          error = "Invalid Credentials."
        }`

/** All that differs between a known and an unknown address happens when the answer is out. `statements` see the row as `$known`, or null. */
export const afterAnswer = (parts: AccountParts, statements: string): string => `util.post_process {
          stack {
            ${getByIdentifier(parts, 'known')}

            ${statements}
          }
        }`

export const getByIdentifier = (parts: AccountParts, as: string): string => `db.get ${parts.table} {
              field_name = ${quote(parts.identifier.name)}
              field_value = $input.${parts.identifier.name}
            } as $${as}`

/** What was there before the owner of the address showed up is not hers: a stranger may have signed up with it. */
export const forgetStrangers = (parts: AccountParts, id: string): string => `security.unlink_identities {
              table = ${parts.table}
              id = ${id}
            }

            security.remove_second_factor {
              table = ${parts.table}
              id = ${id}
            }`
