/** The table of accounts that a fresh instance has. */
import type { Definition } from '../../lang/tree.js'
import { parseTemplate } from './template.js'

/** At least 12 characters of four classes; the block list of common passwords applies besides. */
const strictPassword = 'min:12|max:128|minLowerAlpha:1|minUpperAlpha:1|minDigit:1|minSymbol:1'

export const userTable = (): Definition =>
  parseTemplate(`
    // Accounts of the people who use what is built here.
    table user {
      auth = true
      schema {
        int id
        timestamp created_at?=now
        text name filters=trim|max:200
        email email filters=trim|lower|max:254 {
          sensitive = true
        }
        password password filters=${strictPassword} {
          sensitive = true
        }
      }
      index = [
        {type: "primary", field: [{name: "id"}]}
        {type: "btree", field: [{name: "created_at", op: "desc"}]}
        {type: "btree|unique", field: [{name: "email", op: "asc"}]}
      ]
    }
  `)

export const authenticationGroup = (): Definition =>
  parseTemplate(`
    // Sign up, log in, and who am I.
    api_group authentication {
    }
  `)
