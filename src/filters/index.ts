/** Every filter, family by family. */
import type { FilterSpec } from '../runtime/define.js'
import { arrayFilters } from './array.js'
import { higherOrderFilters } from './array-higher-order.js'
import { comparisonFilters } from './comparison.js'
import { conversionFilters } from './conversion.js'
import { geoRelations } from './geo.js'
import { lambdaFilters } from './lambda.js'
import { manipulationFilters } from './manipulation.js'
import { mathFilters } from './math.js'
import { regexFilters } from './regex.js'
import { securityFilters } from './security.js'
import { textFilters } from './text.js'
import { textEncodingFilters } from './text-encoding.js'
import { timestampFilters } from './timestamp.js'
import { typeCheckFilters } from './type-check.js'
import { urlFilters } from './url.js'
import { vectorFilters } from './vector.js'

export const allFilters: readonly FilterSpec[] = [
  ...manipulationFilters,
  ...textFilters,
  ...regexFilters,
  ...textEncodingFilters,
  ...arrayFilters,
  ...higherOrderFilters,
  ...lambdaFilters,
  ...comparisonFilters,
  ...typeCheckFilters,
  ...conversionFilters,
  ...mathFilters,
  ...timestampFilters,
  ...securityFilters,
  ...urlFilters,
  ...vectorFilters,
  ...geoRelations,
]
