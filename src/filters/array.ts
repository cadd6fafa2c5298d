/** The array family. */
import type { FilterSpec } from '../runtime/define.js'
import { arrayBuildFilters } from './array-build.js'
import { arrayElementFilters } from './array-elements.js'
import { arrayFilterEmptyFilters } from './array-filter-empty.js'
import { arrayMatchFilters } from './array-match.js'
import { arrayMergeFilters } from './array-merge.js'
import { arrayObjectFilters } from './array-objects.js'
import { arrayOrderFilters } from './array-order.js'
import { arraySetFilters } from './array-sets.js'

export const arrayFilters: FilterSpec[] = [
  ...arrayElementFilters,
  ...arrayBuildFilters,
  ...arrayOrderFilters,
  ...arraySetFilters,
  ...arrayMergeFilters,
  ...arrayObjectFilters,
  ...arrayMatchFilters,
  ...arrayFilterEmptyFilters,
]
