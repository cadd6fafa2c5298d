/** The table of accounts that a fresh instance has. */
import type { Definition } from '../../lang/tree.js'
import { parseTemplate } from './template.js'

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
        // Without filters: the policy "strict" of docs/security.md.
        password password {
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
