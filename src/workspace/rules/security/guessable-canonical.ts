/** The public name of a group is a word: whoever guesses it finds the group (C11: at least 128 random bits). */
import { readApiGroup } from '../../../definitions/api-group.js'
import { findAttribute } from '../../../definitions/attributes.js'
import { findingAt, type SecurityRule } from './rule.js'

export const guessableCanonical: SecurityRule = {
  id: 'guessable-canonical',
  title: 'A URL that can be guessed',
  severity: 'warning',
  seed: 'C11',
  kinds: ['api_group'],
  check(definition) {
    const { canonical } = readApiGroup(definition).group
    if (canonical === '' || canonical.length >= 21) return []
    return [
      findingAt(
        findAttribute(definition, 'canonical') ?? definition,
        `The group "${definition.name}" answers at "${canonical}", which can be guessed.`,
        'Leave the canonical out: a random one of 128 bits is made.',
      ),
    ]
  },
}
