/** Every statement this server knows. */
import type { StatementSpec } from '../runtime/define.js'
import { arrayStatements } from './array.js'
import { callStatements } from './call.js'
import { controlStatements } from './control.js'
import { databaseStatements } from './db.js'
import { externalDatabaseStatements } from './db-external.js'
import { debugStatements } from './debug.js'
import { emailStatements } from './email.js'
import { errorStatements } from './errors.js'
import { expectStatements } from './expect.js'
import { lambdaStatements } from './lambda.js'
import { loopStatements } from './loops.js'
import { mathStatements } from './math.js'
import { objectStatements } from './object.js'
import { placeStatements } from './places.js'
import { securityStatements } from './security.js'
import { cipherStatements } from './security-cipher.js'
import { secondFactorStatements } from './security-factors.js'
import { joseStatements } from './security-jose.js'
import { keyStatements } from './security-keys.js'
import { oauthStatements } from './security-oauth.js'
import { oneTimeStatements } from './security-one-time.js'
import { sessionStatements } from './security-sessions.js'
import { templateStatements } from './template.js'
import { testCallStatements } from './test-calls.js'
import { textStatements } from './text.js'
import { utilityStatements } from './utility.js'
import { variableStatements } from './variables.js'

export const allStatements: readonly StatementSpec[] = [
  ...variableStatements,
  ...controlStatements,
  ...loopStatements,
  ...errorStatements,
  ...callStatements,
  ...testCallStatements,
  ...databaseStatements,
  ...externalDatabaseStatements,
  ...arrayStatements,
  ...objectStatements,
  ...mathStatements,
  ...textStatements,
  ...securityStatements,
  ...keyStatements,
  ...cipherStatements,
  ...joseStatements,
  ...sessionStatements,
  ...oneTimeStatements,
  ...secondFactorStatements,
  ...oauthStatements,
  ...utilityStatements,
  ...emailStatements,
  ...templateStatements,
  ...lambdaStatements,
  ...placeStatements,
  ...debugStatements,
  ...expectStatements,
]
