/** The ledger, in the order it is replayed. */
import { accountAttacks, limitAttacks } from './accounts.js'
import type { Attack } from './attack.js'
import { bodyAttacks } from './bodies.js'
import { loadAttacks } from './load.js'
import { pathAttacks } from './paths.js'
import { proxyAttacks } from './proxies.js'
import { rowAttacks } from './rows.js'
import { secretAttacks } from './secrets.js'
import { smugglingAttacks } from './smuggling.js'
import { tokenAttacks } from './tokens.js'

export const attacks: readonly Attack[] = [
  ...rowAttacks,
  ...bodyAttacks,
  ...pathAttacks,
  ...proxyAttacks,
  ...accountAttacks,
  ...loadAttacks,
  ...smugglingAttacks,
  ...tokenAttacks,
  ...secretAttacks,
  ...limitAttacks,
]
